/** Handshakes: which path, may it connect, and what it is told when not. */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from './clock.js';
import { canonicalName, readHandshake, type EventBuilder, type Handshake } from './event-builder.js';
import { logConnect, logNoSuchPath, logUnaskedConnect } from './gateway-log.js';
import { newConnectionId } from './ids.js';
import type { FunctionResponse, Invocation } from './invoker.js';
import { findRoute, type Operation, type Route } from './routes.js';
import type { Timeline } from './timeline.js';

export interface UpgradeOptions {
  readonly routes: readonly Route[];
  readonly clock: Clock;
  readonly events: EventBuilder;
  readonly timeline: Timeline;
  readonly gatewayId: string;
  call(operation: Operation, event: Record<string, unknown>): Promise<Invocation>;
}

/** A handshake to be answered with 101. `response` is absent when no function was asked. */
export interface AcceptedUpgrade {
  readonly route: Route;
  readonly handshake: Handshake;
  readonly response: FunctionResponse | undefined;
}

/** Asks the function of the path. A handshake that is refused, or nobody waits for any more, is settled here. */
export async function settleUpgrade(
  options: UpgradeOptions,
  request: IncomingMessage,
  socket: Duplex,
): Promise<AcceptedUpgrade | undefined> {
  const { routes, clock, timeline, gatewayId } = options;
  const path = new URL(request.url ?? '/', 'http://gateway').pathname;
  const found = findRoute(routes, path);
  if (found === undefined) {
    const known = routes.map(({ pattern }) => pattern.template).join(', ');
    logNoSuchPath(timeline, path, known);
    refuse(socket, 404, 'text/plain', Buffer.from(`No WebSocket at ${path}. There is: ${known}\n`));
    return undefined;
  }
  const { route, parameters: pathParameters } = found;
  const { template } = route.pattern;
  const facts = { connectionId: newConnectionId(), connectedAt: clock.now(), template, pathParameters };
  const handshake = readHandshake(request, { ...facts, gatewayId });
  const answer = await ask(options, route, handshake);
  if ('refused' in answer) {
    refuse(socket, answer.refused, answer.type, answer.body);
    return undefined;
  }
  if (!socket.writable) {
    await tellOfLoss(options, route, handshake);
    return undefined;
  }
  return { route, handshake, response: answer.response };
}

type ConnectAnswer =
  | { readonly response: FunctionResponse | undefined }
  | { readonly refused: number; readonly type: string | undefined; readonly body: Buffer };

async function ask(
  { events, timeline, call }: UpgradeOptions,
  { operations: { connect } }: Route,
  handshake: Handshake,
): Promise<ConnectAnswer> {
  if (connect === undefined) {
    // Documented: without a connect operation the gateway accepts by itself.
    logUnaskedConnect(timeline, handshake);
    return { response: undefined };
  }
  const invocation = await call(connect, events.connect(handshake, connect));
  const { response, status } = invocation;
  const isAccepted = response !== undefined && response.statusCode >= 200 && response.statusCode < 300;
  logConnect(timeline, handshake, invocation, isAccepted);
  if (isAccepted) return { response };
  return {
    refused: response?.statusCode ?? status,
    type: response?.headers['content-type'],
    body: response?.body ?? Buffer.alloc(0),
  };
}

/** The client went away while the function was still thinking: the function was told yes, so it is told the end. */
async function tellOfLoss(
  { events, timeline, call }: UpgradeOptions,
  { operations: { disconnect } }: Route,
  handshake: Handshake,
): Promise<void> {
  if (disconnect !== undefined) await call(disconnect, events.disconnect(handshake, disconnect, 1006, ''));
  const { connectionId, path } = handshake;
  timeline.add({ type: 'close', connectionId, path, status: 1006, reason: 'by the client' });
}

/** Answers an upgrade with plain HTTP: the function's status and body reach the client as they are. */
function refuse(socket: Duplex, status: number, type = 'application/json', body: Buffer): void {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}`,
    `${canonicalName('content-type')}: ${type}`,
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  socket.end(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]));
}
