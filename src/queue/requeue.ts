import { backoffBoundMs } from '../base/backoff.js';
import { BroadcastError } from '../base/errors.js';
import { MAX_QUEUE_DELAY_SECONDS } from './message-queue.js';
import { encodeJob, type Job } from './job.js';
import type { FanoutSettings } from './options.js';

export interface PassOnDeps {
  readonly fanout: Pick<FanoutSettings, 'queue'>;
  /**
   * When the queue must have taken a job, in Unix milliseconds; `undefined`: as long as the queue's own time
   * limit.
   */
  readonly passBy: number | undefined;
}

/** Puts a job into the queue for whoever goes on with the shard, not before a time, in milliseconds. */
export async function putJob({ fanout, passBy }: PassOnDeps, job: Job, afterMs: number): Promise<void> {
  const body = encodeJob(job);
  const delaySeconds = Math.min(MAX_QUEUE_DELAY_SECONDS, Math.ceil(afterMs / 1000));
  try {
    // Without a delay of its own a message has that of the queue, which the user may have chosen.
    await fanout.queue.send([afterMs <= 0 ? { body } : { body, delaySeconds }], { deadline: passBy });
  } catch (cause) {
    throw queueTrouble(cause);
  }
}

/**
 * A queue that is not there, or set up wrongly, is no fault of the job's: it comes again until somebody has
 * repaired that.
 */
function queueTrouble(cause: unknown): BroadcastError {
  const error = BroadcastError.from(cause);
  if (error.code !== 'INVALID_OPTIONS') return error;
  const reason = error.message.slice(`${error.code}: `.length);
  return new BroadcastError('QUEUE_UNAVAILABLE', `a job cannot be requeued: ${reason}`, { cause });
}

const FIRST_WAIT_MS = 2000;
const MAX_WAIT_MS = 120_000;

/**
 * How long a shard waits that the gateway has refused: twice as long each time, spread by half, not less than
 * it asked for.
 */
export function waitMs(waits: number, retryAfterMs: number): number {
  const half = backoffBoundMs(waits, FIRST_WAIT_MS, MAX_WAIT_MS) / 2;
  return retryAfterMs + half + Math.random() * half;
}

/** Spreads those who find a shard taken: they come when its lease is over, not all at once. */
export function busyMs(remainingMs: number): number {
  return remainingMs + 1000 + Math.random() * 2000;
}
