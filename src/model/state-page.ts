import type { StatePosition } from '../base/protocol.js';
import { CONNECTION_TTL_MS } from '../base/protocol.js';

/** How long a deleted or expired key is kept as a row without a value, in milliseconds from its end. */
export const ENDED_ROW_MS = 2 * CONNECTION_TTL_MS;

/** Where a room's state stands. */
export interface StateHead {
  readonly version: number;
  readonly epoch: string;
  /** Whoever has not got everything up to this version may have missed a key that is forgotten by now. */
  readonly floor: number;
}

/** The head of a room that nobody has changed. */
export const EMPTY_HEAD: StateHead = { version: 0, epoch: '', floor: 0 };

/** A key as a store hands it out. */
export interface StoredRow {
  readonly map: string;
  readonly key: string;
  /** The version of its last change. */
  readonly version: number;
  /** Its value as JSON; absent when it was deleted or has expired. */
  readonly value?: string | undefined;
  /** How long the value still lives, in milliseconds from now. */
  readonly ttlMs?: number | undefined;
}

/** What has changed behind the version `after`, up to `version`. */
export interface StoredPage {
  readonly after: number;
  readonly version: number;
  readonly epoch: string;
  readonly rows: readonly StoredRow[];
  /** Whether there is more behind `version`. */
  readonly more: boolean;
  /** The rows begin a new state: whoever reads has to forget what it has. */
  readonly reset?: boolean;
  /** While there is more: the head when the first page was read. */
  readonly base?: number;
}

/** A row as a store keeps it. */
export interface KeptRow {
  readonly map: string;
  readonly key: string;
  readonly version: number;
  /** JSON; absent in a deleted key. */
  readonly value?: string | undefined;
  /** When the value ends or the key was deleted, in Unix milliseconds; absent in a key that stays. */
  readonly endsAt?: number | undefined;
}

/** Where a page begins. */
export interface PageStart {
  /** Whether the reader has to forget what it has. */
  readonly reset: boolean;
  /** Rows above this version belong to the page. */
  readonly after: number;
  /** The head when the first page was read, while there are several. */
  readonly base: number | undefined;
}

/** Where the page of a reader begins that has everything up to `since`. */
export function startOfPage(head: StateHead, since: StatePosition | null): PageStart {
  const isBehind = since !== null && since.version < head.version;
  const isKnown = since !== null && since.epoch === head.epoch && since.version <= head.version;
  const mayHaveMissed = isBehind && head.floor > (since.base ?? since.version);
  if (!isKnown || mayHaveMissed) return { reset: true, after: 0, base: head.version };
  return { reset: false, after: since.version, base: since.base };
}

/**
 * For stores: one page out of the rows above `start.after`, in any order. Rows above the head were changed
 * while the rows were read: they come with the next page, in their order.
 */
export function statePage(
  head: StateHead,
  start: PageStart,
  rows: Iterable<KeptRow>,
  { maxBytes, now }: { readonly maxBytes: number; readonly now: number },
): StoredPage {
  const due = [...rows]
    .filter(({ version }) => version > start.after && version <= head.version)
    .sort((a, b) => a.version - b.version);
  const shown: StoredRow[] = [];
  let version = head.version;
  let left = maxBytes;
  for (const row of due) {
    // Whoever has nothing has nothing to delete.
    const isNeeded = start.after > 0 || isLive(row, now);
    if (!isNeeded) continue;
    const one = shownRow(row, now);
    left -= bytesOf(one);
    if (left < 0 && shown.length > 0) {
      version = (shown.at(-1) as StoredRow).version;
      break;
    }
    shown.push(one);
  }
  const more = version < head.version;
  return {
    after: start.after,
    version,
    epoch: head.epoch,
    rows: shown,
    more,
    ...(start.reset ? { reset: true } : {}),
    ...(more && start.base !== undefined ? { base: start.base } : {}),
  };
}

/** The head of a room, and its rows above a version, in any order. */
export interface KeptState {
  readonly head: StateHead;
  readonly rows: readonly KeptRow[];
}

/**
 * For stores: the page of a reader, by means of `keptAbove`, which must have read the head first, or both at
 * once. Called a second time for a reader that has to begin anew.
 */
export async function readStatePage(
  keptAbove: (version: number) => Promise<KeptState>,
  {
    since,
    maxBytes,
    now,
  }: { readonly since: StatePosition | null; readonly maxBytes: number; readonly now: () => number },
): Promise<StoredPage> {
  let kept = await keptAbove(since?.version ?? 0);
  let start = startOfPage(kept.head, since);
  if (since !== null && start.after < since.version) {
    kept = await keptAbove(0);
    start = startOfPage(kept.head, null);
  }
  return statePage(kept.head, start, kept.rows, { maxBytes, now: now() });
}

/** Beside names and value: the version, the time to live, quotes and commas. */
const ROW_BYTES = 40;

/** What a row takes in a frame, at most; a name that has to be escaped may take more. */
function bytesOf({ map, key, value = '' }: StoredRow): number {
  return Buffer.byteLength(map) + Buffer.byteLength(key) + Buffer.byteLength(value) + ROW_BYTES;
}

/** Whether the key has a value at `now`. */
export function isLive({ value, endsAt }: KeptRow, now: number): boolean {
  return value !== undefined && (endsAt === undefined || endsAt > now);
}

/** A row as readers get it: without a value when it was deleted or has expired. */
export function shownRow(row: KeptRow, now: number): StoredRow {
  const { map, key, version, value, endsAt } = row;
  if (!isLive(row, now)) return { map, key, version };
  return { map, key, version, value, ...(endsAt === undefined ? {} : { ttlMs: endsAt - now }) };
}

/** A row as conditions see it: version 0 of a key that was never set, was deleted or has expired. */
export function currentRow(row: KeptRow, now: number): StoredRow {
  return isLive(row, now) ? shownRow(row, now) : { map: row.map, key: row.key, version: 0 };
}
