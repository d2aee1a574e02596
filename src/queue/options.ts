import * as z from 'zod/mini';
import { logError, type ErrorReport } from '../server/app/log-error.js';
import { functionOption, lazily, objectWith, parseOptions } from '../base/options.js';
import { CONNECTION_TTL_MS } from '../base/protocol.js';
import type { MessageQueue } from './message-queue.js';

/** How broadcasts are cut into jobs. */
export interface QueueFanoutOptions {
  /** Where jobs go, for example `messageQueue({ … })`. Nothing else may be in it. */
  readonly queue: MessageQueue;
  /**
   * Where jobs go that nobody can do: forged or malformed ones, those of another version, those whose message
   * does not fit. Without it they make their call fail, so that the queue's own redrive policy takes care of
   * them; forged ones are dropped.
   */
  readonly deadLetters?: MessageQueue | undefined;
  /**
   * `send` to an audience of at least so many connections is dispatched; `false`: never by itself. With it, a
   * `send` to a room or to all asks the store for the audience's size, at most every 10 seconds while that is
   * small.
   * @default 10000
   */
  readonly threshold?: number | false | undefined;
  /**
   * Most connections for one job. The default takes an instance a second at the least: its 10,000 packets per
   * second (documented) allow some 4,000 sends, at the 2.35 packets each that were measured here. @default
   * 5000
   */
  readonly recipientsPerShard?: number | undefined;
  /**
   * Most jobs for one broadcast, 1 to 256. The default suits the quota of 10 instances per zone. @default 16
   */
  readonly maxShards?: number | undefined;
  /**
   * Connections between two records of progress, at most 2,000: what is sent twice when a worker is lost.
   * @default 1000
   */
  readonly pageSize?: number | undefined;
  /** How long a worker has a shard for itself, in milliseconds, renewed with every page. @default 30000 */
  readonly leaseMs?: number | undefined;
  /**
   * Kept free before a call's deadline for passing the job on, in milliseconds; at most half of the call.
   * @default 2000
   */
  readonly reserveMs?: number | undefined;
  /**
   * How long a message is worth sending, in milliseconds. The default is as long as a connection can live.
   * @default 3660000
   */
  readonly ttlMs?: number | undefined;
  /** How long the result can be asked for after that, in milliseconds. @default 86400000 */
  readonly keepMs?: number | undefined;
  /** The clock, in Unix milliseconds; the store's should be the same. @default Date.now */
  readonly now?: (() => number) | undefined;
  /**
   * Told of jobs that nobody can do and of stale connections that stay in the store. Default: one line of
   * JSON on stderr.
   */
  readonly onError?: ((report: ErrorReport) => void) | undefined;
}

const between = (min: number, max: number) => z.int().check(z.minimum(min), z.maximum(max));
const queue = () => objectWith<MessageQueue>('a queue, for example messageQueue({ … })', 'send');

const optionsSchema = lazily(() =>
  z.strictObject({
    queue: queue(),
    deadLetters: z.optional(queue()),
    threshold: z._default(z.union([z.literal(false), z.int().check(z.minimum(1))]), 10_000),
    recipientsPerShard: z._default(z.int().check(z.minimum(1)), 5000),
    maxShards: z._default(between(1, 256), 16),
    pageSize: z._default(between(1, 2000), 1000),
    leaseMs: z._default(between(1000, 600_000), 30_000),
    reserveMs: z._default(between(0, 600_000), 2000),
    ttlMs: z._default(z.int().check(z.minimum(1)), CONNECTION_TTL_MS),
    keepMs: z._default(z.int().check(z.minimum(0)), 24 * 60 * 60 * 1000),
    now: z._default(functionOption<() => number>(), () => Date.now),
    onError: z._default(functionOption<(report: ErrorReport) => void>(), () => logError),
  }),
);

export type FanoutSettings = z.output<ReturnType<typeof optionsSchema>>;

export function parseFanoutOptions(options: QueueFanoutOptions): FanoutSettings {
  return parseOptions(optionsSchema(), options, 'queueFanout');
}
