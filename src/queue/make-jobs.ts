import { BroadcastError } from '../base/errors.js';
import type { RecordStore } from '../model/records.js';
import { keepText } from './broadcast-record.js';
import { encodeJob, type Job } from './job.js';
import type { QueueMessage } from './message-queue.js';
import type { FanoutSettings } from './options.js';

/** Jobs in one request of the queue, and so how small they should be to go with one. */
const JOBS_PER_REQUEST = 10;

/** What the jobs of a broadcast have in common. */
export interface JobParts extends Omit<Job, 'shard' | 'turn'> {
  readonly text: string;
  readonly keptUntil: number;
}

/**
 * One job for each shard. A message that would not let ten of them go with one request is kept in the store instead (a
 * claim check): it is written once rather than with every job and every time that one is passed on.
 */
export async function makeJobs(
  records: RecordStore,
  { queue, now }: FanoutSettings,
  { text, keptUntil, ...common }: JobParts,
): Promise<QueueMessage[]> {
  const most = Math.floor(queue.maxBodyBytes / JOBS_PER_REQUEST);
  const bodyOf = (shard: number, inline: string | undefined): string =>
    encodeJob({ ...common, shard, turn: 0, text: inline });
  const isLarge = Buffer.byteLength(bodyOf(common.of - 1, text)) > most;
  if (isLarge) {
    if (Buffer.byteLength(bodyOf(common.of - 1, undefined)) > most) throw tooManyExceptions(common, most);
    await keepText(records, common.id, text, Math.max(1, Math.ceil(keptUntil - now())));
  }
  const shards = Array.from({ length: common.of }, (_, shard) => shard);
  return shards.map((shard) => ({ body: bodyOf(shard, isLarge ? undefined : text) }));
}

function tooManyExceptions({ except }: Pick<Job, 'except'>, most: number): BroadcastError {
  return new BroadcastError(
    'INVALID_OPTIONS',
    `except and where: with ${except.length} exceptions they do not fit into a job of ${most} bytes; ` +
      'mark those connections by an attribute and use where({ … })',
  );
}
