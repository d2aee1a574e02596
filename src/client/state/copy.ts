import type { StatePage, StatePosition, StateRow } from '../../base/protocol.js';

/** A value that a page has. */
export interface StateEntry {
  readonly value: unknown;
  readonly version: number;
  /** On the client's clock; absent when it stays. */
  readonly endsAt: number | undefined;
}

/** Maps by name, of entries by key. */
export type StateEntries = Map<string, Map<string, StateEntry>>;

/** Whether anything differs in a key of a map, as it was and as it is. */
export type OnDifference = (
  map: string,
  key: string,
  previous: StateEntry | undefined,
  next: StateEntry | undefined,
) => void;

/** Changes that cover the versions behind `after`, up to `version`. */
export type StateFrame = Pick<StatePage, 'after' | 'version' | 'epoch' | 'rows'>;

/** A page's copy of a room's state. */
export interface StateCopy {
  /** It has every key whose last change is not above this. */
  readonly position: StatePosition | null;
  readonly entries: StateEntries;
  /** Whether what it has is from before a loss, and the new state is not complete yet. */
  readonly isStale: boolean;
  /** The server's answer. */
  take(page: StatePage): void;
  /** A frame, in whatever order it comes. Returns whether frames wait for one that is missing. */
  hear(frame: StateFrame): boolean;
  /** Removes what has ended. Returns when the next one ends. */
  expire(): number;
}

/** Frames beyond a gap that are kept; an answer brings what they would have. */
const MOST_EARLY = 200;

export function createStateCopy(now: () => number, onDifference: OnDifference): StateCopy {
  let position: StatePosition | null = null;
  let entries: StateEntries = new Map();
  /** Grows beside the entries after a loss, and takes their place when it is complete. */
  let shadow: StateEntries | undefined;
  let early: StateFrame[] = [];

  function put(rows: readonly StateRow[], above: number): void {
    const target = shadow ?? entries;
    for (const [map, key, version, ...rest] of rows) {
      if (version <= above) continue;
      const [value, ttlMs] = rest;
      const keys = target.get(map) ?? new Map<string, StateEntry>();
      const next =
        rest.length === 0
          ? undefined
          : { value, version, endsAt: ttlMs === undefined ? undefined : now() + ttlMs };
      replace(target, map, keys, key, next);
    }
  }

  function replace(
    target: StateEntries,
    map: string,
    keys: Map<string, StateEntry>,
    key: string,
    next: StateEntry | undefined,
  ): void {
    const previous = keys.get(key);
    if (next === undefined) keys.delete(key);
    else keys.set(key, next);
    target.set(map, keys);
    if (target === entries) differ(map, key, previous, next);
  }

  function differ(map: string, key: string, previous?: StateEntry, next?: StateEntry): void {
    if (JSON.stringify(previous?.value) !== JSON.stringify(next?.value))
      onDifference(map, key, previous, next);
  }

  function swap(): void {
    const before = entries;
    entries = shadow ?? entries;
    shadow = undefined;
    for (const map of new Set([...before.keys(), ...entries.keys()])) {
      const [old, fresh] = [before.get(map), entries.get(map)];
      for (const key of new Set([...(old?.keys() ?? []), ...(fresh?.keys() ?? [])]))
        differ(map, key, old?.get(key), fresh?.get(key));
    }
  }

  /** Takes the frames whose turn it is. */
  function release(): void {
    for (let isDone = false; !isDone;) {
      isDone = true;
      for (const frame of early) {
        if (position === null || !fits(frame, position)) continue;
        early = early.filter((one) => one !== frame);
        put(frame.rows, position.version);
        const { version } = frame;
        // Whoever has nothing yet is in no epoch.
        position = { ...position, epoch: frame.epoch, version: Math.max(version, position.version) };
        isDone = false;
      }
    }
    if (position !== null)
      early = early.filter((frame) => frame.epoch !== position?.epoch || frame.version > position.version);
  }

  return {
    get position() {
      return position;
    },
    get entries() {
      return entries;
    },
    get isStale() {
      return shadow !== undefined;
    },
    take({ reset, rows, more, version, epoch, base }) {
      if (reset === true || position === null) {
        shadow = new Map();
        position = { version: 0, epoch };
      }
      put(rows, position.version);
      position = { version: Math.max(version, position.version), epoch, ...(more && { base }) };
      if (!more && shadow !== undefined) swap();
      release();
    },
    hear(frame) {
      if (early.length < MOST_EARLY) early.push(frame);
      release();
      return early.length > 0;
    },
    expire() {
      let next = Infinity;
      for (const [map, keys] of entries) {
        for (const [key, { endsAt = Infinity }] of keys) {
          if (endsAt <= now()) replace(entries, map, keys, key, undefined);
          else next = Math.min(next, endsAt);
        }
      }
      return next;
    },
  };
}

function fits({ after, epoch }: StateFrame, position: StatePosition): boolean {
  return after <= position.version && (epoch === position.epoch || position.version === 0);
}

/** Whether it is a page, or a frame with `after`; whatever a server sends must not stop a client. */
export function isFrame(page: Partial<StatePage> | null | undefined): page is StatePage {
  const { after, version, epoch, rows } = page ?? {};
  return (
    Number.isSafeInteger(after) &&
    Number.isSafeInteger(version) &&
    typeof epoch === 'string' &&
    Array.isArray(rows) &&
    rows.every((row: unknown) => Array.isArray(row) && Number.isSafeInteger(row[2]))
  );
}
