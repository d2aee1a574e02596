import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { Calls } from '../calls/calls.js';
import type { Clock } from '../clock.js';
import {
  createConnections,
  type CloseCause,
  type ConnectionLimits,
  type Connections,
  type OpenConnection,
  type ServerSocket,
} from './connections.js';
import { createDisconnects } from './disconnects.js';
import { createEventBuilder, type Handshake } from '../events/event-builder.js';
import type { FaultTable } from '../faults/table.js';
import type { Waiting } from '../faults/waiting.js';
import { createFrameWatch, type FrameLimits } from './frame-limits.js';
import { createAuthorizationNotice, logClose } from '../timeline/gateway-log.js';
import { isTextResponse, type FunctionResponse } from '../calls/invoker.js';
import { createMessages } from './messages.js';
import type { Route } from '../routing/routes.js';
import type { Timeline } from '../timeline/timeline.js';
import { settleUpgrade } from './upgrade.js';

export interface GatewayOptions {
  readonly routes: readonly Route[];
  readonly clock: Clock;
  readonly limits: ConnectionLimits & FrameLimits;
  readonly timeline: Timeline;
  readonly faults: FaultTable;
  readonly waiting: Waiting;
  readonly calls: Calls;
  readonly gatewayId: string;
}

/** The WebSocket side of the gateway: handshakes, messages in, replies and sends out, closing. */
export interface Gateway {
  readonly connections: Connections;
  /** Handles an HTTP upgrade. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Puts a frame on a socket, for the management API. `onWritten` is called when the system has taken its bytes. */
  deliver(connection: OpenConnection, data: Buffer, isBinary: boolean, onWritten?: () => void): void;
  /** Closes a socket; from now on the connection is unknown. */
  close(connection: OpenConnection, cause: CloseCause): void;
  /** Resets the TCP connection, as a network that breaks does: there is no close frame. */
  drop(connection: OpenConnection, cause: CloseCause): void;
  /** Takes a message as if the client had sent it. */
  receive(connection: OpenConnection, data: Buffer, isBinary: boolean): void;
  /** Handshakes and function calls that have not ended. */
  underWay(): number;
  stop(): Promise<void>;
}

/** How long a client gets to answer a close frame, in milliseconds. */
const CLOSE_TIMEOUT_MS = 1000;

