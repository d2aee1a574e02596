import type { StoredConnection } from '../model/connection.js';
import type { BroadcastError } from '../base/errors.js';
import { conclude } from '../server/fanout/conclude.js';
import type { Outcome } from '../server/fanout/delivery.js';
import type { FanoutDeps } from '../server/fanout/deps.js';
import { sendTo, type PayloadSource, type SentTo } from '../server/fanout/send-to.js';
import { createTally } from '../server/fanout/tally.js';
import { through } from '../model/observer.js';
import type { DeliveryReport, StopReason } from '../model/report.js';
import type { Audience, ListedConnection } from '../model/store.js';
import { addCounts, NOBODY, type Counts } from './counts.js';
import { createStormWatch, isRefusal } from './circuit-breaker.js';

export interface PageOptions {
  readonly id: string;
  readonly audience: Audience;
  readonly connections: readonly ListedConnection[];
  readonly accepts: ((connection: StoredConnection) => boolean) | undefined;
  readonly payload: PayloadSource;
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
  /**
   * Removed from the store only once the counts are written down: otherwise nobody could count them any more.
   */
  readonly stale: readonly string[];
  /** Index of the first connection that was not tried; their number when all were. */
  readonly next: number;
  readonly stoppedBy: StopReason;
  /** Whether there was no connection to the gateway for the last of them. */
  readonly isGatewayAway: boolean;
  /** What the gateway said, when it refused everything. */
  readonly storm: BroadcastError | undefined;
  readonly retryAfterMs: number;
}

/** Sends to one page of a shard. To observers and to the local gateway each page is a broadcast. */
export async function runPage(deps: FanoutDeps, page: PageOptions): Promise<PageOutcome> {
  const { id, audience, connections, accepts, payload } = page;
  const wanted = accepts === undefined ? connections : connections.filter(accepts);
  const account = createAccount();
  const stop = new AbortController();
  const storms = createStormWatch(deps.transport, () => {
    stop.abort();
  });
  let last: SentTo = { started: 0, stoppedBy: undefined, isGatewayAway: false };

  async function send() {
    const startedAt = performance.now();
    const tally = createTally(deps.settings);
    last = await sendTo(wanted, {
      id,
      payload,
      transport: storms.transport,
      pacer: deps.pacer,
      retry: deps.settings,
      signal: stop.signal,
      endsAt: page.endsAt,
      expiresAt: page.expiresAt,
      onOutcome(connectionId, outcome) {
        tally.add(connectionId, outcome);
        account.add(connectionId, outcome);
      },
    });
    const { started, stoppedBy = 'done' } = last;
    const skipped = wanted.length - started;
    return conclude({ id, tally, audience, startedAt, skipped, stoppedBy });
  }

  const observers = deps.observe.map((observer) => observer.broadcast<DeliveryReport>);
  await through(observers, { audience, context: deps.context }, send);
  const { started, stoppedBy = 'done', isGatewayAway } = last;
  const untried = wanted[started];
  return {
    ...account.result(stoppedBy === 'expired' ? wanted.length - started : 0),
    next: untried === undefined ? connections.length : connections.indexOf(untried),
    stoppedBy,
    isGatewayAway,
    storm: storms.storm(),
    retryAfterMs: storms.retryAfterMs(),
  };
}

interface Account {
  add(connectionId: string, outcome: Outcome): void;
  result(skipped: number): Pick<PageOutcome, 'counts' | 'refused' | 'refusedCounts' | 'stale'>;
}

/** Keeps the refused apart, since they get another chance, and the stale, who are removed later. */
function createAccount(): Account {
  let counts = NOBODY;
  let refusedCounts = NOBODY;
  let delivered = 0;
  const refused: string[] = [];
  const stale: string[] = [];
  return {
    add(connectionId, outcome) {
      if (outcome.kind === 'delivered') delivered++;
      else if (outcome.kind === 'stale') stale.push(connectionId);
      else {
        const { code } = outcome.error;
        const failure: Counts = { ...NOBODY, failed: 1, codes: { [code]: 1 } };
        if (!isRefusal(code)) counts = addCounts(counts, failure);
        else {
          refused.push(connectionId);
          refusedCounts = addCounts(refusedCounts, failure);
        }
      }
    },
    result: (skipped) => ({
      counts: { ...counts, delivered, stale: stale.length, skipped },
      refused,
      refusedCounts,
      stale,
    }),
  };
}
