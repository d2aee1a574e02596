import { randomUUID } from 'node:crypto';
import { checkName } from '../../base/names.js';
import { checkRecord, type RecordStore, type StoredRecord } from '../../model/records.js';

interface KeptRecord extends StoredRecord {
  /** In Unix milliseconds. */
  readonly expiresAt: number;
}

/** A write sweeps out expired records when there are this many, or twice as many as the last sweep left. */
const MIN_RECORDS_PER_SWEEP = 1000;

/** Records in the memory of this process, lost with it. */
export function memoryRecords(now: () => number): RecordStore {
  const records = new Map<string, KeptRecord>();
  let sweepAt = MIN_RECORDS_PER_SWEEP;

  function current(key: string): KeptRecord | undefined {
    const record = records.get(checkName(key, 'key'));
    return record !== undefined && record.expiresAt > now() ? record : undefined;
  }

  function sweep(): void {
    if (records.size < sweepAt) return;
    for (const [key, { expiresAt }] of records) if (expiresAt <= now()) records.delete(key);
    sweepAt = Math.max(MIN_RECORDS_PER_SWEEP, 2 * records.size);
  }

  return {
    async read(key) {
      const record = current(key);
      return record && { value: record.value, version: record.version };
    },
    async write(key, value, options) {
      checkRecord(key, value, options);
      if (current(key)?.version !== options.ifVersion) return undefined;
      sweep();
      const version = randomUUID();
      records.set(key, { value, version, expiresAt: now() + options.ttlMs });
      return version;
    },
    async remove(key) {
      records.delete(checkName(key, 'key'));
    },
  };
}
