import type { RecordStore } from '../model/records.js';
import type { RoomPlace } from '../base/protocol.js';
import type { Audience } from '../model/store.js';
import type { Counts } from './counts.js';
import { parseJson } from '../base/json.js';
import { changeJson, readJson, writeJson, type Versioned } from './json-record.js';
import type { PortableFilter } from './portable-filter.js';
import type { Ending } from './shard-record.js';

/**
 * A dispatched broadcast as a whole, in one record, so that asking how it stands is one read. Of the shards
 * it holds what their workers have last told of themselves: sums so far, which can be told twice and come
 * late without harm.
 */
export interface BroadcastRecord {
  /** Only those who can read the store, and the jobs, know it: a job without it is forged. */
  readonly key: string;
  readonly audience: Audience;
  /** Whether there is a filter beside this record. A worker that does not find it sends nothing. */
  readonly filtered: boolean;
  /** The connection behind which a broadcast that is resumed goes on; it has one shard then. */
  readonly after?: string | undefined;
  readonly shards: number;
  /** Size of the audience at dispatch, unfiltered. */
  readonly expected: number;
  /** Where the message is kept in histories of rooms, as far as that is done. */
  readonly places: readonly RoomPlace[];
  /** Whether all jobs are in the queue. Until then a second dispatch under the same id puts them there. */
  readonly sent: boolean;
  /** Until when whoever dispatches has a claim on that, in Unix milliseconds. */
  readonly dispatcherUntil: number;
  /** All in Unix milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt: number;
  readonly keptUntil: number;
  readonly cancelledAt?: number | undefined;
  /** By number of the shard; those that nobody has begun are missing. */
  readonly parts: Readonly<Record<string, ShardSummary>>;
}

export interface ShardSummary {
  /** Grows with each commit of the shard: the higher one is the newer one. */
  readonly commits: number;
  readonly counts: Counts;
  readonly restarts: number;
  readonly ending?: Ending | undefined;
}

const keyOf = (id: string): string => `$queue:broadcast:${id}`;
const textKeyOf = (id: string): string => `$queue:text:${id}`;
const filterKeyOf = (id: string): string => `$queue:filter:${id}`;

export function readBroadcast(
  records: RecordStore,
  id: string,
): Promise<Versioned<BroadcastRecord> | undefined> {
  return readJson<BroadcastRecord>(records, keyOf(id));
}

/**
 * Resolves with `undefined` when somebody else has written since; `ifVersion` is `undefined` for a new one.
 */
export function writeBroadcast(
  records: RecordStore,
  id: string,
  value: BroadcastRecord,
  { ifVersion, now }: { readonly ifVersion: string | undefined; readonly now: number },
): Promise<string | undefined> {
  return writeJson(records, keyOf(id), value, { ifVersion, ttlMs: ttlOf(value, now) });
}

/** Changes the record of a broadcast until nobody comes in between; see `changeJson`. */
export function changeBroadcast(
  records: RecordStore,
  id: string,
  now: number,
  change: (current: BroadcastRecord) => BroadcastRecord | undefined,
): Promise<BroadcastRecord | undefined> {
  return changeJson<BroadcastRecord>(records, keyOf(id), (current) => {
    const value = change(current);
    return value && { value, ttlMs: ttlOf(value, now) };
  });
}

/** The record with what a shard tells of itself, or `undefined` when it knows that already, or better. */
export function withSummary(
  record: BroadcastRecord,
  shard: number,
  summary: ShardSummary,
  now: number,
): BroadcastRecord | undefined {
  if ((record.parts[shard]?.commits ?? -1) >= summary.commits) return undefined;
  return { ...record, updatedAt: now, parts: { ...record.parts, [shard]: summary } };
}

/** Keeps the message without its places, once for all jobs. Writing it twice does no harm. */
export function keepText(records: RecordStore, id: string, text: string, ttlMs: number): Promise<void> {
  return overwrite(records, textKeyOf(id), text, ttlMs);
}

export async function readText(records: RecordStore, id: string): Promise<string | undefined> {
  return (await records.read(textKeyOf(id)))?.value;
}

/** Keeps the filter apart from the record, which is written again and again. */
export function keepFilter(
  records: RecordStore,
  id: string,
  filter: PortableFilter,
  ttlMs: number,
): Promise<void> {
  return overwrite(records, filterKeyOf(id), JSON.stringify(filter), ttlMs);
}

export async function readFilter(records: RecordStore, id: string): Promise<PortableFilter | undefined> {
  const found = await records.read(filterKeyOf(id));
  return found && (parseJson(found.value) as PortableFilter);
}

async function overwrite(records: RecordStore, key: string, value: string, ttlMs: number): Promise<void> {
  const version = await records.write(key, value, { ifVersion: undefined, ttlMs });
  if (version !== undefined) return;
  const present = await records.read(key);
  await records.write(key, value, { ifVersion: present?.version, ttlMs });
}

/** Whole milliseconds, as stores want them. */
function ttlOf({ keptUntil }: BroadcastRecord, now: number): number {
  return Math.max(1, Math.ceil(keptUntil - now));
}
