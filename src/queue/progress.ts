import type { StoredConnection } from '../connection.js';
import type { ErrorCode } from '../errors.js';
import { addCounts, NOBODY } from './counts.js';
import type { PageOutcome } from './run-page.js';
import type { Ending, ShardProgress } from './shard-record.js';

/** Some of a shard: a page of its listing, or those who were refused before. */
export interface Page {
  readonly connections: readonly StoredConnection[];
  /** Whether nothing follows. */
  readonly done: boolean;
  readonly isSecondTry?: boolean;
}

/** Those who were refused as a page. Only their ids are looked at: what else there was to decide has been decided. */
export function secondTry(ids: readonly string[]): Page {
  const unknown = { attributes: {}, connectedAt: 0, expiresAt: Infinity };
  return { connections: ids.map((id) => ({ id, ...unknown })), done: true, isSecondTry: true };
}

/** How far a shard is after a page of its listing. */
export function afterPage(before: ShardProgress, page: Page, outcome: PageOutcome): ShardProgress {
  const { connections, done } = page;
  const { next, counts, refused } = outcome;
  return {
    ...before,
    after: connections[next - 1]?.id ?? before.after,
    listed: done && next === connections.length,
    again: [...before.again, ...refused],
    counts: addCounts(before.counts, counts),
    waits: waitsAfter(before, outcome),
  };
}

/** How far a shard is after the refused were tried once more: who is refused now has failed, except in a storm. */
export function afterSecondTry(before: ShardProgress, page: Page, outcome: PageOutcome): ShardProgress {
  const untried = page.connections.slice(outcome.next).map(({ id }) => id);
  const counts = addCounts(before.counts, outcome.counts);
  return {
    ...before,
    again: outcome.storm ? [...outcome.refused, ...untried] : untried,
    counts: outcome.storm ? counts : addCounts(counts, outcome.refusedCounts),
    waits: waitsAfter(before, outcome),
  };
}

function waitsAfter({ waits }: ShardProgress, { counts, storm }: PageOutcome): number {
  return counts.delivered > 0 && !storm ? 0 : waits;
}

const LEFT_AS: Readonly<Partial<Record<Ending, ErrorCode>>> = { expired: 'EXPIRED', cancelled: 'ABORTED' };

/** The end of a shard. Whoever was refused, and will not be tried again, has failed. */
export function ended(before: ShardProgress, ending: Ending): ShardProgress {
  const { again, counts } = before;
  const code = LEFT_AS[ending] ?? 'UNKNOWN';
  const left =
    again.length === 0 ? NOBODY : { ...NOBODY, failed: again.length, codes: { [code]: again.length } };
  return { ...before, again: [], counts: addCounts(counts, left), ending };
}
