import { BroadcastError } from '../base/errors.js';
import { copiesOf } from '../server/fanout/copies.js';
import { acceptanceOf } from '../server/fanout/filter.js';
import {
  changeBroadcast,
  readFilter,
  readText,
  withSummary,
  type BroadcastRecord,
} from './broadcast-record.js';
import type { Job } from './job.js';
import { busyMs, putJob } from './requeue.js';
import { ended } from './progress.js';
import { claimShard, type Claim, type ShardProgress } from './shard-record.js';
import type { WorkDeps } from './work-deps.js';
import { goThroughShard, type Left } from './work-shard.js';

/**
 * Does one job, as far as time allows. A job can come twice, late, or while another worker has its shard:
 * what counts is the shard's record. Whoever leaves a shard unfinished has put a job for it into the queue
 * before, or rejects, so that this job comes again: a shard without a job would be lost.
 */
export async function workJob(parts: WorkDeps, job: Job, broadcast: BroadcastRecord): Promise<void> {
  const { fanout, records } = parts;
  const { leaseMs, now } = fanout;
  const { keptUntil, after } = broadcast;
  const { id, shard, turn } = job;
  const result = await claimShard({ records, id, shard, turn, after, leaseMs, keptUntil, now });
  switch (result.kind) {
    case 'outdated':
      return;
    case 'busy':
      return putJob(parts, job, busyMs(result.until - now()));
    case 'ended':
      return notify(parts, job, result.progress);
    case 'mine':
      return work(parts, job, result.claim, broadcast);
  }
}

async function work(parts: WorkDeps, job: Job, claim: Claim, broadcast: BroadcastRecord): Promise<void> {
  const left = await go(parts, job, claim, broadcast);
  await notify(parts, job, claim.progress);
  // Somebody else has the shard, and may be lost in turn.
  if (left === 'lost') await putJob(parts, job, busyMs(parts.fanout.leaseMs));
}

async function go(parts: WorkDeps, job: Job, claim: Claim, broadcast: BroadcastRecord): Promise<Left> {
  const page = { isUnwritten: false };
  try {
    return await goThroughShard({
      ...parts,
      job,
      claim,
      broadcast,
      accepts: await acceptanceFor(parts, job, broadcast),
      makePayload: async () =>
        copiesOf(parts.deps, broadcast.audience, await textOf(parts, job), broadcast.places),
      onPage: (begins) => {
        page.isUnwritten = begins;
      },
    });
  } catch (reason) {
    const error = BroadcastError.from(reason);
    const { progress } = claim;
    if (isLasting(error)) {
      await claim.release(ended(progress, 'abandoned'));
      await notify(parts, job, claim.progress);
    } else {
      // So that the job that comes again need not wait for the lease. If it fails as well, the lease does it.
      await claim
        .release({ ...progress, restarts: progress.restarts + (page.isUnwritten ? 1 : 0) })
        .catch(() => false);
    }
    throw error;
  }
}

async function acceptanceFor({ records }: WorkDeps, { id }: Job, { filtered }: BroadcastRecord) {
  if (!filtered) return undefined;
  const filter = await readFilter(records, id);
  if (filter === undefined) throw lost('filter');
  return acceptanceOf({ except: new Set(filter.except), where: filter.where });
}

async function textOf({ records }: WorkDeps, { id }: Job): Promise<string> {
  const text = await readText(records, id);
  if (text === undefined) throw lost('message');
  return text;
}

function lost(what: string): BroadcastError {
  return new BroadcastError('INVALID_OPTIONS', `the ${what} of a job is no longer in the store`);
}

/** Adds what a shard has come to to the record of the broadcast. */
async function notify(
  { records, fanout }: WorkDeps,
  { id, shard }: Job,
  progress: ShardProgress,
): Promise<void> {
  const now = fanout.now();
  await changeBroadcast(records, id, now, (record) => withSummary(record, shard, progress, now));
}

/** Whether a job will fail the same way whenever it is tried. */
export function isLasting({ code }: BroadcastError): boolean {
  return code === 'INVALID_EVENT' || code === 'INVALID_OPTIONS' || code === 'PAYLOAD_TOO_LARGE';
}
