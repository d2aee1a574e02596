import type { ErrorCode } from '../base/errors.js';
import type { ListedConnection } from '../model/store.js';
import { addCounts, NOBODY } from './counts.js';
import type { PageOutcome } from './run-page.js';
import type { Ending, ShardProgress } from './shard-record.js';

/** Some of a shard: a page of its listing, or those who were refused before. */
export interface ShardPage {
  readonly connections: readonly ListedConnection[];
  /** Whether nothing follows. */
  readonly done: boolean;
  readonly isLaterTry?: boolean;
}

/**
 * Those who were refused as a page. Only their ids are looked at: what else there was to decide has been
 * decided.
 */
export function laterTry(ids: readonly string[]): ShardPage {
  const unknown = { attributes: {}, connectedAt: 0, expiresAt: Infinity };
  return { connections: ids.map((id) => ({ id, ...unknown })), done: true, isLaterTry: true };
}

/** How far a shard is after a page of its listing. */
export function afterPage(before: ShardProgress, page: ShardPage, outcome: PageOutcome): ShardProgress {
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

/**
 * So often the refused are tried again later, with all retries each time; a storm, or a gateway that is away,
 * does not count.
 */
const MOST_LATER_TRIES = 3;

/** How far a shard is after the refused were tried again. Who is refused at the last time has failed. */
export function afterLaterTry(before: ShardProgress, page: ShardPage, outcome: PageOutcome): ShardProgress {
  const { storm, isGatewayAway, refused, next } = outcome;
  const untried = page.connections.slice(next).map(({ id }) => id);
  const isCounted = storm === undefined && !isGatewayAway && untried.length === 0;
  const tries = before.laterTries + (isCounted ? 1 : 0);
  const isLast = tries === MOST_LATER_TRIES;
  const again = isLast ? [] : [...refused, ...untried];
  const counts = addCounts(before.counts, outcome.counts);
  return {
    ...before,
    again,
    laterTries: again.length === 0 ? 0 : tries,
    counts: isLast ? addCounts(counts, outcome.refusedCounts) : counts,
    waits: waitsAfter(before, outcome),
  };
}

function waitsAfter({ waits }: ShardProgress, { counts, storm }: PageOutcome): number {
  return counts.delivered > 0 && storm === undefined ? 0 : waits;
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
