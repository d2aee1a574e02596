import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { Clock } from './clock.js';
import {
  createConnections,
  type CloseCause,
  type ConnectionLimits,
  type Connections,
  type OpenConnection,
} from './connections.js';
import { canonicalName, createEventBuilder, readHandshake, type Handshake } from './event-builder.js';
import { createFrameWatch, type FrameLimits } from './frame-limits.js';
import { newConnectionId } from './ids.js';
import { isTextResponse, type FunctionResponse, type Invocation, type Invoker } from './invoker.js';
import type { PathPattern } from './routes.js';
import type { Timeline } from './timeline.js';

export interface Route {
  readonly pattern: PathPattern;
  readonly invoker: Invoker;
}

export interface GatewayOptions {
  readonly routes: readonly Route[];
  readonly clock: Clock;
  readonly limits: ConnectionLimits & FrameLimits;
  readonly timeline: Timeline;
  readonly gatewayId: string;
}

/** The WebSocket side of the gateway: handshakes, messages in, replies and sends out, closing. */
export interface Gateway {
  readonly connections: Connections;
  /** Handles an HTTP upgrade. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Puts a frame on a socket, for the management API. */
  deliver(connection: OpenConnection, data: Buffer, isBinary: boolean): void;
  /** Closes a socket; from now on the connection is unknown. */
  close(connection: OpenConnection, cause: CloseCause): void;
  /** Handshakes and function calls that have not ended. */
  underWay(): number;
  stop(): Promise<void>;
}

/** How long a client gets to answer a close frame, in milliseconds. */
const CLOSE_TIMEOUT_MS = 1000;

export function createGateway({ routes, clock, limits, timeline, gatewayId }: GatewayOptions): Gateway {
  const events = createEventBuilder(clock.now);
  const accepted = new WeakMap<
    IncomingMessage,
    { readonly id: string; readonly subprotocol: string | undefined }
  >();
  const sockets = new Set<WebSocket>();
  let calls = 0;
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
    const reason = limit === 'lifetime' ? 'lived for its 60 minutes' : 'silent for 10 minutes';
    close(connection, { code, reason, by: 'gateway' });
  });

  async function call(route: Route, event: Record<string, unknown>): Promise<Invocation> {
    calls++;
    try {
      return await route.invoker.invoke(event);
    } finally {
      calls--;
    }
  }

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://gateway').pathname;
    const found = findRoute(routes, path);
    if (found === undefined) {
      const known = routes.map(({ pattern }) => pattern.template).join(', ');
      timeline.add({
        type: 'connect',
        path,
        status: 404,
        reason: `no such path; there is ${known}`,
        level: 'warning',
      });
      refuse(
        socket,
        404,
        { 'content-type': 'text/plain' },
        Buffer.from(`No WebSocket at ${path}. There is: ${known}\n`),
      );
      return;
    }
    const facts = {
      connectionId: newConnectionId(),
      connectedAt: clock.now(),
      template: found.route.pattern.template,
    };
    const handshake = readHandshake(request, { ...facts, pathParameters: found.parameters, gatewayId });
    const invocation = await call(found.route, events.connect(handshake));
    const { response } = invocation;
    const isAccepted = response !== undefined && response.statusCode >= 200 && response.statusCode < 300;
    logConnect(timeline, handshake, invocation, isAccepted);
    if (!isAccepted) {
      refuse(
        socket,
        response?.statusCode ?? invocation.status,
        response?.headers ?? {},
        response?.body ?? Buffer.alloc(0),
      );
      return;
    }
    if (!socket.writable) {
      // The client went away while the function was still thinking: the function was told yes, so it is told the end.
      await call(found.route, events.disconnect(handshake, 1006, ''));
      timeline.add({
        type: 'close',
        connectionId: handshake.connectionId,
        path,
        status: 1006,
        reason: 'by the client',
      });
      return;
    }
    accepted.set(request, {
      id: handshake.connectionId,
      subprotocol: response.headers['sec-websocket-protocol'],
    });
    server.handleUpgrade(request, socket, head, (webSocket) => {
      open(found.route, handshake, webSocket, socket, response);
    });
  }

  function open(
    route: Route,
    handshake: Handshake,
    socket: WebSocket,
    raw: Duplex,
    response: FunctionResponse,
  ): void {
    const connection: OpenConnection = {
      id: handshake.connectionId,
      handshake,
      socket,
      lastActiveAt: clock.now(),
      received: 0,
      sent: 0,
      closing: undefined,
    };
    connections.add(connection);
    sockets.add(socket);
    watchFrames(connection, raw);
    socket.on('message', (data, isBinary) => void take(route, connection, bytesOf(data), isBinary));
    socket.on('ping', () => (connection.lastActiveAt = clock.now()));
    // What is wrong with a socket shows in its close event, which always follows.
    socket.on('error', () => undefined);
    socket.on(
      'close',
      (code, reason) => void gone(route, connection, { code, reason: reason.toString('utf8'), by: 'client' }),
    );
    // Since 2024 the body of the connect response arrives as the first message. Documented.
    if (response.body.length > 0) deliver(connection, response.body, !isTextResponse(response));
  }

  function watchFrames(connection: OpenConnection, raw: Duplex): void {
    const watch = createFrameWatch(limits);
    raw.prependListener('data', (chunk: Buffer) => {
      if (connection.closing !== undefined) return;
      const problem = watch.push(chunk);
      if (problem !== undefined) close(connection, { code: 1009, reason: problem, by: 'gateway' });
    });
  }

  async function take(
    route: Route,
    connection: OpenConnection,
    body: Buffer,
    isBinary: boolean,
  ): Promise<void> {
    if (connection.closing !== undefined) return;
    connection.received++;
    connection.lastActiveAt = clock.now();
    const invocation = await call(route, events.message(connection.handshake, body, isBinary));
    const { response } = invocation;
    const isReply = response?.statusCode === 200 && response.body.length > 0;
    logMessage(timeline, connection, body, isBinary, invocation);
    if (isReply && connections.get(connection.id) === connection)
      deliver(connection, response.body, !isTextResponse(response));
  }

  async function gone(route: Route, connection: OpenConnection, seen: CloseCause): Promise<void> {
    connections.delete(connection.id);
    sockets.delete(connection.socket);
    const cause = connection.closing ?? seen;
    if (connection.closing === undefined) logClose(timeline, connection, cause);
    const invocation = await call(
      route,
      events.disconnect(connection.handshake, cause.code, cause.by === 'client' ? cause.reason : ''),
    );
    const { id, handshake } = connection;
    timeline.add({ type: 'disconnect', connectionId: id, path: handshake.path, ...resultOf(invocation) });
  }

  function deliver(connection: OpenConnection, data: Buffer, isBinary: boolean): void {
    connection.sent++;
    connection.socket.send(data, { binary: isBinary });
  }

  function close(connection: OpenConnection, cause: CloseCause): void {
    if (connection.closing !== undefined) return;
    connection.closing = cause;
    connections.delete(connection.id);
    logClose(timeline, connection, cause);
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
      calls++;
      upgrade(request, socket, head)
        .catch(() => socket.destroy())
        .finally(() => calls--);
    },
    deliver,
    close,
    underWay: () => calls,
    async stop() {
      connections.stop();
      const closed = [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      for (const socket of sockets) socket.terminate();
      await Promise.all(closed);
    },
  };
}

