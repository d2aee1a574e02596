import * as z from 'zod/mini';
import { timingSafeEqual } from 'node:crypto';
import { BroadcastError } from '../base/errors.js';
import { parseJson } from '../base/json.js';
import { check, firstIssue, lazily } from '../base/options.js';
import type { BroadcastRecord } from './broadcast-record.js';

/** The version of the form below. A worker refuses any other: what a newer one means it cannot know. */
const JOB_VERSION = 2;
/** The field by which a job is told from an application's own messages. It holds the version. */
const MARK = 'yc-broadcast-job';

/**
 * What one worker has to do: bring the message of a broadcast to one shard of its audience. Audience, filter
 * and message are in the store; a job only names them, and proves by its key that it comes from the one who
 * wrote them there.
 */
export interface Job {
  /** The id of the broadcast, which every copy of its message carries, so that it is no secret. */
  readonly id: string;
  /** The key in the broadcast's record. */
  readonly key: string;
  /** The number of the shard, from 0. */
  readonly shard: number;
  /**
   * How often the shard was passed on. Of two jobs for a shard, the one with the lower turn has nothing to
   * do.
   */
  readonly turn: number;
}

const count = () => z.int().check(z.minimum(0));

const jobSchema = lazily(() =>
  z.strictObject({
    [MARK]: z.literal(JOB_VERSION),
    id: z.string(),
    key: z.string(),
    shard: count(),
    turn: count(),
  }),
);

/** What a job has in every version: what it takes to prove it. */
const claimSchema = lazily(() =>
  z.object({ id: z.string().check(z.minLength(1), z.maxLength(128), z.refine(isName)), key: z.string() }),
);

/** Anything may be in a forged job, also what no store can look for. */
function isName(id: string): boolean {
  return id.isWellFormed() && !id.includes('\0');
}

export function encodeJob(job: Job): string {
  return JSON.stringify({ [MARK]: JOB_VERSION, ...job });
}

/** Whether a body claims to be a job, of whatever version. */
export function isJob(body: string): boolean {
  return markedValue(body) !== undefined;
}

/**
 * The broadcast that a body claims to be a job of. Throws `INVALID_EVENT` when it does not even claim to be a
 * job.
 */
export function claimOf(body: string): Pick<Job, 'id' | 'key'> | undefined {
  const value = markedValue(body);
  if (value === undefined) {
    throw new BroadcastError(
      'INVALID_EVENT',
      'a message in the queue is not a job; use a separate queue for jobs',
    );
  }
  const result = check(claimSchema(), value);
  return result.success ? result.data : undefined;
}

/** Whether two keys are the same, in a time that does not tell how much of them is. */
export function isSameKey(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * The job of a broadcast that it has proven to belong to. Throws `INVALID_EVENT` that says what is wrong with
 * it.
 */
export function decodeJob(body: string, { shards }: Pick<BroadcastRecord, 'shards'>): Job {
  const value = markedValue(body) ?? {};
  if (value[MARK] !== JOB_VERSION) {
    const version = typeof value[MARK] === 'number' ? value[MARK] : 'unknown';
    throw new BroadcastError(
      'INVALID_EVENT',
      `a job has version ${version}, this worker supports ${JOB_VERSION}; deploy workers before dispatchers`,
    );
  }
  const result = check(jobSchema(), value);
  if (result.success && result.data.shard < shards) {
    const { [MARK]: _version, ...job } = result.data;
    return job;
  }
  const problem = result.success
    ? { path: ['shard'], message: `expected a number below ${shards}` }
    : firstIssue(result.error);
  throw new BroadcastError(
    'INVALID_EVENT',
    `a job is malformed at '${problem.path.join('.')}': ${problem.message}`,
  );
}

function markedValue(body: string): Readonly<Record<string, unknown>> | undefined {
  const value = parseJson(body);
  return typeof value === 'object' && value !== null && Object.hasOwn(value, MARK)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
