import { BroadcastError } from '../base/errors.js';
import { checkName } from '../base/names.js';

/**
 * Most that a record can hold, in bytes of UTF-8: as much as a message of the queue, and less than a row of
 * any store.
 */
export const MAX_RECORD_BYTES = 262_144;

/** A record as it was read. */
export interface StoredRecord {
  /** The text that was written, unchanged. */
  readonly value: string;
  /** Belongs to this one write; pass it as `ifVersion` to change what was read and nothing else. */
  readonly version: string;
}

/** The condition of a write, and how long it holds. */
export interface RecordWriteOptions {
  /**
   * Write only if the record still has this version; `undefined`: only if there is none, or it has expired.
   */
  readonly ifVersion: string | undefined;
  /** How long the record is kept from now on, in milliseconds: a whole number, at least 1. */
  readonly ttlMs: number;
}

/**
 * A text under a key, for what instances share but what is not a connection. Keys follow the rules for names
 * of `ConnectionStore`, as do errors and reads; a key has nothing to do with a room or a connection of that
 * name.
 *
 * - **One of two wins.** Of all writes with one `ifVersion`, from whichever instances and at whatever time,
 *   at most one resolves with a version, and what is read afterwards is its value. No version is given out
 *   twice, not even after the record was removed or has expired, so a write that comes late changes nothing.
 * - **Sent twice, written once.** A store that repeats a call whose answer was lost recognises its own
 *   write, also when another one has replaced it since: it does not answer that another one was faster. A
 *   repeated removal leaves what was written since. Where the store cannot tell, it rejects with
 *   `STORE_UNAVAILABLE`.
 * - **Failover.** A backend that comes back older than what it acknowledged has the record as it was before
 *   the lost writes. Their versions are never valid again.
 * - **Expiry.** A record is absent for every method once `now` has reached the writer's `now` + `ttlMs`,
 *   whether or not the backend has deleted it. `now` is the clock of the instance that asks. Each write
 *   begins a new time.
 * - **Values** are texts of at most {@link MAX_RECORD_BYTES} without U+0000 and without half a surrogate
 *   pair; `INVALID_OPTIONS` otherwise. The empty text is one.
 */
export interface RecordStore {
  read(key: string): Promise<StoredRecord | undefined>;
  /**
   * Resolves with the new version, or with `undefined` when the record has another version than `ifVersion`.
   */
  write(key: string, value: string, options: RecordWriteOptions): Promise<string | undefined>;
  /** Removes the record, whatever its version. Unknown keys are fine. */
  remove(key: string): Promise<void>;
}

/** For stores: throws `INVALID_OPTIONS` for what no record can be. The message never holds the value. */
export function checkRecord(key: string, value: string, { ttlMs }: RecordWriteOptions): void {
  checkName(key, 'key');
  const problem = problemOf(value);
  if (problem !== undefined) throw new BroadcastError('INVALID_OPTIONS', `value: ${problem}`);
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 1) {
    throw new BroadcastError('INVALID_OPTIONS', 'ttlMs: expected a whole number, at least 1');
  }
}

function problemOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'expected a string';
  if (value.length * 3 > MAX_RECORD_BYTES && Buffer.byteLength(value) > MAX_RECORD_BYTES) {
    return `is longer than ${MAX_RECORD_BYTES} bytes; split it over several keys`;
  }
  return value.includes('\0') || !value.isWellFormed() ? 'holds U+0000 or half a surrogate pair' : undefined;
}
