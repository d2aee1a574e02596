import { BroadcastError } from '../../base/errors.js';
import { checkName } from '../../base/names.js';
import type { StatePosition } from '../../base/protocol.js';
import type { Contract, StateInputOf, StateMapOf, StateValueOf } from '../../model/contract.js';
import type { StateChange, StateResult } from '../../model/state.js';
import type { StoredRow } from '../../model/state-page.js';
import type { RoomStates } from './states.js';

/** A value of a map, with the version of its last change. */
export interface MapEntry<Value> {
  readonly value: Value;
  /** Grows with every change in the room. Pass it as `ifVersion` to change what was read and nothing else. */
  readonly version: number;
  /** How long it still lives, in milliseconds; absent when it stays. */
  readonly ttlMs?: number;
}

/** What became of a change. */
export type MapChange<Value> =
  | { readonly changed: true; readonly version: number; readonly value: Value | undefined }
  /** The key had another version: nothing was changed. `version` 0 and no value: it is absent. */
  | { readonly changed: false; readonly version: number; readonly value: Value | undefined };

/** On which condition a key is changed, and for how long. */
export interface SetOptions {
  /** Only if the key is absent, deleted or expired. @default false */
  readonly ifNew?: boolean | undefined;
  /** Only if its last change has this version. */
  readonly ifVersion?: number | undefined;
  /** How long the value lives, in milliseconds. Default: the map's `ttlMs` in the contract. */
  readonly ttlMs?: number | undefined;
}

/**
 * One map of a room's state: what everybody in the room has, and whoever comes gets. Every change is stored,
 * then told to the room in one small frame. Keys are names: 1 to 1,024 bytes. A value takes 32,768 bytes of
 * JSON, a room 5,000 keys and 1,048,576 bytes in all its maps; beyond that a change rejects with
 * `PAYLOAD_TOO_LARGE`.
 *
 * A change resolves when it is stored and told. Whom it did not reach asks for it: the numbers show what is
 * missing.
 */
export interface RoomMap<K extends Contract, M extends StateMapOf<K>> {
  /** Sets a key. The value it has already counts as a change: it begins a new time to live. */
  set(key: string, value: StateInputOf<K, M>, options?: SetOptions): Promise<MapChange<StateValueOf<K, M>>>;
  /**
   * Reads a key, and sets what `change` makes of its value, `undefined` for one that is absent; if another
   * change comes in between, again. `change` may run several times. What it returns as `undefined` leaves the
   * key as it is. Rejects with `CONFLICT` after ten tries.
   */
  update(
    key: string,
    change: (value: StateValueOf<K, M> | undefined) => StateInputOf<K, M> | undefined,
    options?: Pick<SetOptions, 'ttlMs'>,
  ): Promise<MapChange<StateValueOf<K, M>>>;
  /** Deletes a key. One that is absent counts as a change, too. */
  delete(key: string, options?: Pick<SetOptions, 'ifVersion'>): Promise<MapChange<StateValueOf<K, M>>>;
  get(key: string): Promise<MapEntry<StateValueOf<K, M>> | undefined>;
  /** All keys that have a value, in no particular order. */
  entries(): Promise<ReadonlyMap<string, MapEntry<StateValueOf<K, M>>>>;
}

const MOST_TRIES = 10;
/** Longest pause before another try, in milliseconds; it grows with the tries. */
const PAUSE_MS = 20;
/** Size of a page when all is read. */
const PAGE_BYTES = 262_144;

export function createRoomMap<K extends Contract, M extends StateMapOf<K>>(
  states: RoomStates,
  room: string,
  map: M,
): RoomMap<K, M> {
  type Value = StateValueOf<K, M>;
  checkName(room, 'state.room');
  // Throws when the contract has no such map.
  states.ttlMsOf(checkName(map, 'state.map'));

  const entryOf = ({ value, version, ttlMs }: StoredRow): MapEntry<Value> => ({
    value: JSON.parse(value as string) as Value,
    version,
    ...(ttlMs === undefined ? {} : { ttlMs }),
  });

  async function change(key: string, one: Omit<StateChange, 'map' | 'key'>): Promise<MapChange<Value>> {
    checkName(key, 'key');
    const result = await states.change(room, [{ map, key, ...one }]);
    return result.changed ? changedTo(result, one.value) : refused(result);
  }

  function changedTo({ position }: StateResult & { changed: true }, value: string | undefined) {
    const parsed = value === undefined ? undefined : (JSON.parse(value) as Value);
    return { changed: true, version: position.version, value: parsed } as const;
  }

  function refused({ rows: [row] }: StateResult & { changed: false }) {
    const value = row?.value === undefined ? undefined : (JSON.parse(row.value) as Value);
    return { changed: false, version: row?.version ?? 0, value } as const;
  }

  const roomMap: RoomMap<K, M> = {
    set: async (key, value, { ifNew = false, ifVersion, ttlMs = states.ttlMsOf(map) } = {}) =>
      change(key, { value: states.encode(map, value), ifVersion: ifNew ? 0 : ifVersion, ttlMs }),
    async update(key, changeTo, options) {
      for (let tries = 1; tries <= MOST_TRIES; tries++) {
        const entry = await roomMap.get(key);
        const value = changeTo(entry?.value);
        const version = entry?.version ?? 0;
        if (value === undefined) return { changed: false, version, value: entry?.value };
        const result = await roomMap.set(key, value, { ...options, ifVersion: version });
        if (result.changed) return result;
        await pause(Math.random() * PAUSE_MS * tries);
      }
      throw new BroadcastError('CONFLICT', `state: '${key.slice(0, 64)}' was changed in between ten times`);
    },
    delete: (key, options = {}) => change(key, { ifVersion: options.ifVersion }),
    async get(key) {
      const row = await states.get(room, map, checkName(key, 'key'));
      return row === undefined ? undefined : entryOf(row);
    },
    async entries() {
      const rows = await allRows(states, room);
      const own = [...rows.values()].filter((row) => row.map === map && row.value !== undefined);
      return new Map(own.map((row) => [row.key, entryOf(row)]));
    },
  };
  return roomMap;
}

/** The rows of a room as they are when the last page is read. */
async function allRows(states: RoomStates, room: string): Promise<ReadonlyMap<string, StoredRow>> {
  const known = new Map<string, StoredRow>();
  for (let since: StatePosition | null = null; ;) {
    const { rows, more, version, epoch, base, reset } = await states.read(room, since, PAGE_BYTES);
    if (reset === true) known.clear();
    for (const row of rows) known.set(JSON.stringify([row.map, row.key]), row);
    if (!more) return known;
    since = { version, epoch, ...(base === undefined ? {} : { base }) };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
