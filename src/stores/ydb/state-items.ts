import { ENDED_ROW_MS, type KeptRow, type StateHead } from '../../model/state-page.js';
import { number, numberIn, text, type Item } from './items.js';
import { keyOf, statePartition } from './keys.js';

/** A change that the head remembers, to recognise it when its answer was lost. */
export interface Call {
  readonly nonce: string;
  /** The version of its last change. */
  readonly version: number;
}

/**
 * The head of a room: `v` version, `h` epoch, `f` floor, `k` keys, `b` bytes, `y` staying, `l` lastEnd, `w`
 * sweepAt, `c` sweptAt, `o` calls, `t` when the backend may delete it: never while a key has no end.
 */
export interface Head extends StateHead {
  /** Rows that are not forgotten, what they take, and how many of them have no end. */
  readonly keys: number;
  readonly bytes: number;
  readonly staying: number;
  /** No row ends later. */
  readonly lastEnd: number;
  /** No row is to be forgotten earlier; absent when none ends. */
  readonly sweepAt: number | undefined;
  /** What was to be forgotten then is not counted any more, whether or not the backend has deleted it. */
  readonly sweptAt: number;
  readonly calls: readonly Call[];
}

/** The last changes that a head remembers. */
export const MAX_CALLS = 16;
/**
 * How long after it is forgotten the backend may delete a row: until then the next change knows its version.
 */
const SLACK_MS = 60 * 60_000;
/** Before all others. */
const HEAD = '-';
/** Sort keys may have 1,024 bytes in DynamoDB; YDB does not say. A few of them are ours. */
const LONGEST_PLAIN_BYTES = 1000;

export function newHead(): Head {
  const none = { version: 0, floor: 0, keys: 0, bytes: 0, staying: 0, lastEnd: 0, sweptAt: 0 };
  return { ...none, epoch: crypto.randomUUID(), sweepAt: undefined, calls: [] };
}

export function headKey(room: string): Item {
  return keyOf(statePartition(room), HEAD);
}

export function isHead({ s }: Item): boolean {
  return s?.S === HEAD;
}

export function headItem(room: string, head: Head): Item {
  const { version, epoch, floor, keys, bytes, staying, lastEnd, sweepAt, sweptAt, calls } = head;
  return {
    ...headKey(room),
    v: number(version),
    h: text(epoch),
    f: number(floor),
    k: number(keys),
    b: number(bytes),
    y: number(staying),
    l: number(lastEnd),
    c: number(sweptAt),
    o: text(calls.map(({ nonce, version: last }) => `${nonce}:${last}`).join(' ')),
    ...(sweepAt === undefined ? {} : { w: number(sweepAt) }),
    ...(staying > 0 ? {} : { t: deletableAfter(lastEnd) }),
  };
}

export function headIn(item: Item): Head {
  return {
    version: numberIn(item, 'v'),
    epoch: item['h']?.S ?? '',
    floor: numberIn(item, 'f'),
    keys: numberIn(item, 'k'),
    bytes: numberIn(item, 'b'),
    staying: numberIn(item, 'y'),
    lastEnd: numberIn(item, 'l'),
    sweepAt: item['w'] === undefined ? undefined : numberIn(item, 'w'),
    sweptAt: numberIn(item, 'c'),
    calls: (item['o']?.S ?? '').split(' ').map((call) => {
      const [nonce = '', version] = call.split(':');
      return { nonce, version: Number(version) };
    }),
  };
}

/**
 * Whether the backend may have deleted a row whose version is in no floor: nobody has changed the room since
 * it was to be forgotten. Half of the slack is for clocks, and for the time between two looks.
 */
export function mayLackRows({ sweepAt }: Head, now: number): boolean {
  return sweepAt !== undefined && now >= sweepAt + SLACK_MS / 2;
}

/** A key of a room: its name in maps of this process. */
export function nameOf({ map, key }: Pick<KeptRow, 'map' | 'key'>): string {
  return `${map}\0${key}`;
}

/**
 * The names are in the sort key; those that are too long stand in `m` and `k`, and the sort key has their
 * digest.
 */
export function rowKey(room: string, row: Pick<KeptRow, 'map' | 'key'>): Item {
  return keyOf(statePartition(room), isLong(row) ? `#${digestOf(row)}` : plainKey(row));
}

function plainKey({ map, key }: Pick<KeptRow, 'map' | 'key'>): string {
  return `k${map.length}.${map}${key}`;
}

function isLong(row: Pick<KeptRow, 'map' | 'key'>): boolean {
  return Buffer.byteLength(plainKey(row)) > LONGEST_PLAIN_BYTES;
}

function digestOf(row: Pick<KeptRow, 'map' | 'key'>): string {
  const { createHash } = process.getBuiltinModule('node:crypto');
  return createHash('sha256').update(nameOf(row)).digest('base64url');
}

/**
 * A row: `v` version, `d` value, `x` deleted, `e` when it ends, `t` when the backend may delete it, `m` and
 * `k` names.
 */
export function rowItem(room: string, row: KeptRow): Item {
  const { map, key, version, value, endsAt } = row;
  return {
    ...rowKey(room, row),
    ...(isLong(row) ? { m: text(map), k: text(key) } : {}),
    v: number(version),
    // An empty text is kept as no text: not every backend takes empty ones.
    ...(value === undefined ? { x: { BOOL: true } } : value === '' ? {} : { d: text(value) }),
    ...(endsAt === undefined ? {} : { e: number(endsAt), t: deletableAfter(endsAt) }),
  };
}

export function rowIn(item: Item): KeptRow {
  const names = item['s']?.S ?? '';
  const dot = names.indexOf('.');
  const end = dot + 1 + Number(names.slice(1, dot));
  return {
    map: item['m']?.S ?? names.slice(dot + 1, end),
    key: item['k']?.S ?? names.slice(end),
    version: numberIn(item, 'v'),
    value: item['x']?.BOOL === true ? undefined : (item['d']?.S ?? ''),
    endsAt: item['e'] === undefined ? undefined : numberIn(item, 'e'),
  };
}

function deletableAfter(end: number) {
  return number(Math.ceil((end + ENDED_ROW_MS + SLACK_MS) / 1000));
}
