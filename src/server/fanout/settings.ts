import * as z from 'zod/mini';
import type { QueueFanout } from './queue-fanout.js';

const positive = () => z.number().check(z.positive());
const notNegative = () => z.number().check(z.minimum(0));
const between = (min: number, max: number): z.ZodMiniType<number> =>
  z.int().check(z.minimum(min), z.maximum(max));

/** The numbers that steer broadcasts, with their defaults. They fit a cloud function, not a daemon. */
export const settingsShape = () => ({
  concurrency: z._default(between(1, 10_000), 100),
  maxPerSecond: z.optional(positive()),
  retries: z._default(between(0, 100), 3),
  minDelayMs: z._default(notNegative(), 100),
  maxDelayMs: z._default(notNegative(), 2000),
  timeoutMs: z._default(positive(), 3000),
  pageSize: z._default(between(1, 10_000), 500),
  reserveMs: z._default(notNegative(), 200),
  maxFailures: z._default(between(0, 1000), 10),
  includeIds: z._default(z.boolean(), false),
});

/** Settings with their defaults filled in. */
export type Settings = z.output<z.ZodMiniObject<ReturnType<typeof settingsShape>>>;

/** How broadcasts behave. */
export interface BroadcastSettings {
  /** Most sends under way at once, over all broadcasts of this broadcaster. @default 100 */
  readonly concurrency?: number | undefined;
  /** Most sends started per second, over all broadcasts of this broadcaster. No limit when absent. */
  readonly maxPerSecond?: number | undefined;
  /** Attempts after the first, for transient failures. @default 3 */
  readonly retries?: number | undefined;
  /** Bound of the random pause before the first retry, in milliseconds; it doubles with each. @default 100 */
  readonly minDelayMs?: number | undefined;
  /** Bound of the random pause before any retry, in milliseconds. @default 2000 */
  readonly maxDelayMs?: number | undefined;
  /** Longest time of one attempt, in milliseconds. @default 3000 */
  readonly timeoutMs?: number | undefined;
  /** Connections read from the store at a time. @default 500 */
  readonly pageSize?: number | undefined;
  /** Kept free before the deadline for clean-up, report and response, in milliseconds. @default 200 */
  readonly reserveMs?: number | undefined;
  /** Failures that a report names, at most 1,000. @default 10 */
  readonly maxFailures?: number | undefined;
  /** Whether those carry the connection's id. @default false */
  readonly includeIds?: boolean | undefined;
  /**
   * Spreads large broadcasts over workers: `queueFanout({ … })` of `yc-broadcast/queue`. Needs a store with
   * records, as all of this package have. Default: every broadcast is sent by the call that makes it.
   */
  readonly fanout?: QueueFanout | undefined;
}
