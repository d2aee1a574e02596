import { BroadcastError } from '../base/errors.js';
import { checkName } from '../base/names.js';
import type { StatePosition } from '../base/protocol.js';
import type { StoredPage, StoredRow } from './state-page.js';

/** Longest value of a key, in bytes of UTF-8, as JSON. */
export const MAX_STATE_VALUE_BYTES = 32_768;
/** Most keys of a room, in all its maps. Deleted and expired keys count until the store forgets them. */
export const MAX_STATE_KEYS = 5000;
/** Most that the keys of a room can hold, in bytes of UTF-8: names and values. */
export const MAX_STATE_BYTES = 1_048_576;
/** Most changes that are made together. */
export const MAX_STATE_CHANGES = 20;

/** One key as it shall be. */
export interface StateChange {
  readonly map: string;
  readonly key: string;
  /** The value as JSON; without it, the key is deleted. */
  readonly value?: string | undefined;
  /** How long the value lives from now on, in milliseconds. Without it, until it is changed. */
  readonly ttlMs?: number | undefined;
  /** Change the key only if its last change has this version; 0: only if it is absent, deleted or expired. */
  readonly ifVersion?: number | undefined;
}

/** What became of changes that were made together: all of them were stored, or none. */
export type StateResult =
  | {
      readonly changed: true;
      /** The version of the last change; those before it have the versions before. */
      readonly position: StatePosition;
    }
  | {
      readonly changed: false;
      /** The keys whose version was another one, as they are. `version` 0 and no value: absent. */
      readonly rows: readonly StoredRow[];
    };

/**
 * Keys and values of a room: what a page must know that has just come. Names follow the rules of
 * `ConnectionStore`, as do errors and reads; a room needs no members.
 *
 * - **One counter per room.** Each change of a key takes the next version of its room, in the same step
 *   that stores it. There is no gap, whoever changes, also from two instances at once. A refused change takes
 *   none.
 * - **All or none.** Changes that are made together get consecutive versions, or none of them is stored.
 * - **One of two wins.** Of all changes of a key with one `ifVersion`, at most one is stored.
 * - **Sent twice, changed once.** A store that repeats a call whose answer was lost recognises its own
 *   change. Where it cannot, it says `STORE_UNAVAILABLE`, never that another one was faster.
 * - **Pages converge.** A page has the keys whose last change is above `since`, in the order of their
 *   versions, up to the head: the newest version when the first row was read. Deleted and expired keys are
 *   among them, as rows without a value. Whoever has everything up to `since` and takes one page after the
 *   other has everything up to `version`.
 * - **Reset.** Deleted and expired keys are kept for twice `CONNECTION_TTL_MS`, then forgotten. A reader
 *   that may have missed one of those gets `reset: true` and everything from the beginning; so does one of
 *   another epoch, and one beyond the head. One who stands at the head never is.
 * - **A lost change ends the epoch,** as in a history. A room is remembered for `CONNECTION_TTL_MS` after
 *   its last key has gone, and as long as there is a key; a room that nobody has changed stands at version 0
 *   of the epoch `''`.
 * - **Expiry.** A key is absent for every method and condition once `now` has reached the writer's `now` +
 *   `ttlMs`, whether or not the backend has deleted it. `now` is the clock of the instance that asks.
 * - **Bounds.** A change beyond {@link MAX_STATE_KEYS} or {@link MAX_STATE_BYTES} is `PAYLOAD_TOO_LARGE`,
 *   and nothing is stored.
 */
export interface StateStore {
  /** 1 to {@link MAX_STATE_CHANGES} changes, of different keys. */
  change(room: string, changes: readonly StateChange[]): Promise<StateResult>;
  /**
   * What was changed behind `since`; everything without it. At most `maxBytes` of JSON, but one row at least;
   * `more` tells whether to read again behind the position of the page.
   */
  read(
    room: string,
    options: { readonly since: StatePosition | null; readonly maxBytes: number },
  ): Promise<StoredPage>;
  /** One key, unless it is absent, deleted or expired. */
  get(room: string, map: string, key: string): Promise<StoredRow | undefined>;
}

/**
 * For stores: throws `INVALID_OPTIONS` for what cannot be changed together. The message never holds a value.
 */
export function checkStateChanges(room: string, changes: readonly StateChange[]): void {
  checkName(room, 'room');
  if (changes.length < 1 || changes.length > MAX_STATE_CHANGES) {
    throw invalid('changes', `expected 1 to ${MAX_STATE_CHANGES}, got ${changes.length}`);
  }
  const keys = new Set<string>();
  for (const change of changes) {
    checkStateChange(change);
    keys.add(JSON.stringify([change.map, change.key]));
  }
  if (keys.size < changes.length) throw invalid('changes', 'name each key once');
}

function checkStateChange({ map, key, value, ttlMs, ifVersion }: StateChange): void {
  checkName(map, 'map');
  checkName(key, 'key');
  if (value !== undefined) checkValue(value);
  else if (ttlMs !== undefined) throw invalid('ttlMs', 'a deleted key has no time to live');
  if (ttlMs !== undefined) checkInteger('ttlMs', ttlMs, 1);
  if (ifVersion !== undefined) checkInteger('ifVersion', ifVersion, 0);
}

function checkValue(value: unknown): void {
  if (typeof value !== 'string') throw invalid('value', 'expected JSON as a string');
  if (value.length * 3 > MAX_STATE_VALUE_BYTES && Buffer.byteLength(value) > MAX_STATE_VALUE_BYTES) {
    const message = `value: is longer than ${MAX_STATE_VALUE_BYTES} bytes`;
    throw new BroadcastError('PAYLOAD_TOO_LARGE', message);
  }
  if (value.includes('\0') || !value.isWellFormed()) {
    throw invalid(
      'value',
      'contains U+0000 or half a surrogate pair; write it as an escape sequence of JSON',
    );
  }
}

/** For stores: throws `INVALID_OPTIONS` for a position or a size that cannot be read. */
export function checkStateRead(
  room: string,
  { since, maxBytes }: { readonly since: StatePosition | null; readonly maxBytes: number },
): void {
  checkName(room, 'room');
  if (since !== null) checkInteger('since.version', since.version, 0);
  checkInteger('maxBytes', maxBytes, 1);
}

function checkInteger(what: string, value: number, min: number): void {
  if (Number.isSafeInteger(value) && value >= min) return;
  throw invalid(what, `expected a whole number, at least ${min}`);
}

function invalid(what: string, problem: string): BroadcastError {
  return new BroadcastError('INVALID_OPTIONS', `${what}: ${problem}`);
}

/** For stores: the error of a change for which the room has no place. */
export function stateTooLarge(what: 'keys' | 'bytes'): BroadcastError {
  const limit = what === 'keys' ? `${MAX_STATE_KEYS} keys` : `${MAX_STATE_BYTES} bytes`;
  return new BroadcastError(
    'PAYLOAD_TOO_LARGE',
    `state: the room has ${limit} already, deleted keys included`,
  );
}
