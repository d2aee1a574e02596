import type { StoredConnection } from '../model/connection.js';
import { publish } from '../model/diagnostics.js';
import { createListing, type Listing } from '../server/fanout/listing.js';
import type { PayloadSource } from '../server/fanout/send-to.js';
import { readBroadcast, withSummary, writeBroadcast, type BroadcastRecord } from './broadcast-record.js';
import type { Job } from './job.js';
import { putJob, waitMs } from './requeue.js';
import { afterPage, afterLaterTry, ended, laterTry, type ShardPage } from './progress.js';
import { runPage, type PageOutcome } from './run-page.js';
import type { Claim, Ending } from './shard-record.js';
import { isAboutAccess } from './circuit-breaker.js';
import type { WorkDeps } from './work-deps.js';

export interface ShardWork extends WorkDeps {
  readonly job: Job;
  readonly claim: Claim;
  readonly broadcast: BroadcastRecord;
  readonly accepts: ((connection: StoredConnection) => boolean) | undefined;
  makePayload(): Promise<PayloadSource>;
  /** Told when a page begins, and when what became of it is written down. */
  onPage(begins: boolean): void;
}

/**
 * `ended`: with this shard everything is done; `passed on`: there is another job for it; `lost`: somebody
 * else has it.
 */
export type Left = 'ended' | 'passed on' | 'lost';

/** So many refused connections are enough to wait before more are added. */
const MOST_REFUSED = 1000;
/** Longest time that a broadcast's record is behind a shard that sends, in milliseconds. */
const TELL_EVERY_MS = 2000;

/**
 * Sends to a shard page by page and writes down each, until the shard, the broadcast or the time is at its
 * end.
 */
export async function goThroughShard(work: ShardWork): Promise<Left> {
  const { job, claim, fanout } = work;
  let { broadcast } = work;
  let isLaterTry = true;
  let listing: Listing | undefined;
  let payload: PayloadSource | undefined;
  let toldAt = -Infinity;

  for (;;) {
    const { again, listed, waits } = claim.progress;
    const over = endingOf(broadcast, fanout.now());
    if (over !== undefined) return end(work, over);
    if (isThrough(claim)) return end(work, 'done');
    isLaterTry &&= again.length > 0;
    if (!isLaterTry && (listed || again.length >= MOST_REFUSED)) return passOn(work, waitMs(waits, 0));
    if (work.endsAt - fanout.now() < work.leastPageMs) return passOn(work, 0);

    payload ??= await work.makePayload();
    listing ??= isLaterTry ? undefined : openListing(work);
    const page = listing === undefined ? laterTry(again) : await listing.next();
    work.onPage(true);
    const outcome = await sendTo(work, page, payload);
    const change = isLaterTry ? afterLaterTry : afterPage;
    const reading = readBroadcast(work.records, job.id);
    reading.catch(() => undefined); // An error waits until the page is written down.
    if (!(await claim.commit(change(claim.progress, page, outcome)))) return 'lost';
    work.onPage(false);
    await removeStale(work, outcome);
    const latest = await reading;
    broadcast = latest?.value ?? broadcast;
    reportAccess(work, outcome);
    if (outcome.storm !== undefined || outcome.isGatewayAway || isStuck(page, outcome))
      return passOn(work, waitMs(waits, outcome.retryAfterMs));
    if (outcome.stoppedBy !== 'done') listing = undefined;
    else isLaterTry = false;
    if (latest !== undefined && !isThrough(claim) && fanout.now() - toldAt >= TELL_EVERY_MS) {
      await notifyNow(work, latest);
      toldAt = fanout.now();
    }
  }
}

function endingOf({ cancelledAt, expiresAt }: BroadcastRecord, now: number): Ending | undefined {
  if (cancelledAt !== undefined) return 'cancelled';
  return now >= expiresAt ? 'expired' : undefined;
}

function isThrough({ progress: { listed, again } }: Claim): boolean {
  return listed && again.length === 0;
}

/** A gateway so slow that the time for a page was not enough to begin it. */
function isStuck({ connections }: ShardPage, { next }: PageOutcome): boolean {
  return next === 0 && connections.length > 0;
}

function openListing({ deps, fanout, job, claim, broadcast }: ShardWork): Listing {
  return createListing(deps.store, {
    audience: broadcast.audience,
    after: claim.progress.after,
    pageSize: fanout.pageSize,
    shard: broadcast.shards === 1 ? undefined : { index: job.shard, count: broadcast.shards },
  });
}

/**
 * A page ends with the call or with the lease, whichever is first: a worker that lives never sends without
 * its lease.
 */
function sendTo(work: ShardWork, page: ShardPage, payload: PayloadSource): Promise<PageOutcome> {
  const { deps, fanout, job, claim, broadcast, endsAt } = work;
  const leaseEndsAt = claim.leasedUntil() - leaseMarginMs(fanout.leaseMs);
  // The engine goes by the machine's clock.
  const real = (instant: number): number => instant - fanout.now() + Date.now();
  return runPage(deps, {
    id: job.id,
    audience: broadcast.audience,
    payload,
    connections: page.connections,
    // Whoever was refused has passed the filter before.
    accepts: page.isLaterTry === true ? undefined : work.accepts,
    endsAt: real(Math.min(endsAt, leaseEndsAt)),
    expiresAt: real(broadcast.expiresAt),
  });
}

/** Clocks of instances differ by seconds. */
function leaseMarginMs(leaseMs: number): number {
  return Math.min(5000, leaseMs / 4);
}

async function removeStale({ deps, fanout }: ShardWork, { stale }: PageOutcome): Promise<void> {
  if (stale.length === 0) return;
  try {
    await deps.store.remove(stale);
    publish({ type: 'removed', connectionIds: stale });
  } catch (error) {
    // They are counted already, and the next broadcast finds them again.
    fanout.onError({ error, during: 'removal of stale connections', requestId: deps.context?.requestId });
  }
}

/** A broadcast that waits for a role or a token would wait unnoticed. */
function reportAccess({ deps, fanout }: ShardWork, { storm: error }: PageOutcome): void {
  if (error === undefined || !isAboutAccess(error.code)) return;
  fanout.onError({ error, during: 'sending for a job', requestId: deps.context?.requestId });
}

/** Puts the next job for the shard into the queue, and only then lets go of it. */
async function passOn(work: ShardWork, afterMs: number): Promise<Left> {
  const { job, claim } = work;
  const turn = job.turn + 1;
  await putJob(work, { ...job, turn }, afterMs);
  const { progress } = claim;
  await claim.release({ ...progress, turn, waits: progress.waits + (afterMs > 0 ? 1 : 0) });
  return 'passed on';
}

async function end({ claim }: ShardWork, ending: Ending): Promise<Left> {
  return (await claim.release(ended(claim.progress, ending))) ? 'ended' : 'lost';
}

/**
 * Tells how far the shard is, unless another worker tells something at the same moment: then the next page
 * does it.
 */
async function notifyNow(
  { records, job, claim, fanout }: ShardWork,
  { value, version }: { readonly value: BroadcastRecord; readonly version: string },
): Promise<void> {
  const now = fanout.now();
  const told = withSummary(value, job.shard, claim.progress, now);
  if (told !== undefined) await writeBroadcast(records, job.id, told, { ifVersion: version, now });
}
