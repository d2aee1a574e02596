import { BroadcastError } from '../../base/errors.js';
import type { StatePosition } from '../../base/protocol.js';
import { checkAgainst, stateMapOf, type Contract } from '../../model/contract.js';
import type { StateChange, StateResult, StateStore } from '../../model/state.js';
import type { StoredPage, StoredRow } from '../../model/state-page.js';
import type { ConnectionStore } from '../../model/store.js';
import { stateText } from './frame.js';

/** The state of rooms, as the server keeps it and tells of it. */
export interface RoomStates {
  /**
   * Stores changes, all or none, then tells everybody in the room, except for the connection that gets them
   * otherwise.
   */
  change(room: string, changes: readonly StateChange[], exceptId?: string): Promise<StateResult>;
  get(room: string, map: string, key: string): Promise<StoredRow | undefined>;
  read(room: string, since: StatePosition | null, maxBytes: number): Promise<StoredPage>;
  /** The JSON of a value, checked against the contract. Throws `INVALID_OPTIONS`. */
  encode(map: string, value: unknown): string;
  /** How long a key of the map lives, unless its change says otherwise. */
  ttlMsOf(map: string): number | undefined;
}

export interface StateDeps {
  readonly store: ConnectionStore;
  readonly contract: Contract | undefined;
  /** Sends to everybody in the room, except for a connection. */
  readonly announce: (room: string, text: string, exceptId: string | undefined) => Promise<unknown>;
}

export function createRoomStates({ store, contract, announce }: StateDeps): RoomStates {
  const state = stateStoreOf(store, 'rooms.state');
  return {
    async change(room, changes, exceptId) {
      const result = await state.change(room, changes);
      // Stored first, listed then: whoever joins in between has read it, or is listed.
      if (!result.changed) return result;
      const text = stateText(room, result.position, changedRows(changes, result.position));
      // What is stored is stored: to fail now would make the caller try again, and find its own key taken.
      // Pages see that something is missing, and ask.
      await announce(room, text, exceptId).catch(() => undefined);
      return result;
    },
    get: async (room, map, key) => state.get(room, map, key),
    read: async (room, since, maxBytes) => state.read(room, { since, maxBytes }),
    encode(map, value) {
      const spec = stateMapOf(contract, map);
      const what = `a value of the map '${map}'`;
      return encodeChecked(map, spec === undefined ? value : checkAgainst(spec.value, value, what));
    },
    ttlMsOf: (map) => stateMapOf(contract, map)?.ttlMs,
  };
}

/** What the changes have made of their keys: they have the versions up to that of the position. */
export function changedRows(
  changes: readonly StateChange[],
  { version }: StatePosition,
): readonly StoredRow[] {
  const first = version - changes.length + 1;
  return changes.map(({ map, key, value, ttlMs }, index) => ({
    map,
    key,
    version: first + index,
    value,
    ttlMs,
  }));
}

/** The JSON of a value that fits the contract. Throws `INVALID_OPTIONS` when there is none. */
export function encodeChecked(map: string, value: unknown): string {
  const text = jsonOf(value);
  if (text !== undefined) return text;
  throw new BroadcastError('INVALID_OPTIONS', `a value of the map '${map}' cannot be written as JSON`);
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** The store's state of rooms. Throws `INVALID_OPTIONS` that names what needs it when it has none. */
export function stateStoreOf({ name, state }: ConnectionStore, what: string): StateStore {
  if (state !== undefined) return state;
  throw new BroadcastError(
    'INVALID_OPTIONS',
    `${what}: the store '${name}' does not keep the state of rooms; use another store`,
  );
}
