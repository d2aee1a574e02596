import pRetry, { AbortError } from 'p-retry';
import { backoffMs } from '../../base/backoff.js';
import { BroadcastError } from '../../base/errors.js';
import type { AttemptOptions, EncodedPayload, Transport } from '../../model/transport.js';
import type { Pacer } from './pacer.js';

export interface RetryOptions {
  /** Attempts after the first. */
  readonly retries: number;
  /**
   * Longest pause before the first retry, in milliseconds; doubles with each. The pause is a random part of
   * it.
   */
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  /** Longest time of one attempt, in milliseconds. */
  readonly timeoutMs: number;
}

export interface DeliveryContext {
  readonly transport: Pick<Transport, 'send'>;
  readonly pacer: Pacer;
  readonly retry: RetryOptions;
  /** Attempts must have ended by then, in Unix milliseconds; `Infinity` without a deadline. */
  readonly endsAt: number;
  /** Whether the caller wants no further attempts. Those under way end by themselves. */
  isStopped(): boolean;
  /** The id that sends carry; `undefined` when no local gateway watches. */
  readonly watchedAs: string | undefined;
}

/** What became of one recipient. */
export type Outcome =
  | {
      readonly kind: 'delivered';
      readonly attempts: number;
      /** Of the payload. */
      readonly bytes: number;
      /** From the first attempt to the gateway's acceptance. */
      readonly latencyMs: number;
    }
  /** The gateway does not know the connection any more. */
  | { readonly kind: 'stale'; readonly attempts: number }
  | { readonly kind: 'failed'; readonly attempts: number; readonly error: BroadcastError };

/**
 * Brings one payload to one recipient: attempts, pauses, outcome. Never rejects, since nobody awaits it yet.
 */
export async function deliver(
  context: DeliveryContext,
  connectionId: string,
  payload: EncodedPayload,
): Promise<Outcome> {
  const startedAt = performance.now();
  const state = { attempts: 0 };
  let error: BroadcastError | undefined;
  try {
    await attempt(context, connectionId, payload, state);
  } catch (reason) {
    error = BroadcastError.from(reason);
    // p-retry costs several times what a plain call does, so only those who need it pay for it.
    if (error.retryable && context.retry.retries > 0)
      error = await retryUntilOver(context, connectionId, payload, state, error);
  }
  const { attempts } = state;
  if (error === undefined)
    return { kind: 'delivered', attempts, bytes: payload.bytes, latencyMs: performance.now() - startedAt };
  return error.code === 'CONNECTION_STALE'
    ? { kind: 'stale', attempts }
    : { kind: 'failed', attempts, error };
}

async function attempt(
  { transport, pacer, retry, endsAt, watchedAs }: DeliveryContext,
  connectionId: string,
  payload: EncodedPayload,
  state: { attempts: number },
): Promise<void> {
  const timeoutMs = Math.min(retry.timeoutMs, endsAt - Date.now());
  if (timeoutMs <= 0) throw new BroadcastError('NO_ANSWER', 'no time was left for an attempt');
  state.attempts++;
  const startedAt = performance.now();
  try {
    await transport.send(connectionId, payload, optionsOf(timeoutMs, watchedAs));
  } catch (reason) {
    noteTrouble(pacer, BroadcastError.from(reason));
    throw reason;
  }
  pacer.accepted(performance.now() - startedAt);
}

function optionsOf(timeoutMs: number, broadcastId: string | undefined): AttemptOptions {
  return broadcastId === undefined ? { timeoutMs } : { timeoutMs, broadcastId };
}

function noteTrouble(pacer: Pacer, { code, retryAfterMs }: BroadcastError): void {
  if (code === 'RATE_LIMITED' || code === 'GATEWAY_UNAVAILABLE') pacer.troubled(retryAfterMs);
}

/**
 * Retries after the first error. Returns the last error, or `undefined` when an attempt succeeded in the end.
 */
async function retryUntilOver(
  context: DeliveryContext,
  connectionId: string,
  payload: EncodedPayload,
  state: { attempts: number },
  firstError: BroadcastError,
): Promise<BroadcastError | undefined> {
  let lastError = firstError;
  let pauses = 0;
  const again = async (): Promise<void> => {
    const pauseMs = pauseBefore(pauses++, lastError, context.retry);
    if (Date.now() + pauseMs >= context.endsAt || context.isStopped()) throw new AbortError(lastError);
    await sleep(pauseMs);
    if (context.isStopped()) throw new AbortError(lastError);
    await attempt(context, connectionId, payload, state);
  };
  try {
    // The pause is ours, since p-retry's own is never shorter than its minimum, and full jitter is.
    await pRetry(again, {
      retries: context.retry.retries - 1,
      minTimeout: 0,
      onFailedAttempt: ({ error }) => {
        lastError = BroadcastError.from(error);
      },
      shouldRetry: ({ error }) => BroadcastError.from(error).retryable,
    });
    return undefined;
  } catch (reason) {
    return BroadcastError.from(reason);
  }
}

/** Never less than the gateway asked for. */
function pauseBefore(
  pauses: number,
  error: BroadcastError,
  { minDelayMs, maxDelayMs }: RetryOptions,
): number {
  return (error.retryAfterMs ?? 0) + backoffMs(pauses, minDelayMs, maxDelayMs);
}

/** The global timer rather than `node:timers/promises`, which fake clocks do not reach. */
function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
