import { MAX_STATE_BYTES, MAX_STATE_KEYS, type StateChange } from '../../model/state.js';
import { currentRow, ENDED_ROW_MS, type KeptRow, type StoredRow } from '../../model/state-page.js';
import { mayLackRows, MAX_CALLS, nameOf, newHead, type Head } from './state-items.js';

/** A room looks for rows to forget once in this time at most, unless it is full. */
const SWEEP_EVERY_MS = 600_000;

/** A row and what it takes. Of one that this instance remembers, the value may be another text. */
export interface SizedRow extends KeptRow {
  readonly bytes: number;
}

/** What is known of a room: its head, and the rows of keys that were read or written, all as of this head. */
export interface Known {
  readonly head: Head | undefined;
  readonly rows: ReadonlyMap<string, SizedRow | undefined>;
}

/** What is to be written. */
export interface Plan {
  readonly head: Head;
  readonly rows: readonly SizedRow[];
  /** What the room has no place for. */
  readonly full: 'keys' | 'bytes' | undefined;
}

export function sized(row: KeptRow): SizedRow {
  const { map, key, value = '' } = row;
  return { ...row, bytes: Buffer.byteLength(map) + Buffer.byteLength(key) + Buffer.byteLength(value) };
}

/** The keys whose version is another one. */
export function refusing({ rows }: Known, changes: readonly StateChange[], now: number): StoredRow[] {
  return changes.flatMap(({ map, key, ifVersion }) => {
    const row = currentRow(rows.get(nameOf({ map, key })) ?? { map, key, version: 0 }, now);
    return ifVersion === undefined || row.version === ifVersion ? [] : row;
  });
}

/** The head and the rows as they are after the changes. */
export function planOf(known: Known, changes: readonly StateChange[], now: number, nonce: string): Plan {
  const before = known.head ?? newHead();
  let { version, keys, bytes, staying, lastEnd, sweepAt } = before;
  const rows: SizedRow[] = [];
  for (const { map, key, value, ttlMs } of changes) {
    const lifeMs = value === undefined ? 0 : ttlMs;
    const endsAt = lifeMs === undefined ? undefined : now + lifeMs;
    const row = sized({ map, key, version: ++version, value, endsAt });
    rows.push(row);
    const old = known.rows.get(nameOf(row));
    const counted = old !== undefined && !isForgotten(old, before.sweptAt) ? old : undefined;
    keys += counted === undefined ? 1 : 0;
    bytes += row.bytes - (counted?.bytes ?? 0);
    staying += Number(endsAt === undefined) - Number(counted !== undefined && counted.endsAt === undefined);
    if (endsAt !== undefined) {
      lastEnd = Math.max(lastEnd, endsAt);
      sweepAt = Math.min(sweepAt ?? Infinity, endsAt + ENDED_ROW_MS);
    }
  }
  const calls = [...before.calls, { nonce, version }].slice(-MAX_CALLS);
  const isFullOfKeys = keys > MAX_STATE_KEYS && keys > before.keys;
  const isFullOfBytes = bytes > MAX_STATE_BYTES && bytes > before.bytes;
  return {
    head: { ...before, version, keys, bytes, staying, lastEnd, sweepAt, calls },
    rows,
    full: isFullOfKeys ? 'keys' : isFullOfBytes ? 'bytes' : undefined,
  };
}

export function isSweepDue({ sweepAt }: Head, now: number): boolean {
  return sweepAt !== undefined && sweepAt <= now;
}

/** The head without what is to be forgotten, out of all rows of the room. The backend deletes them later. */
export function sweptHead(head: Head, all: readonly KeptRow[], now: number): Head {
  const gone = all.filter((row) => isForgotten(row, now));
  const kept = all.filter((row) => !isForgotten(row, now)).map(sized);
  const ends = kept.flatMap(({ endsAt }) => endsAt ?? []);
  return {
    ...head,
    floor: mayLackRows(head, now)
      ? head.version
      : greatest([head.floor, ...gone.map(({ version }) => version)]),
    keys: kept.length,
    bytes: kept.reduce((sum, { bytes }) => sum + bytes, 0),
    staying: kept.length - ends.length,
    lastEnd: greatest(ends),
    sweepAt:
      ends.length === 0
        ? undefined
        : Math.max(-greatest(ends.map((end) => -end)) + ENDED_ROW_MS, now + SWEEP_EVERY_MS),
    sweptAt: now,
  };
}

function isForgotten({ endsAt }: KeptRow, now: number): boolean {
  return endsAt !== undefined && endsAt + ENDED_ROW_MS <= now;
}

function greatest(numbers: readonly number[]): number {
  return numbers.reduce((most, each) => Math.max(most, each), numbers[0] ?? 0);
}

/**
 * Whether the head would still remember a change that was made right behind `before`: if it does not, nobody
 * can tell whether that was made.
 */
export function remembersFrom(before: Head | undefined, head: Head | undefined): boolean {
  if (head === undefined) return before === undefined;
  if (head.calls.length < MAX_CALLS) return true;
  return before?.epoch === head.epoch && head.calls.some(({ version }) => version <= before.version);
}