/** What clients see at these two limits is not documented; 1001, "going away", is an assumption. */
const LIFETIME_CODE = 1001;
const IDLE_CODE = 1001;

function findRoute(routes: readonly Route[], path: string) {
  for (const route of routes) {
    const parameters = route.pattern.match(path);
    if (parameters !== undefined) return { route, parameters };
  }
  return undefined;
}

/** Answers an upgrade with plain HTTP: the function's status and body reach the client as they are. */
function refuse(
  socket: Duplex,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): void {
  const type = headers['content-type'] ?? 'application/json';
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}`,
    `${canonicalName('content-type')}: ${type}`,
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  socket.end(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]));
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

function resultOf({ status, response, problem, durationMs }: Invocation) {
  return {
    status: response?.statusCode ?? status,
    durationMs,
    reason: problem,
    level: problem === undefined ? ('info' as const) : ('error' as const),
  };
}

function logConnect(
  timeline: Timeline,
  handshake: Handshake,
  invocation: Invocation,
  isAccepted: boolean,
): void {
  const { connectionId, path } = handshake;
  const result = resultOf(invocation);
  const body = invocation.response?.body ?? Buffer.alloc(0);
  timeline.add({
    type: 'connect',
    connectionId,
    path,
    ...result,
    ...(isAccepted
      ? { replyBytes: body.length }
      : { reason: result.reason ?? body.toString('utf8').slice(0, 200) }),
    level: isAccepted ? 'info' : result.level === 'error' ? 'error' : 'warning',
  });
}

function logMessage(
  timeline: Timeline,
  connection: OpenConnection,
  body: Buffer,
  isBinary: boolean,
  invocation: Invocation,
): void {
  const { response } = invocation;
  const result = resultOf(invocation);
  const warning = response === undefined ? undefined : warningOf(response);
  timeline.add({
    type: 'message',
    connectionId: connection.id,
    path: connection.handshake.path,
    ...result,
    bytes: body.length,
    frame: isBinary ? 'binary' : 'text',
    replyBytes: response?.statusCode === 200 ? response.body.length : undefined,
    reason: result.reason ?? warning,
    level: warning === undefined ? result.level : 'warning',
  });
}

/** What works here and may not be what was meant. */
function warningOf(response: FunctionResponse): string | undefined {
  if (response.statusCode !== 200)
    return 'what a client sees of a status other than 200 is not documented; nothing was sent';
  if (response.body.length > 0 && response.headers['content-type'] === undefined) {
    return 'no Content-Type: the reply is a binary frame, a Blob in a browser';
  }
  return undefined;
}

function logClose(timeline: Timeline, connection: OpenConnection, { code, reason, by }: CloseCause): void {
  timeline.add({
    type: 'close',
    connectionId: connection.id,
    path: connection.handshake.path,
    status: code,
    reason: `${by === 'client' ? 'by the client' : by === 'api' ? 'by Disconnect' : 'by the gateway'}${reason === '' ? '' : `: ${reason}`}`,
    level: by === 'gateway' ? 'warning' : 'info',
  });
}
