import { backoffMs } from '../base/backoff.js';
import { BroadcastError } from '../base/errors.js';
import { parseJson } from '../base/json.js';
import type { RecordStore } from '../model/records.js';
import type { ConnectionStore } from '../model/store.js';
import { sleep } from './sleep.js';

/** The form of what stands in records; a newer one is refused rather than misread. */
const VERSION = 1;

/** A record as a value, with the version that a write has to name. */
export interface Versioned<T> {
  readonly value: T;
  readonly version: string;
}

/** The store's records. Throws `INVALID_OPTIONS` when it has none. */
export function recordStoreOf({ name, records }: ConnectionStore): RecordStore {
  if (records !== undefined) return records;
  throw new BroadcastError(
    'INVALID_OPTIONS',
    `broadcast.fanout: the store '${name}' has no records, which workers need to share their progress; use another store`,
  );
}

export async function readJson<T>(records: RecordStore, key: string): Promise<Versioned<T> | undefined> {
  const record = await records.read(key);
  if (record === undefined) return undefined;
  const { v, ...value } = parseJson(record.value) as { v: number };
  if (v !== VERSION) {
    throw new BroadcastError(
      'INVALID_OPTIONS',
      `a record of the queue has version ${v}, this code supports ${VERSION}; deploy the same version everywhere`,
    );
  }
  return { value: value as T, version: record.version };
}

/**
 * Resolves with the new version, or `undefined` when somebody else has written since `ifVersion` was read.
 */
export async function writeJson(
  records: RecordStore,
  key: string,
  value: object,
  options: { readonly ifVersion: string | undefined; readonly ttlMs: number },
): Promise<string | undefined> {
  return records.write(key, JSON.stringify({ v: VERSION, ...value }), options);
}

/**
 * Tries of one change, with pauses of up to a second in the end: sixteen workers that end at once are done
 * long before.
 */
const MOST_TRIES = 40;
const FIRST_PAUSE_MS = 5;
const MAX_PAUSE_MS = 1000;

/**
 * Repeats reading and writing until nobody came in between. `change` returns `undefined` to leave the record
 * as it is. Resolves with the record as it stands then, `undefined` when there is none.
 */
export async function changeJson<T extends object>(
  records: RecordStore,
  key: string,
  change: (current: T) => { readonly value: T; readonly ttlMs: number } | undefined,
): Promise<T | undefined> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const current = await readJson<T>(records, key);
    if (current === undefined) return undefined;
    const changed = change(current.value);
    if (changed === undefined) return current.value;
    const { value, ttlMs } = changed;
    const version = await writeJson(records, key, value, { ifVersion: current.version, ttlMs });
    if (version !== undefined) return value;
    await sleep(backoffMs(tries, FIRST_PAUSE_MS, MAX_PAUSE_MS));
  }
  throw new BroadcastError('STORE_UNAVAILABLE', 'too many workers update the progress at the same time');
}
