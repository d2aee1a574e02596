import { BroadcastError, type ErrorCode } from '../../base/errors.js';
import type { RoomPosition } from '../../base/protocol.js';
import type { DeliveryReport } from '../../model/report.js';
import type { FanoutDeps } from './deps.js';
import type { Selection } from './selection.js';
import type { ParsedSendOptions } from './send-options.js';

/** What may be said of one broadcast that goes through the queue. */
export interface DispatchOptions {
  /**
   * Becomes the message's id. What was dispatched under this key is not dispatched again: the second call resolves with
   * the first one's. Another audience needs another key: `INVALID_OPTIONS`. At most 128
   * characters.
   */
  readonly idempotencyKey?: string | undefined;
  /**
   * From this instant on the message is not worth sending, in Unix milliseconds. Those not tried by then are left out.
   * Default: after the `ttlMs` of `queueFanout`.
   */
  readonly expiresAt?: number | undefined;
  /** How many jobs, 1 to 256; powers of two cost stores the least. Default: chosen by the size of the audience. */
  readonly shards?: number | undefined;
  /** Ends the dispatching with `ABORTED`; what is in the queue by then is not called back: see `cancel`. */
  readonly signal?: AbortSignal | undefined;
}

/** A broadcast that is in the queue. */
export interface Dispatched {
  /** The id that every copy of the message carries; ask for the broadcast by it. */
  readonly id: string;
  readonly shards: number;
  /** How many connections the audience had, before any filter. */
  readonly expected: number;
  /** The message's place in the history of the room; set when it was kept there. */
  readonly position?: RoomPosition;
  /** Resolves when its numbers do not change any more. Rejects as {@link BroadcastStatus watch} does. */
  finished(options?: WatchOptions): Promise<BroadcastStatus>;
}

/** How to wait for a dispatched broadcast. */
export interface WatchOptions {
  /** Ends the watching with `ABORTED`, not the broadcast. */
  readonly signal?: AbortSignal | undefined;
  /** Longest time between two looks at the store, in milliseconds; shorter while something happens. @default 5000 */
  readonly everyMs?: number | undefined;
}

/** How a dispatched broadcast stands, as far as its workers have written down: some seconds behind them, at most. */
export interface BroadcastStatus {
  readonly id: string;
  /**
   * `queued` until a worker has begun, then `running`; `done` when every shard came to its end. `cancelled` and `expired` as
   * soon as that is so, though workers may be at their last page.
   */
  readonly state: 'queued' | 'running' | 'done' | 'cancelled' | 'expired';
  /** Whether the numbers will not change any more. */
  readonly settled: boolean;
  /** Whether everybody in the audience was tried. */
  readonly complete: boolean;
  readonly shards: {
    readonly total: number;
    /** Those that a worker has begun. */
    readonly started: number;
    /** Those that came to their end, or to that of the broadcast. */
    readonly done: number;
    /** Of those, the ones that could not be sent for a lasting reason; their jobs are dead letters. */
    readonly abandoned: number;
  };
  /** How many connections the audience had when it was dispatched, before any filter. */
  readonly expected: number;
  /** delivered + stale + failed + skipped. Each connection is counted once, also when it was sent the message twice. */
  readonly recipients: number;
  readonly delivered: number;
  readonly stale: number;
  readonly failed: number;
  /** Listed, but not tried, because the message expired; more may not have been listed at all. */
  readonly skipped: number;
  /** The failed, by code. */
  readonly codes: Readonly<Partial<Record<ErrorCode, number>>>;
  /** How often a worker went on where another was lost. Each time, one page at most was sent twice, under the same id. */
  readonly restarts: number;
  readonly position?: RoomPosition;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly updatedAt: number;
  /** How long it will take from now on, in milliseconds, at the pace so far; absent before anything is known, 0 when settled. */
  readonly etaMs?: number;
}

/** Spreads broadcasts over workers by a queue: `queueFanout()` of `yc-broadcast/queue`. What is in it is for this package only. */
export interface QueueFanout {
  dispatch(
    deps: FanoutDeps,
    selection: Selection,
    textOf: MakeText,
    options: DispatchOptions | undefined,
  ): Promise<Dispatched>;
  /** Dispatches what is too large to be sent from here; `undefined` when it is not. */
  takeOver(
    deps: FanoutDeps,
    selection: Selection,
    textOf: MakeText,
    options: ParsedSendOptions,
  ): Promise<DeliveryReport | undefined>;
  status(deps: FanoutDeps, id: string): Promise<BroadcastStatus | undefined>;
  cancel(deps: FanoutDeps, id: string): Promise<BroadcastStatus | undefined>;
  watch(deps: FanoutDeps, id: string, options: WatchOptions | undefined): AsyncIterable<BroadcastStatus>;
  /** An event of a queue in two: its jobs, and messages of the application's own; `undefined` when there are none. */
  split(event: unknown): { readonly jobs?: unknown; readonly others?: unknown };
  work(deps: FanoutDeps, event: unknown): Promise<void>;
}

/** The text of the message under an id. */
export type MakeText = (id: string) => string;

/** Throws `INVALID_OPTIONS` that names the remedy when there is no queue. */
export function queueOf({ queue }: { readonly queue: QueueFanout | undefined }): QueueFanout {
  if (queue !== undefined) return queue;
  throw new BroadcastError(
    'INVALID_OPTIONS',
    'this needs a queue; give the option queue: queueFanout({ … })',
  );
}
