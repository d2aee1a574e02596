import * as z from 'zod/mini';
import { BroadcastError } from '../base/errors.js';
import { parseJson } from '../base/json.js';
import { check, firstIssue, lazily } from '../base/options.js';
import type { JsonValue } from '../base/protocol.js';
import type { Audience } from '../model/store.js';

/** The version of the form below. A worker refuses any other: what a newer one means it cannot know. */
const JOB_VERSION = 1;
/** The field by which a job is told from an application's own messages. It holds the version. */
const MARK = 'yc-broadcast-job';

/** What one worker has to do: bring the message of a broadcast to one shard of its audience. */
export interface Job {
  /** The id of the broadcast, which every copy of its message carries. */
  readonly id: string;
  readonly audience: Audience;
  /** The number of the shard, from 0 to `of` - 1. */
  readonly shard: number;
  readonly of: number;
  /** How often the shard was passed on. Of two jobs for a shard, the one with the lower turn has nothing to do. */
  readonly turn: number;
  /** The message as it travels; absent when it is kept in the store, since it is too large for a job. */
  readonly text?: string | undefined;
  /** Connections that are left out. */
  readonly except: readonly string[];
  /** Attributes that have to be equal, each of these. */
  readonly where: readonly Readonly<Record<string, JsonValue>>[];
  /** Where a broadcast that is resumed goes on, which then has one shard. */
  readonly after?: string | undefined;
  /** From then on the message is not worth sending, in Unix milliseconds. */
  readonly expiresAt: number;
}

const MAX_SHARDS = 256;
const count = () => z.int().check(z.minimum(0));

const jobSchema = lazily(() =>
  z.strictObject({
    [MARK]: z.literal(JOB_VERSION),
    id: z.string().check(z.minLength(1)),
    audience: z.union([
      z.strictObject({ room: z.string() }),
      z.strictObject({ user: z.string() }),
      z.strictObject({ all: z.literal(true) }),
    ]),
    shard: count(),
    of: z.int().check(z.minimum(1), z.maximum(MAX_SHARDS)),
    turn: count(),
    text: z.optional(z.string()),
    except: z._default(z.array(z.string()), []),
    where: z._default(z.array(z.record(z.string(), z.custom<JsonValue>())), []),
    after: z.optional(z.string()),
    expiresAt: z.number(),
  }),
);

/** A job as the body of a message. Message Queue takes the characters of XML 1.0 only; JSON leaves two others as they are. */
export function encodeJob({ except, where, ...job }: Job): string {
  const body = JSON.stringify({
    [MARK]: JOB_VERSION,
    ...job,
    ...(except.length > 0 ? { except } : {}),
    ...(where.length > 0 ? { where } : {}),
  });
  return body.replaceAll(/[\uFFFE\uFFFF]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}

/** Whether a body claims to be a job, of whatever version. */
export function isJob(body: string): boolean {
  const value = parseJson(body);
  return typeof value === 'object' && value !== null && MARK in value;
}

/** Throws `INVALID_EVENT` that says what is wrong, without a word of the body. */
export function decodeJob(body: string): Job {
  const value = parseJson(body);
  if (typeof value !== 'object' || value === null || !(MARK in value)) {
    throw new BroadcastError(
      'INVALID_EVENT',
      'a message in the queue is no job; give jobs a queue of their own',
    );
  }
  if (value[MARK] !== JOB_VERSION) {
    const version = typeof value[MARK] === 'number' ? value[MARK] : 'unknown';
    throw new BroadcastError(
      'INVALID_EVENT',
      `a job has version ${version}, this worker knows ${JOB_VERSION}; deploy workers before those who dispatch`,
    );
  }
  const result = check(jobSchema(), value);
  if (result.success && result.data.shard < result.data.of) {
    const { [MARK]: _version, ...job } = result.data;
    return job;
  }
  const problem = result.success
    ? { path: ['shard'], message: 'is not below `of`' }
    : firstIssue(result.error);
  throw new BroadcastError(
    'INVALID_EVENT',
    `a job is malformed at '${problem.path.join('.')}': ${problem.message}`,
  );
}
