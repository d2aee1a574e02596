import { BroadcastError } from '../base/errors.js';
import { MAX_RECORD_BYTES, type RecordStore } from '../model/records.js';
import { keepFilter, keepText, type BroadcastRecord } from './broadcast-record.js';
import { encodeJob } from './job.js';
import type { QueueMessage } from './message-queue.js';
import { isFiltered, type PortableFilter } from './portable-filter.js';

/** A broadcast whose record is written. */
export interface Prepared {
  readonly id: string;
  readonly record: BroadcastRecord;
  readonly text: string;
  readonly filter: PortableFilter;
  /** The clock, in Unix milliseconds. */
  readonly now: number;
}

/**
 * Keeps what the jobs of a broadcast are about, and makes one for each shard. Doing it twice does no harm.
 */
export async function makeJobs(
  records: RecordStore,
  { id, record, text, filter, now }: Prepared,
): Promise<QueueMessage[]> {
  const ttlMs = Math.max(1, Math.ceil(record.keptUntil - now));
  await keepText(records, id, text, ttlMs);
  if (isFiltered(filter)) await keepFilter(records, id, filter, ttlMs);
  const { key, shards } = record;
  return Array.from({ length: shards }, (_, shard) => ({ body: encodeJob({ id, key, shard, turn: 0 }) }));
}

/** Throws `INVALID_OPTIONS` that names the remedy when a filter is too large to be kept. */
export function checkFilterSize(filter: PortableFilter): void {
  if (!isFiltered(filter) || Buffer.byteLength(JSON.stringify(filter)) < MAX_RECORD_BYTES - 100) return;
  throw new BroadcastError(
    'INVALID_OPTIONS',
    `except and where: with ${filter.except.length} exceptions, they do not fit into a record of ${MAX_RECORD_BYTES} bytes; ` +
      'mark those connections by an attribute and use where({ … })',
  );
}
