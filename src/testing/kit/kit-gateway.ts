/**
 * The gateway of a test kit: connections, events and limits as the local gateway has them, without sockets
 * and ports.
 */
import { createManualClock, type ManualClock } from '../../emulator/clock.js';
import { createEventBuilder, readHandshake, type Handshake } from '../../emulator/events/event-builder.js';
import { CLOUD_FRAME_LIMITS } from '../../emulator/sockets/frame-limits.js';
import { newConnectionId, newResourceId } from '../../emulator/ids.js';
import {
  isTextResponse,
  type FunctionResponse,
  type FunctionInvocation,
  type Invoker,
} from '../../emulator/calls/invoker.js';
import { findRoute, parsePathPattern, byPrecedence, type Route } from '../../emulator/routing/routes.js';
import { CONNECTION_IDLE_MS, CONNECTION_LIFETIME_MS } from '../../base/protocol.js';
import type { ConnectionInfo } from '../../model/transport.js';
import type { KitFrame } from './inbox.js';

/** A client's end of a connection in memory. */
export interface KitSocket {
  readonly handshake: Handshake;
  readonly response: FunctionResponse;
  lastActiveAt: number;
  /** Set when it is closed: for the client at once, whatever the DISCONNECT event does. */
  closed: KitClosure | undefined;
  /** Where its frames go; those that come before somebody listens wait. */
  onFrame(frame: KitFrame): void;
}

/** How a connection came to its end. */
export interface KitClosure {
  readonly code: number;
  readonly by: 'client' | 'api' | 'gateway';
  /** Why, when it was the gateway. */
  readonly reason: string;
}

/** A handshake that was answered with another status than 101. */
export interface KitRefusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Set when the function failed: what went wrong. */
  readonly problem?: string | undefined;
}

