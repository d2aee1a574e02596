import type { StatePage, StatePosition, StateRow } from '../../base/protocol.js';

/** A value that a page has. */
export interface StateEntry {
  readonly map: string;
  readonly key: string;
  readonly value: unknown;
  readonly version: number;
  /** On the client's clock; `Infinity` when it stays. */
  readonly endsAt: number;
}

/** By {@link idOf}. */
export type StateEntries = Map<string, StateEntry>;

/** A key of a map differs from how it was. */
export type OnDifference = (map: string, key: string, previous: unknown, value: unknown) => void;

/** Changes that cover the versions behind `after`, up to `version`. */
export type StateFrame = Pick<StatePage, 'after' | 'version' | 'epoch' | 'rows'>;

/** A page's copy of a room's state. */
export interface StateCopy {
  /**
   * It has every key whose last change is not above this. `null` when it has to be read from the beginning.
   */
  readonly position: StatePosition | null;
  readonly entries: StateEntries;
  /** Whether what it has is from before a loss, and the new state is not complete yet. */
  readonly isStale: boolean;
  /** Frames that wait for one that is missing. */
  readonly early: readonly StateFrame[];
  /**
   * The server's answer to a question. Frames that waited already when it was asked (`before`) wait no longer
   * than for this: what they would have brought is in the answer, or of an epoch that is over. Returns false
   * for the answer to another position.
   */
  take(page: StatePage, before: readonly StateFrame[]): boolean;
  /** A frame, in whatever order it comes. */
  hear(frame: StateFrame): void;
  /** Removes what has ended. Returns when the next one ends. */
  expire(): number;
}

/** Frames beyond a gap that are kept; an answer brings what they would have. */
const MOST_EARLY = 200;

/**
 * What ended so long before it was seen was slept over, or the machine's clock was set forward and the key
 * has not ended at all: the state is read anew. Browsers let hidden pages look once a minute.
 */
const LEAP_MS = 120_000;

/** Names hold no U+0000. */
export const idOf = (map: string, key: string): string => `${map}\0${key}`;

export function createStateCopy(now: () => number, onDifference: OnDifference): StateCopy {
  let position: StatePosition | null = null;
  let entries: StateEntries = new Map();
  /** Grows beside the entries after a loss, and takes their place when it is complete. */
  let shadow: StateEntries | undefined;
  let early: readonly StateFrame[] = [];

  function differ(previous: StateEntry | undefined, next: StateEntry | undefined): void {
    const { map = '', key = '' } = next ?? previous ?? {};
    if (JSON.stringify(previous?.value) !== JSON.stringify(next?.value))
      onDifference(map, key, previous?.value, next?.value);
  }

  function replace(target: StateEntries, id: string, next?: StateEntry): void {
    const previous = target.get(id);
    if (next === undefined) target.delete(id);
    else target.set(id, next);
    if (target === entries) differ(previous, next);
  }

  function put(rows: readonly StateRow[], above: number): void {
    for (const [map, key, version, ...rest] of rows) {
      if (version <= above) continue;
      const [value, ttlMs = Infinity] = rest;
      const next = { map, key, value, version, endsAt: now() + ttlMs };
      replace(shadow ?? entries, idOf(map, key), rest.length > 0 ? next : undefined);
    }
  }

  function swap(fresh: StateEntries): void {
    const before = entries;
    expire(fresh);
    entries = fresh;
    shadow = undefined;
    for (const id of new Set([...before.keys(), ...entries.keys()])) differ(before.get(id), entries.get(id));
  }

  /** Takes the frames whose turn it is. */
  function release(): void {
    let next: StateFrame | undefined;
    while (position !== null && (next = early.find(fits)) !== undefined) {
      const { epoch, rows, version } = next;
      early = early.filter((frame) => frame !== next);
      put(rows, position.version);
      position = { ...position, epoch, version: Math.max(version, position.version) };
    }
  }

  /** Whoever has nothing yet is in no epoch. */
  function fits({ after, epoch }: StateFrame): boolean {
    const at = position ?? { version: 0, epoch };
    return after <= at.version && (epoch === at.epoch || at.version === 0);
  }

  function expire(target: StateEntries): number {
    let next = Infinity;
    for (const [id, { endsAt }] of target) {
      if (endsAt > now()) next = Math.min(next, endsAt);
      else replace(target, id);
      if (endsAt < now() - LEAP_MS && target === entries) position = null;
    }
    return next;
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
    get early() {
      return early;
    },
    take(page, before) {
      const { reset, rows, more, version, epoch, base } = page;
      if (reset === true) position = null;
      if (!fits(page)) return false;
      if (position === null) shadow = new Map();
      const above = position?.version ?? 0;
      put(rows, above);
      position = { version: Math.max(version, above), epoch, ...(more && { base }) };
      if (!more) {
        early = early.filter((frame) => !before.includes(frame));
        if (shadow !== undefined) swap(shadow);
      }
      release();
      return true;
    },
    hear(frame) {
      early = [...early.slice(0, MOST_EARLY), frame];
      release();
      early = early.slice(0, MOST_EARLY);
    },
    expire: () => expire(entries),
  };
}

/** Whether it is a page, or a frame with `after`; whatever a server sends must not stop a client. */
export function isFrame(page: Partial<StatePage> | null | undefined): page is StatePage {
  const { after, version, epoch, rows } = page ?? {};
  const isInteger = Number.isSafeInteger;
  return (
    isInteger(after) &&
    isInteger(version) &&
    typeof epoch === 'string' &&
    Array.isArray(rows) &&
    rows.every((row: unknown) => {
      const [map, key, at, , ttlMs = 0] = Array.isArray(row) ? (row as unknown[]) : [];
      return typeof map === 'string' && typeof key === 'string' && isInteger(at) && isInteger(ttlMs);
    })
  );
}
