/** Asks the function of a path whether a client may connect, unless a fault answers before it. */
import { factsOf, type Calls } from '../calls/calls.js';
import type { CloseCause } from './connections.js';
import type { Disconnects } from './disconnects.js';
import type { FrameLimits } from './frame-limits.js';
import { replyOf } from './reply.js';
import type { EventBuilder, Handshake } from '../events/event-builder.js';
import type { FaultTable } from '../faults/table.js';
import type { Guesses } from '../profile/guesses.js';
import type { Waiting } from '../faults/waiting.js';
import {
  logConnect,
  logLostHandshake,
  logStruckConnect,
  logUnaskedConnect,
} from '../timeline/gateway-log.js';
import type { FunctionResponse } from '../calls/invoker.js';
import type { Operation, Route } from '../routing/routes.js';
import type { Timeline } from '../timeline/timeline.js';

export interface ConnectCallOptions {
  readonly events: EventBuilder;
  readonly timeline: Timeline;
  readonly faults: FaultTable;
  readonly waiting: Waiting;
  readonly calls: Calls;
  readonly disconnects: Disconnects;
  readonly guess: Guesses;
  readonly limits: FrameLimits;
}

/** `response` is absent when no function was asked; `cut` stands for no answer at all. */
export type ConnectAnswer =
  | { readonly response: FunctionResponse | undefined }
  | { readonly refused: number; readonly type: string | undefined; readonly body: Buffer }
  | 'cut';

/** How a connection ends whose client has gone away without a word. */
export const LOST_CLIENT: CloseCause = { code: 1006, reason: '', by: 'client' };

export async function askToConnect(
  options: ConnectCallOptions,
  { operations: { connect, disconnect } }: Route,
  handshake: Handshake,
): Promise<ConnectAnswer> {
  const { faults, timeline } = options;
  const struck = await strike(options, handshake);
  if (typeof struck === 'object') return struck.answer;
  if (connect === undefined) {
    // Documented: without a connect operation the gateway accepts by itself.
    logUnaskedConnect(timeline, handshake, struck);
    return { response: undefined };
  }
  const early =
    disconnect === undefined
      ? undefined
      : faults.decide('disconnect', factsOf(handshake), ({ effect }) => effect === 'early');
  const asking = ask(options, connect, handshake, struck);
  if (disconnect === undefined || early === undefined) return asking;
  logLostHandshake(timeline, handshake, early.text);
  await Promise.all([asking, options.disconnects.emit(disconnect, handshake, LOST_CLIENT, early.text)]);
  return 'cut';
}

/** The answer of a fault; or its text when it only took its time; or `undefined` when there is none. */
async function strike(
  { faults, waiting, timeline }: ConnectCallOptions,
  handshake: Handshake,
): Promise<{ readonly answer: ConnectAnswer } | string | undefined> {
  const struck = faults.decide('connect', factsOf(handshake));
  if (struck === undefined) return undefined;
  const { status, delayMs } = struck.fault;
  if (delayMs !== undefined) await waiting.wait(delayMs);
  if (status === undefined) return struck.text;
  logStruckConnect(timeline, handshake, status === 'reset' ? undefined : status, struck.text);
  if (status === 'reset') return { answer: 'cut' };
  return {
    answer: {
      refused: status,
      type: undefined,
      body: Buffer.from('{"message":"an injected fault"}'),
    },
  };
}

async function ask(
  { events, timeline, calls, limits, guess }: ConnectCallOptions,
  connect: Operation,
  handshake: Handshake,
  fault: string | undefined,
): Promise<ConnectAnswer> {
  const event = events.connect(handshake, connect);
  const invocation = await calls.call(connect, event, factsOf(handshake));
  const { response, status } = invocation;
  const isAccepted = response !== undefined && response.statusCode >= 200 && response.statusCode < 300;
  const first = isAccepted ? replyOf(response, limits.maxMessageBytes) : undefined;
  logConnect(timeline, handshake, invocation, first, fault);
  if (isAccepted) return { response };
  return {
    refused: response?.statusCode ?? statusSeen(status, guess),
    type: response?.headers['content-type'],
    body: response?.body ?? Buffer.alloc(0),
  };
}

/** Of a connect call that has failed. */
function statusSeen(status: number, guess: Guesses): number {
  return status === 502 ? Number(/\d+/.exec(guess('handshake.exception'))?.[0]) : status;
}