export interface KitHandshake {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

export interface KitGateway {
  readonly id: string;
  readonly clock: ManualClock;
  /** Calls the function with an event that is not of a connection. */
  call(event: Record<string, unknown>): Promise<FunctionInvocation>;
  connect(handshake: KitHandshake, onFrame: (frame: KitFrame) => void): Promise<KitSocket | KitRefusal>;
  /** Delivers a message of the client's. Resolves with what is wrong with the function, or `undefined`. */
  message(socket: KitSocket, frame: KitFrame): Promise<string | undefined>;
  ping(socket: KitSocket): void;
  /**
   * Closes a socket and tells the function, except of a `lost` one. Resolves with what is wrong with the
   * function.
   */
  close(socket: KitSocket, closure: KitClosure, tell?: 'tell' | 'lost'): Promise<string | undefined>;
  find(connectionId: string): KitSocket | undefined;
  infoOf(connectionId: string): ConnectionInfo | undefined;
  ids(): readonly string[];
  /** Function calls that have not ended. */
  underWay(): number;
}

/**
 * What clients see at the limits of life and idleness is not documented; 1001 is what the local gateway
 * assumes too.
 */
const GOING_AWAY = 1001;
const TOO_BIG = 1009;

export function createKitGateway(
  paths: readonly string[],
  invokerOf: (clock: ManualClock) => Invoker,
): KitGateway {
  const clock = createManualClock();
  const invoker = invokerOf(clock);
  const operation = { invoker };
  const routes = paths
    .map(parsePathPattern)
    .sort(byPrecedence)
    .map((pattern): Route => ({ pattern, operations: { message: operation } }));
  const events = createEventBuilder(clock.now);
  const gatewayId = newResourceId('d5d');
  const sockets = new Map<string, KitSocket>();

  async function connect(
    { path, query, headers }: KitHandshake,
    onFrame: (frame: KitFrame) => void,
  ): Promise<KitSocket | KitRefusal> {
    const found = findRoute(routes, path);
    if (found === undefined) return noSuchPath(path, paths);
    const search = new URLSearchParams(query).toString();
    const handshake = readHandshake(
      {
        url: search === '' ? path : `${path}?${search}`,
        rawHeaders: Object.entries(headers).flat(),
        socket: { remoteAddress: '127.0.0.1', remotePort: 50_000 },
      },
      {
        connectionId: newConnectionId(),
        connectedAt: clock.now(),
        template: found.route.pattern.template,
        pathParameters: found.parameters,
        gatewayId,
      },
    );
    const { response, status, problem } = await invoker.invoke(events.connect(handshake, operation));
    if (response === undefined) return { status, headers: {}, body: '', problem };
    if (response.statusCode < 200 || response.statusCode >= 300) return refusal(response);
    const socket: KitSocket = { handshake, response, lastActiveAt: clock.now(), closed: undefined, onFrame };
    sockets.set(handshake.connectionId, socket);
    watch(socket);
    // Since 2024 the body of the connect response arrives as the first message. Documented.
    put(socket, response);
    return socket;
  }

  /** Closes the connection when it has lived, or been silent, too long. */
  function watch(socket: KitSocket): void {
    const { connectedAt } = socket.handshake;
    const end = connectedAt + CONNECTION_LIFETIME_MS;
    const due = Math.min(end, socket.lastActiveAt + CONNECTION_IDLE_MS);
    clock.at(due, () => {
      if (socket.closed !== undefined) return;
      if (clock.now() < Math.min(end, socket.lastActiveAt + CONNECTION_IDLE_MS)) watch(socket);
      else {
        const reason = clock.now() >= end ? 'lived for 60 minutes' : 'silent for 10 minutes';
        void close(socket, { code: GOING_AWAY, by: 'gateway', reason });
      }
    });
  }

  function put(socket: KitSocket, response: FunctionResponse): void {
    if (socket.closed !== undefined || response.body.length === 0) return;
    socket.onFrame(isTextResponse(response) ? response.body.toString('utf8') : response.body);
  }

  async function message(socket: KitSocket, frame: KitFrame): Promise<string | undefined> {
    const body = Buffer.from(frame);
    const excess = tooLarge(body.length);
    if (excess !== undefined) return close(socket, { code: TOO_BIG, by: 'gateway', reason: excess });
    socket.lastActiveAt = clock.now();
    const event = events.message(socket.handshake, operation, body, typeof frame !== 'string');
    const { response, problem } = await invoker.invoke(event);
    if (response?.statusCode === 200) put(socket, response);
    return problem;
  }

  async function close(
    socket: KitSocket,
    closure: KitClosure,
    tell: 'tell' | 'lost' = 'tell',
  ): Promise<string | undefined> {
    if (socket.closed !== undefined) return undefined;
    socket.closed = closure;
    const { handshake } = socket;
    sockets.delete(handshake.connectionId);
    if (tell === 'lost') return undefined;
    const reason = closure.by === 'client' ? closure.reason : '';
    const event = events.disconnect(handshake, operation, closure.code, reason);
    return (await invoker.invoke(event)).problem;
  }

  return {
    id: gatewayId,
    clock,
    call: invoker.invoke,
    connect,
    message,
    ping(socket) {
      socket.lastActiveAt = clock.now();
    },
    close,
    find: (connectionId) => sockets.get(connectionId),
    infoOf(connectionId) {
      const socket = sockets.get(connectionId);
      if (socket === undefined) return undefined;
      const { handshake, lastActiveAt } = socket;
      const { sourceIp, connectedAt, headers } = handshake;
      const userAgent = headers['User-Agent'] ?? '';
      return { id: connectionId, gatewayId, sourceIp, userAgent, connectedAt, lastActiveAt };
    },
    ids: () => [...sockets.keys()],
    underWay: invoker.underWay,
  };
}

function noSuchPath(path: string, paths: readonly string[]): KitRefusal {
  return { status: 404, headers: {}, body: `No WebSocket at ${path}. There is: ${paths.join(', ')}` };
}

function refusal({ statusCode, headers, body }: FunctionResponse): KitRefusal {
  return { status: statusCode, headers, body: body.toString('utf8') };
}

/** A client of the kit sends a message in one frame, as browsers do. */
function tooLarge(bytes: number): string | undefined {
  const { maxFrameBytes } = CLOUD_FRAME_LIMITS;
  return bytes > maxFrameBytes ? `frame of ${bytes} bytes, the gateway accepts ${maxFrameBytes}` : undefined;
}
