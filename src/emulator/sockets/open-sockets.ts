import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FunctionResponse } from '../calls/invoker.js';
import type { Clock } from '../clock.js';
import type { Handshake } from '../events/event-builder.js';
import { codeIn, type Guesses } from '../profile/guesses.js';
import { raisedLimits } from '../profile/raised-limits.js';
import type { Route } from '../routing/routes.js';
import { logClose } from '../timeline/gateway-log.js';
import type { Timeline } from '../timeline/timeline.js';
import {
  createConnections,
  type CloseCause,
  type ConnectionLimits,
  type SocketConnections,
  type OpenConnection,
  type RawFrame,
  type ServerSocket,
} from './connections.js';
import { createFrameWatch, type FrameLimits } from './frame-limits.js';
import { replyOf } from './reply.js';

export interface OpenSocketsOptions {
  readonly clock: Clock;
  readonly limits: ConnectionLimits & FrameLimits;
  readonly timeline: Timeline;
  readonly guess: Guesses;
  /** A client has sent a message. */
  onMessage(route: Route, connection: OpenConnection, body: Buffer, isBinary: boolean): void;
  /** A socket is no more. */
  onClosed(route: Route, connection: OpenConnection, cause: CloseCause): void;
}

/** The sockets behind the gateway's connections: frames in and out, and every way in which they end. */
export interface OpenSockets {
  readonly connections: SocketConnections;
  /** A handshake was answered with 101. `response` is absent when no function was asked. */
  open(
    route: Route,
    handshake: Handshake,
    socket: ServerSocket,
    raw: Duplex,
    response: FunctionResponse | undefined,
  ): void;
  /**
   * Puts a frame on a socket, for the management API. `onWritten` is called when the system has taken its
   * bytes.
   */
  deliver(connection: OpenConnection, data: Buffer, isBinary: boolean, onWritten?: () => void): void;
  /** Closes a socket; from now on the connection is unknown. */
  close(connection: OpenConnection, cause: CloseCause): void;
  /** Resets the TCP connection, as a network that breaks does: there is no close frame. */
  drop(connection: OpenConnection, cause: CloseCause): void;
  /** Takes a message as if the client had sent it. */
  receive(connection: OpenConnection, data: Buffer, isBinary: boolean): void;
  stop(): Promise<void>;
}

/** How long a client gets to answer a close frame, in milliseconds. */
const CLOSE_TIMEOUT_MS = 1000;

/**
 * What may wait for a client that does not read. What the platform does with such a client is not documented;
 * here it is dropped, since what waits is in the gateway's memory.
 */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024;

