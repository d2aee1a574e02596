import { CONNECTION_TTL_MS } from '../../base/protocol.js';
import type { HistoryEntry, HistoryLimits } from '../../model/store.js';
import { number, numberIn, text, type Item } from './items.js';
import { historyPartition, keyOf } from './keys.js';

/**
 * A row of a history: `d` data, `m` at, `e` readableUntil, `k` kept, `h` epoch, `n` nonce, `t` when it is
 * forgotten. Row 0 of a beginning holds no entry; it only says that the room begins here.
 */
export interface Entry extends HistoryEntry {
  /** Counts how often the room began, so that rows of an earlier time stay behind those of a later one. */
  readonly beginning: number;
  readonly epoch: string;
  /** Never earlier than that of the entry before, so that what can be read has no hole. Unix milliseconds. */
  readonly readableUntil: number;
  /** How many entries can be read, this one included, when it is the newest. */
  readonly kept: number;
  /** From then on the backend may delete the row, and the room begins again. Unix seconds. */
  readonly forgottenAt: number;
  /** Tells apart who wrote it: an answer may get lost. */
  readonly nonce: string;
}

/** Clocks of instances differ; a room is not forgotten by one while it is alive for another. */
const CLOCK_SLACK_MS = 60_000;

export function firstRow(previous: Entry | undefined, epoch: string, now: number): Entry {
  return {
    beginning: (previous?.beginning ?? 0) + 1,
    offset: 0,
    epoch,
    data: '',
    at: now,
    readableUntil: 0,
    kept: 0,
    forgottenAt: forgottenWhenRead(now),
    nonce: newNonce(),
  };
}

/** Twice as long as promised, so that a room which stays empty is written at most once in that time. */
export function forgottenWhenRead(now: number): number {
  return Math.ceil((now + 2 * CONNECTION_TTL_MS + CLOCK_SLACK_MS) / 1000);
}

export function nextEntry(newest: Entry, data: string, limits: HistoryLimits, now: number): Entry {
  const readableUntil = Math.max(now + limits.maxAgeMs, newest.readableUntil);
  const forgottenAt = Math.ceil((readableUntil + CONNECTION_TTL_MS + CLOCK_SLACK_MS) / 1000);
  return {
    beginning: newest.beginning,
    offset: newest.offset + 1,
    epoch: newest.epoch,
    data,
    at: now,
    readableUntil,
    kept: limits.maxEntries,
    forgottenAt: Math.max(forgottenAt, newest.forgottenAt),
    nonce: newNonce(),
  };
}

export function isForgotten({ forgottenAt }: Entry, now: number): boolean {
  return forgottenAt * 1000 <= now;
}

export function isReadable(entry: Entry, newest: Entry, now: number): boolean {
  const isOfThisTime = entry.beginning === newest.beginning && entry.offset > 0;
  return isOfThisTime && entry.offset > newest.offset - newest.kept && entry.readableUntil > now;
}

export function shown({ offset, data, at }: Entry): HistoryEntry {
  return { offset, data, at };
}

/** Text that sorts like the two numbers. */
export function entrySortKey({ beginning, offset }: Pick<Entry, 'beginning' | 'offset'>): string {
  return `${String(beginning).padStart(6, '0')}.${String(offset).padStart(15, '0')}`;
}

export function entryKey(room: string, entry: Pick<Entry, 'beginning' | 'offset'>): Item {
  return keyOf(historyPartition(room), entrySortKey(entry));
}

export function itemOf(room: string, entry: Entry): Item {
  return {
    ...entryKey(room, entry),
    // An empty text is kept as no text: not every backend takes empty ones.
    ...(entry.data === '' ? {} : { d: text(entry.data) }),
    m: number(entry.at),
    e: number(entry.readableUntil),
    k: number(entry.kept),
    h: text(entry.epoch),
    n: text(entry.nonce),
    t: number(entry.forgottenAt),
  };
}

export function entryIn(item: Item): Entry {
  const [beginning, offset] = (item['s']?.S ?? '').split('.').map(Number);
  return {
    beginning: beginning ?? NaN,
    offset: offset ?? NaN,
    epoch: item['h']?.S ?? '',
    data: item['d']?.S ?? '',
    at: numberIn(item, 'm'),
    readableUntil: numberIn(item, 'e'),
    kept: numberIn(item, 'k'),
    forgottenAt: numberIn(item, 't'),
    nonce: item['n']?.S ?? '',
  };
}

function newNonce(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(6))).toString('base64url');
}