export function createGateway(options: GatewayOptions): Gateway {
  const { clock, limits, timeline, calls } = options;
  const events = createEventBuilder(clock.now);
  const parts = { ...options, events };
  const disconnects = createDisconnects(parts);
  const noticeAuthorization = createAuthorizationNotice(timeline);
  const messages = createMessages({
    ...parts,
    reply(connection, data, isBinary) {
      if (connections.get(connection.id) === connection) deliver(connection, data, isBinary);
    },
  });
  const accepted = new WeakMap<
    IncomingMessage,
    { readonly id: string; readonly subprotocol: string | undefined }
  >();
  const sockets = new Set<ServerSocket>();
  /** Sockets whose handshake has not been answered. */
  const upgrading = new Set<Duplex>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Larger than the gateway's own limit, so that the frame watch, which says why, is the one to refuse.
    maxPayload: 4 * limits.maxMessageBytes,
    handleProtocols: (_offered, request) => accepted.get(request)?.subprotocol ?? false,
  });
  server.on('headers', (headers, request) => {
    headers.push(`X-Yc-Apigateway-Websocket-Connection-Id: ${accepted.get(request)?.id ?? ''}`);
  });

  const connections = createConnections(clock, limits, (connection, limit) => {
    const code = limit === 'lifetime' ? LIFETIME_CODE : IDLE_CODE;
    const reason = limit === 'lifetime' ? 'lived for 60 minutes' : 'silent for 10 minutes';
    close(connection, { code, reason, by: 'gateway' });
  });

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const settled = await settleUpgrade({ ...parts, disconnects, noticeAuthorization }, request, socket);
    if (settled === undefined) return;
    const { route, handshake, response } = settled;
    const subprotocol = response?.headers['sec-websocket-protocol'];
    accepted.set(request, { id: handshake.connectionId, subprotocol });
    server.handleUpgrade(request, socket, head, (webSocket) => {
      open(route, handshake, webSocket, socket, response);
    });
  }

  function open(
    route: Route,
    handshake: Handshake,
    socket: WebSocket,
    raw: Duplex,
    response: FunctionResponse | undefined,
  ): void {
    const connection: OpenConnection = {
      id: handshake.connectionId,
      handshake,
      socket,
      raw,
      lastActiveAt: clock.now(),
      received: 0,
      sent: 0,
      closing: undefined,
    };
    connections.add(connection);
    sockets.add(socket);
    watchFrames(connection, raw);
    socket.on('message', (data, isBinary) => {
      accept(route, connection, bytesOf(data), isBinary);
    });
    socket.on('ping', () => (connection.lastActiveAt = clock.now()));
    // What is wrong with a socket shows in its close event, which always follows.
    socket.on('error', () => undefined);
    socket.on('close', (code, reason) => {
      gone(route, connection, { code, reason: reason.toString('utf8'), by: 'client' });
    });
    // Since 2024 the body of the connect response arrives as the first message. Documented.
    if (response !== undefined && response.body.length > 0)
      deliver(connection, response.body, !isTextResponse(response));
  }

  function watchFrames(connection: OpenConnection, raw: Duplex): void {
    const watch = createFrameWatch(limits);
    raw.prependListener('data', (chunk: Buffer) => {
      if (connection.closing !== undefined) return;
      const problem = watch.push(chunk);
      if (problem !== undefined) close(connection, { code: 1009, reason: problem, by: 'gateway' });
    });
  }

  function accept(route: Route, connection: OpenConnection, body: Buffer, isBinary: boolean): void {
    if (connection.closing !== undefined) return;
    connection.received++;
    connection.lastActiveAt = clock.now();
    messages.accept(route.operations.message, connection, body, isBinary);
  }

  function gone(route: Route, connection: OpenConnection, seen: CloseCause): void {
    connections.delete(connection.id);
    sockets.delete(connection.socket);
    const cause = connection.closing ?? seen;
    if (connection.closing === undefined) logClose(timeline, connection, cause);
    messages.release(connection);
    const { disconnect } = route.operations;
    if (disconnect !== undefined) void disconnects.emit(disconnect, connection.handshake, cause);
  }

  function deliver(
    connection: OpenConnection,
    data: Buffer,
    isBinary: boolean,
    onWritten?: () => void,
  ): void {
    connection.sent++;
    connection.socket.send(data, { binary: isBinary }, (error) => {
      if (!error) onWritten?.();
    });
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
    upgrade(request, socket, head) {
      socket.on('error', () => undefined);
      upgrading.add(socket);
      calls
        .track(upgrade(request, socket, head))
        .catch(() => socket.destroy())
        .finally(() => upgrading.delete(socket));
    },
    deliver,
    close,
    drop(connection, cause) {
      if (!forget(connection, cause)) return;
      const { raw } = connection;
      // Only a plain TCP socket can be reset; over TLS its end has to do.
      if (raw instanceof Socket && !('encrypted' in raw)) raw.resetAndDestroy();
      else raw.destroy();
    },
    receive({ socket }, data, isBinary) {
      socket.emit('message', data, isBinary);
    },
    underWay: calls.underWay,
    async stop() {
      connections.stop();
      const closed = [...sockets].map(
        (socket) => new Promise<void>((resolve) => socket.once('close', resolve)),
      );
      for (const socket of sockets) socket.terminate();
      for (const socket of upgrading) socket.destroy();
      await Promise.all(closed);
    },
  };
}

/** What clients see at these two limits is not documented; 1001, "going away", is an assumption. */
const LIFETIME_CODE = 1001;
const IDLE_CODE = 1001;

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