export function createOpenSockets(options: OpenSocketsOptions): OpenSockets {
  const { clock, limits, timeline, guess } = options;
  // What clients see at these limits is a guess.
  const codeOf = (id: 'close.lifetime' | 'close.idle' | 'close.oversized'): number =>
    codeIn(guess(id)) ?? 1001;
  const inbound = raisedLimits(limits, guess);
  const sockets = new Set<ServerSocket>();
  const connections = createConnections(clock, limits, (connection, limit) => {
    const code = codeOf(limit === 'lifetime' ? 'close.lifetime' : 'close.idle');
    const reason = limit === 'lifetime' ? 'lived for 60 minutes' : 'silent for 10 minutes';
    close(connection, { code, reason, by: 'gateway' });
  });

  function listen(route: Route, connection: OpenConnection, socket: ServerSocket): void {
    watchFrames(connection);
    socket.on('message', (data, isBinary) => {
      if (connection.closing !== undefined) return;
      connection.received++;
      touch(connection, 'idle.client-message');
      options.onMessage(route, connection, bytesOf(data), isBinary);
    });
    socket.on('ping', () => {
      touch(connection, 'idle.client-ping');
    });
    // What is wrong with a socket shows in its close event, which always follows.
    socket.on('error', () => undefined);
    socket.on('close', (code, reason) => {
      connections.delete(connection.id);
      sockets.delete(connection.socket);
      const seen: CloseCause = { code, reason: reason.toString('utf8'), by: 'client' };
      if (connection.closing === undefined) logClose(timeline, connection, seen);
      options.onClosed(route, connection, connection.closing ?? seen);
    });
  }

  function touch(
    connection: OpenConnection,
    id: 'idle.client-message' | 'idle.client-ping' | 'idle.server-send',
  ): void {
    if (guess(id) === 'resets') connection.lastActiveAt = clock.now();
  }

  function watchFrames(connection: OpenConnection): void {
    const watch = createFrameWatch(inbound);
    connection.raw.prependListener('data', (chunk: Buffer) => {
      if (connection.closing !== undefined) return;
      const problem = watch.push(chunk);
      if (problem !== undefined)
        close(connection, { code: codeOf('close.oversized'), reason: problem, by: 'gateway' });
    });
  }

  function deliver(
    connection: OpenConnection,
    data: Buffer,
    isBinary: boolean,
    onWritten?: () => void,
  ): void {
    connection.sent++;
    touch(connection, 'idle.server-send');
    connection.socket.send(data, { binary: isBinary }, (error) => {
      if (!error) onWritten?.();
    });
    dropUnlessRead(connection);
  }

  function dropUnlessRead(connection: OpenConnection): void {
    if (connection.raw.writableLength <= MAX_UNSENT_BYTES) return;
    const reason = `the client does not read: more than ${MAX_UNSENT_BYTES} bytes wait for it`;
    drop(connection, { code: 1006, reason, by: 'gateway' });
  }

  function drop(connection: OpenConnection, cause: CloseCause): void {
    if (forget(connection, cause)) reset(connection.raw);
  }

  /** Returns whether the connection was still open. */
  function forget(connection: OpenConnection, cause: CloseCause): boolean {
    if (connection.closing !== undefined) return false;
    connection.closing = cause;
    connections.delete(connection.id);
    logClose(timeline, connection, cause);
    return true;
  }

  function close(connection: OpenConnection, cause: CloseCause): void {
    if (!forget(connection, cause)) return;
    // The platform gives clients no reason; what it is stands in the log.
    connection.socket.close(cause.code);
    setTimeout(() => {
      connection.socket.terminate();
    }, CLOSE_TIMEOUT_MS).unref();
  }

  return {
    connections,
    open(route, handshake, socket, raw, response) {
      const connection = newConnection(handshake, socket, raw, clock.now());
      connections.add(connection);
      sockets.add(socket);
      listen(route, connection, socket);
      // Since 2024 the body of the connect response arrives as the first message. Documented.
      const isSent = guess('handshake.first-message') === 'arrives';
      const first = isSent && response ? replyOf(response, limits.maxMessageBytes, guess) : undefined;
      if (first?.data !== undefined) deliver(connection, first.data, first.isBinary);
    },
    deliver,
    close,
    drop,
    receive({ socket }, data, isBinary) {
      socket.emit('message', data, isBinary);
    },
    async stop() {
      connections.stop();
      await terminate(sockets);
    },
  };
}

async function terminate(sockets: ReadonlySet<ServerSocket>): Promise<void> {
  const closed = [...sockets].map((socket) => new Promise<void>((resolve) => socket.once('close', resolve)));
  for (const socket of sockets) socket.terminate();
  await Promise.all(closed);
}

function newConnection(
  handshake: Handshake,
  socket: ServerSocket,
  raw: Duplex,
  lastActiveAt: number,
): OpenConnection {
  const id = handshake.connectionId;
  return { id, handshake, socket, raw, lastActiveAt, received: 0, sent: 0, closing: undefined };
}

/** Only a plain TCP socket can be reset; over TLS its end has to do. */
function reset(raw: Duplex): void {
  if (raw instanceof Socket && !('encrypted' in raw)) raw.resetAndDestroy();
  else raw.destroy();
}

function bytesOf(data: RawFrame): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return data instanceof ArrayBuffer ? Buffer.from(data) : Buffer.concat(data);
}
