import type { ErrorCode } from '../base/errors.js';
import type { RoomPlace, RoomPosition } from '../base/protocol.js';

/** Where a message was kept before it was sent. */
export interface Placed {
  /** Its place in the history of the room; set when it was kept there. */
  readonly position?: RoomPosition;
  /** Of a message to several rooms: its places in those that keep a history. */
  readonly positions?: readonly RoomPlace[];
}

/** A broadcast that is in the queue: nothing is sent yet, workers will. */
export interface Dispatched extends Placed {
  readonly kind: 'dispatched';
  /** The id that every copy of the message carries; ask for the broadcast by it. */
  readonly id: string;
  readonly shards: number;
  /** How many connections the audience had, before any filter. */
  readonly expected: number;
  /** Resolves when its numbers do not change any more. Rejects as {@link BroadcastStatus watch} does. */
  finished(options?: WatchOptions): Promise<BroadcastStatus>;
}

/** How to wait for a dispatched broadcast. */
export interface WatchOptions {
  /** Ends the watching with `ABORTED`, not the broadcast. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Longest time between two looks at the store, in milliseconds; shorter while something happens. @default
   * 5000
   */
  readonly everyMs?: number | undefined;
}

/**
 * How a dispatched broadcast stands, as far as its workers have written down: some seconds behind them, at
 * most.
 */
export interface BroadcastStatus extends Placed {
  readonly id: string;
  /**
   * `queued` until a worker has begun, then `running`; `done` when every shard came to its end. `cancelled`
   * and `expired` as soon as that is so, though workers may be at their last page.
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
  /**
   * delivered + stale + failed + skipped. Each connection is counted once, also when it was sent the message
   * twice.
   */
  readonly recipients: number;
  readonly delivered: number;
  readonly stale: number;
  readonly failed: number;
  /** Listed, but not tried, because the message expired; more may not have been listed at all. */
  readonly skipped: number;
  /** The failed, by code. */
  readonly codes: Readonly<Partial<Record<ErrorCode, number>>>;
  /**
   * How often a worker went on where another was lost. Each time, one page at most was sent twice, under the
   * same id.
   */
  readonly restarts: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly updatedAt: number;
  /**
   * How long it will take from now on, in milliseconds, at the pace so far; absent before anything is known,
   * 0 when settled.
   */
  readonly etaMs?: number;
}
