import type { BroadcastStatus } from '../model/dispatched-broadcast.js';
import { placedIn } from '../model/report.js';
import type { BroadcastRecord } from './broadcast-record.js';
import { addCounts, NOBODY, totalOf, type Counts } from './counts.js';

/**
 * After the message has expired nobody sends it; what was sent just before is told within this time, in
 * milliseconds.
 */
const LAST_WORDS_MS = 60_000;

/** How a broadcast stands, from its record alone. */
export function statusOf(id: string, record: BroadcastRecord, now: number): BroadcastStatus {
  const { shards, expected, createdAt, updatedAt, expiresAt, parts } = record;
  const summaries = Object.values(parts);
  const counts = summaries.reduce<Counts>((sum, part) => addCounts(sum, part.counts), NOBODY);
  const endings = summaries.flatMap(({ ending }) => ending ?? []);
  const isOver = endings.length === shards;
  const settled = isOver || now >= expiresAt + LAST_WORDS_MS;
  const etaMs = settled ? 0 : etaOf(record, totalOf(counts), now);
  return {
    id,
    state: stateOf(record, now),
    settled,
    complete: isOver && endings.every((ending) => ending === 'done'),
    shards: {
      total: shards,
      started: summaries.length,
      done: endings.length,
      abandoned: endings.filter((ending) => ending === 'abandoned').length,
    },
    expected,
    recipients: totalOf(counts),
    ...counts,
    restarts: summaries.reduce((sum, { restarts }) => sum + restarts, 0),
    ...placedIn(record.audience, record.places),
    createdAt,
    expiresAt,
    updatedAt,
    ...(etaMs === undefined ? {} : { etaMs }),
  };
}

function stateOf(
  { shards, parts, cancelledAt, expiresAt }: BroadcastRecord,
  now: number,
): BroadcastStatus['state'] {
  const endings = Object.values(parts).flatMap(({ ending }) => ending ?? []);
  const isOver = endings.length === shards;
  if (endings.includes('cancelled') || (!isOver && cancelledAt !== undefined)) return 'cancelled';
  if (endings.includes('expired') || (!isOver && now >= expiresAt)) return 'expired';
  if (isOver) return 'done';
  return Object.keys(parts).length === 0 ? 'queued' : 'running';
}

/**
 * At the pace since the dispatch, the time in the queue included: a guess, and with a filter one that is too
 * long.
 */
function etaOf(
  { expected, createdAt, updatedAt }: BroadcastRecord,
  done: number,
  now: number,
): number | undefined {
  if (done === 0 || updatedAt <= createdAt) return undefined;
  const leftMs = (Math.max(0, expected - done) * (updatedAt - createdAt)) / done;
  return Math.max(0, Math.round(updatedAt + leftMs - now));
}
