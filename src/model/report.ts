import type { ErrorCode } from '../base/errors.js';
import type { RoomPlace } from '../base/protocol.js';
import type { Dispatched, Placed } from './dispatched-broadcast.js';
import type { BroadcastAudience } from './store.js';

/**
 * Why a broadcast ended: everybody was tried (`done`), or something came first. `store`: a page of the
 * audience could not be read. `gateway`: there was no connection to the gateway for five recipients in a row,
 * each with all retries.
 */
export type StopReason = 'done' | 'deadline' | 'signal' | 'expired' | 'store' | 'gateway';

/** One recipient that was not reached. */
export interface FailedDelivery {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly attempts: number;
  /** Only with `includeIds`: an id lets whoever holds a token write to that person. */
  readonly connectionId?: string;
}

/** Time from the first attempt to the gateway's acceptance, over delivered recipients, in milliseconds. */
export interface LatencySummary {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** Counts by upper bound in milliseconds, empty buckets left out; bounds grow by about a fifth. */
  readonly histogram: readonly { readonly upToMs: number; readonly count: number }[];
}

/**
 * What became of a broadcast. `delivered + stale + failed + skipped = recipients`, always. Its size does not
 * depend on how many recipients there were.
 */
export interface DeliveryReport extends Placed {
  /** This call has sent it; see {@link SendReport}. */
  readonly kind: 'sent';
  /** The id that every copy of the message carries. */
  readonly id: string;
  /**
   * Connections of the audience that no filter left out: those that were listed, and the others as they were
   * counted.
   */
  readonly recipients: number;
  /** The gateway accepted the message. It does not promise that a person saw it. */
  readonly delivered: number;
  /** The gateway does not know the connection; it is removed from the store. */
  readonly stale: number;
  /** Tried, but not delivered as far as is known; see `codes`. The connections stay in the store. */
  readonly failed: number;
  /**
   * Not tried, because `stoppedBy` came first. Those that were not even listed are counted with
   * `store.count()` when the broadcast ends, within the time that is left and at most half a second; see
   * `uncounted`.
   */
  readonly skipped: number;
  /**
   * Set when there may be more than `skipped` says: the broadcast was resumed or filtered, which a count of
   * the audience cannot tell apart, the store did not count in time, or it failed.
   */
  readonly uncounted?: boolean;
  /** The failed, by code. */
  readonly codes: Readonly<Partial<Record<ErrorCode, number>>>;
  /** Calls of the gateway, the retries among them. */
  readonly attempts: number;
  readonly retries: number;
  /** Stale connections that the store has confirmed as removed. */
  readonly removed: number;
  /** Payload bytes that the gateway accepted, in all. */
  readonly bytes: number;
  readonly durationMs: number;
  readonly latencyMs: LatencySummary;
  readonly stoppedBy: StopReason;
  /** Whether everybody in the audience was tried. */
  readonly complete: boolean;
  /** Pass to `broadcaster.resume()` to go on; set when not complete, unless the message has expired. */
  readonly cursor?: string;
  /** The first failures, at most `maxFailures`. */
  readonly failures: readonly FailedDelivery[];
  /** What went wrong in the store during the broadcast, if anything. */
  readonly storeError?: { readonly code: ErrorCode; readonly message: string };
}

/**
 * What `send` resolves with: `sent` with what became of everybody, or `dispatched` when there is a queue and
 * the audience is above its threshold. Then this call has sent nothing, and `broadcaster.status(report.id)`
 * tells how the workers stand.
 */
export type SendReport = DeliveryReport | Dispatched;

/**
 * The part of a report that may be shown to a client: counts and the message's place; no cursor, failures or
 * ids.
 */
export type DeliverySummary =
  | Pick<
      DeliveryReport,
      'kind' | 'id' | 'recipients' | 'delivered' | 'stale' | 'failed' | 'skipped' | 'complete' | keyof Placed
    >
  | Pick<Dispatched, 'kind' | 'id' | 'shards' | 'expected' | keyof Placed>;

/** Counts of a report, safe to send to a client. */
export function summaryOf<R extends SendReport>(report: R): Extract<DeliverySummary, Pick<R, 'kind'>>;
export function summaryOf(report: SendReport): DeliverySummary {
  const { id, position, positions } = report;
  const placed = { ...(position && { position }), ...(positions && { positions }) };
  if (report.kind === 'dispatched') {
    const { kind, shards, expected } = report;
    return { kind, id, shards, expected, ...placed };
  }
  const { kind, recipients, delivered, stale, failed, skipped, complete } = report;
  return { kind, id, recipients, delivered, stale, failed, skipped, complete, ...placed };
}

/** Where a broadcast was kept, as its report tells it: in one room, or in each of several. */
export function placedIn(audience: BroadcastAudience, places: readonly RoomPlace[] = []): Placed {
  const [first] = places;
  if (first === undefined) return {};
  if ('rooms' in audience) return { positions: places };
  const { offset, epoch } = first;
  return { position: { offset, epoch } };
}

const reports = new WeakSet();

/** Marks an object as a report that a broadcast made. */
export function markReport<R extends SendReport>(report: R): R {
  reports.add(report);
  return report;
}

/** Whether a broadcast made it. */
export function isReport(value: unknown): value is SendReport {
  return typeof value === 'object' && value !== null && reports.has(value);
}

/** How far a broadcast is. */
export interface Progress {
  readonly delivered: number;
  readonly stale: number;
  readonly failed: number;
  /** delivered + stale + failed. */
  readonly done: number;
  /**
   * How many connections the audience had when watching began, unfiltered; `undefined` until the store has
   * answered.
   */
  readonly total: number | undefined;
  readonly elapsedMs: number;
}
