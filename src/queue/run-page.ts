import type { StoredConnection } from '../model/connection.js';
import type { BroadcastError, ErrorCode } from '../base/errors.js';
import type { PlanParts } from '../server/fanout/begin.js';
import { decodeCursor } from '../server/fanout/cursor.js';
import { runBroadcast } from '../server/fanout/run.js';
import { createTally } from '../server/fanout/tally.js';
import { through } from '../model/observer.js';
import type { DeliveryReport, StopReason } from '../model/report.js';
import type { Audience } from '../model/store.js';
import type { EncodedPayload } from '../model/transport.js';
import { NOBODY, type Counts } from './counts.js';
import { createStormWatch, isRefusal } from './circuit-breaker.js';

export interface PageOptions {
  readonly id: string;
  readonly audience: Audience;
  readonly connections: readonly StoredConnection[];
  readonly accepts: ((connection: StoredConnection) => boolean) | undefined;
  readonly payload: EncodedPayload;
  /** Everything must have ended by then, in Unix milliseconds. */
  readonly endsAt: number;
  readonly expiresAt: number;
}

/** What became of a page. */
export interface PageOutcome {
  /** Of those who are done with, and of the skipped when the message has expired. */
  readonly counts: Counts;
  /** Those whom the gateway has refused for now, not in `counts`; and what they add if it stays like that. */
  readonly refused: readonly string[];
  readonly refusedCounts: Counts;
  /** Removed from the store only once the counts are written down: otherwise nobody could count them any more. */
  readonly stale: readonly string[];
  /** Index of the first connection that was not tried; their number when all were. */
  readonly next: number;
  readonly stoppedBy: StopReason;
  /** What the gateway said, when it refused everything. */
  readonly storm: BroadcastError | undefined;
  readonly retryAfterMs: number;
}

/** Sends to one page of a shard: a broadcast as any other, with its retries, pace and deadline, that lists nobody itself. */
export async function runPage(parts: PlanParts, page: PageOptions): Promise<PageOutcome> {
  const { connections, payload } = page;
  const stale: string[] = [];
  const stop = new AbortController();
  const storms = createStormWatch(parts.transport, () => {
    stop.abort();
  });
  const observers = parts.observe.map((observer) => observer.broadcast);
  const run = () =>
    runBroadcast({
      ...page,
      pacer: parts.pacer,
      retry: parts.settings,
      transport: storms.transport,
      store: {
        get: async (id) => connections.find((connection) => connection.id === id),
        list: async () => ({ connections, done: true }),
        remove: async (ids) => {
          stale.push(...ids);
        },
      },
      tally: createTally({ maxFailures: connections.length, includeIds: true }),
      payload: { same: payload },
      signal: stop.signal,
      listing: { audience: page.audience, after: undefined, pageSize: Math.max(1, connections.length) },
    });
  const report = await through(observers, { audience: page.audience, context: parts.context }, run);
  return {
    ...countsOf(report),
    refused: refusedOf(report),
    stale,
    next: nextOf(report, connections),
    stoppedBy: report.stoppedBy,
    storm: storms.storm(),
    retryAfterMs: storms.retryAfterMs(),
  };
}

function refusedOf({ failures }: DeliveryReport): string[] {
  const refused = failures.filter(({ code }) => isRefusal(code));
  return refused.flatMap(({ connectionId }) => (connectionId === undefined ? [] : [connectionId]));
}

/** The refused apart, since they get another chance. */
function countsOf(report: DeliveryReport): { counts: Counts; refusedCounts: Counts } {
  const { delivered, stale, skipped, stoppedBy } = report;
  const codes = Object.entries(report.codes) as [ErrorCode, number][];
  return {
    counts: {
      ...{ delivered, stale },
      ...failuresOf(codes.filter(([code]) => !isRefusal(code))),
      skipped: stoppedBy === 'expired' ? skipped : 0,
    },
    refusedCounts: { ...NOBODY, ...failuresOf(codes.filter(([code]) => isRefusal(code))) },
  };
}

function failuresOf(codes: readonly [ErrorCode, number][]): Pick<Counts, 'failed' | 'codes'> {
  return { failed: codes.reduce((sum, [, count]) => sum + count, 0), codes: Object.fromEntries(codes) };
}

function nextOf({ cursor }: DeliveryReport, connections: readonly StoredConnection[]): number {
  if (cursor === undefined) return connections.length;
  const { after } = decodeCursor(cursor);
  return after === undefined ? 0 : connections.findIndex(({ id }) => id === after) + 1;
}
