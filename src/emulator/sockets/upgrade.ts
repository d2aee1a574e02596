/** Handshakes: which path, may it connect, and what it is told when not. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { refusalBody } from '../authorization/authorize.js';
import type { Clock } from '../clock.js';
import { askToConnect, LOST_CLIENT, type ConnectCallOptions } from './connect-call.js';
import { readHandshake, type Handshake } from '../events/event-builder.js';
import { logLostHandshake, logNoSuchPath, logUnauthorized } from '../timeline/gateway-log.js';
import { newConnectionId } from '../ids.js';
import type { FunctionResponse } from '../calls/invoker.js';
import { handshakeProblem } from './handshake-problem.js';
import { refuseUpgrade } from './refuse-upgrade.js';
import { requestUrl } from '../http/request-url.js';
import { findRoute, type Route } from '../routing/routes.js';

export interface UpgradeOptions extends ConnectCallOptions {
  readonly routes: readonly Route[];
  readonly clock: Clock;
  readonly gatewayId: string;
  /** Told of a handshake with an Authorization header. */
  noticeAuthorization(): void;
}

/** A handshake to be answered with 101. `response` is absent when no function was asked. */
export interface AcceptedUpgrade {
  readonly route: Route;
  readonly handshake: Handshake;
  readonly response: FunctionResponse | undefined;
}

/**
 * Asks the function of the path. A handshake that is refused, or nobody waits for any more, is settled here.
 */
export async function settleUpgrade(
  options: UpgradeOptions,
  request: IncomingMessage,
  socket: Duplex,
): Promise<AcceptedUpgrade | undefined> {
  const { routes, clock, timeline, gatewayId } = options;
  const path = requestUrl(request).pathname;
  const found = findRoute(routes, path);
  if (found === undefined) {
    const known = routes.map(({ pattern }) => pattern.template).join(', ');
    logNoSuchPath(timeline, path, known);
    refuseUpgrade(socket, 404, 'text/plain', Buffer.from(`No WebSocket at ${path}. There is: ${known}\n`));
    return undefined;
  }
  const problem = handshakeProblem(request);
  if (problem !== undefined) {
    refuseUpgrade(socket, problem.status, 'text/plain', Buffer.from(`${problem.message}\n`));
    return undefined;
  }
  const { route, parameters: pathParameters } = found;
  const { template } = route.pattern;
  const facts = { connectionId: newConnectionId(), connectedAt: clock.now(), template, pathParameters };
  const handshake = readHandshake(request, { ...facts, gatewayId });
  if ('Authorization' in handshake.headers) options.noticeAuthorization();
  const admitted = await admit(options, route, handshake);
  if ('refused' in admitted) {
    refuseUpgrade(socket, admitted.refused, undefined, refusalBody(admitted.refused));
    return undefined;
  }
  return settle(options, route, admitted, socket);
}

/** Asks the authorizer, if there is one; what it says of the client goes into events. */
async function admit(
  { timeline }: UpgradeOptions,
  { operations: { connect } }: Route,
  handshake: Handshake,
): Promise<Handshake | { readonly refused: 401 | 403 | 500 }> {
  if (connect?.authorize === undefined) return handshake;
  const operation = `CONNECT ${handshake.template}`;
  const verdict = await connect.authorize({ ...handshake, method: 'GET', operation });
  if (verdict.isAuthorized) return { ...handshake, authorizer: verdict.context };
  logUnauthorized(timeline, handshake, verdict);
  return { refused: verdict.status };
}

async function settle(
  options: UpgradeOptions,
  route: Route,
  handshake: Handshake,
  socket: Duplex,
): Promise<AcceptedUpgrade | undefined> {
  const answer = await askToConnect(options, route, handshake);
  if (answer === 'cut') socket.destroy();
  else if ('refused' in answer) refuseUpgrade(socket, answer.refused, answer.type, answer.body);
  // A client that has left with FIN can still be written to.
  else if (socket.readable && socket.writable) return { route, handshake, response: answer.response };
  else await emitLoss(options, route, handshake);
  return undefined;
}

/**
 * The client went away while the function was still thinking: the function has said yes, so it is told the
 * end. That the platform does so is an assumption; without it each such client leaves a row behind.
 */
async function emitLoss(
  { disconnects, timeline }: UpgradeOptions,
  { operations: { disconnect } }: Route,
  handshake: Handshake,
): Promise<void> {
  logLostHandshake(timeline, handshake, undefined);
  if (disconnect !== undefined) await disconnects.emit(disconnect, handshake, LOST_CLIENT);
}
