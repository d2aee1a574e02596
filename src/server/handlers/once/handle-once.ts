import { BroadcastError } from '../../../base/errors.js';
import { historyStoreOf } from '../../history/histories.js';
import { privateName } from '../../history/hashed-key.js';
import type { FunctionContext } from '../../../base/invocation.js';
import { MIN_ONCE_ID_LENGTH } from '../../../base/protocol.js';
import type { ConnectionStore } from '../../../model/store.js';
import { empty, errorReply, jsonText, toClientError, type GatewayResponse } from '../responses.js';
import { claimTurn, type Turn } from './claim.js';

export interface OnceDeps {
  readonly store: ConnectionStore;
  readonly onceMs: number;
  readonly now: () => number;
  readonly report: (reason: unknown, what: string) => void;
}

export interface OnceMessage {
  readonly type: string;
  readonly id: string;
  readonly user: string | undefined;
}

/**
 * Whoever sends a message of this type again has to give it the id that it had, and others must not guess it.
 */
export function requireOnceId(type: string, id: string | undefined): string {
  if (id !== undefined && id.length >= MIN_ONCE_ID_LENGTH) return id;
  const problem = `'${type}' is handled once, so it needs an id of ${MIN_ONCE_ID_LENGTH} characters or more`;
  throw new BroadcastError('INVALID_MESSAGE', problem, { path: ['id'] });
}

/**
 * Handles a message unless that was done before; then the first answer is given again.
 *
 * What the handler throws goes to the client, and sending again handles again: nothing tells whether anything
 * was done. The same holds when the function died while it handled. A reply that breaks the contract counts
 * as handled.
 */
export async function handleOnce(
  parts: OnceDeps,
  message: OnceMessage,
  context: FunctionContext,
  handle: () => Promise<unknown>,
  replyWith: (result: unknown) => GatewayResponse,
): Promise<GatewayResponse> {
  const { user, type, id } = message;
  const history = historyStoreOf(parts.store, 'once');
  const leftMs = context.getRemainingTimeInMillis?.() ?? LONGEST_CALL_MS;
  const until = parts.now() + leftMs + CLOCKS_DIFFER_MS;
  const waitMs = Math.min(LONGEST_WAIT_MS, leftMs / 2);
  const name = await privateName('once', user ?? null, type, id);
  const claim = await claimTurn({ ...parts, history }, name, until, waitMs);
  if ('answer' in claim) return claim.answer === null ? empty() : jsonText(claim.answer);
  const result = await handleOrGiveBack(parts, claim, handle);
  const response = answerOrError(parts, message, () => replyWith(result));
  await unlessStoreFails(parts, claim.done(response.body ?? null));
  return response;
}

/** A call lasts as long as its context says, at most this. Documented. */
const LONGEST_CALL_MS = 10 * 60_000;
const LONGEST_WAIT_MS = 3000;
/** The clocks of instances differ by less. */
const CLOCKS_DIFFER_MS = 5000;

async function handleOrGiveBack(
  parts: OnceDeps,
  turn: Turn,
  handle: () => Promise<unknown>,
): Promise<unknown> {
  try {
    return await handle();
  } catch (reason) {
    await unlessStoreFails(parts, turn.giveBack());
    throw reason;
  }
}

function answerOrError(
  { report }: OnceDeps,
  { type, id }: OnceMessage,
  answer: () => GatewayResponse,
): GatewayResponse {
  try {
    return answer();
  } catch (reason) {
    report(reason, `message '${type}'`);
    return errorReply(id, toClientError(reason));
  }
}

/** The message was handled either way; without the entry, its turn ends with its time. */
async function unlessStoreFails({ report }: OnceDeps, entry: Promise<unknown>): Promise<void> {
  try {
    await entry;
  } catch (reason) {
    report(reason, 'once');
  }
}
