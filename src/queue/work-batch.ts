import { BroadcastError } from '../base/errors.js';
import { decodeJob } from './job.js';
import { proveJob } from './verify-job.js';
import { putJob } from './requeue.js';
import { bodiesOf } from './trigger-messages.js';
import type { WorkDeps } from './work-deps.js';
import { isLasting, workJob } from './work-job.js';

/**
 * Does the jobs of a trigger's event, one after the other: together they would share one instance all the
 * same, and a function that is killed would lose a page of each.
 *
 * A trigger knows no partial failure. So a job that nobody can do goes to the dead letters, and when one has
 * to come again, the others are done all the same: they find that out when they come again with it.
 */
export async function workBatch(work: WorkDeps, event: unknown): Promise<void> {
  const troubles: BroadcastError[] = [];
  for (const body of bodiesOf(event)) {
    const trouble = await workOne(work, body).catch(BroadcastError.from);
    if (trouble !== undefined) troubles.push(trouble);
  }
  const [first] = troubles;
  if (first !== undefined) throw first;
}

/** Resolves with the trouble for which the event has to come again. */
async function workOne(work: WorkDeps, body: string): Promise<BroadcastError | undefined> {
  try {
    const proof = await proveJob(work, body);
    // Without dead letters it is dropped: a forgery that made its event fail would come round for ever.
    if (proof.kind === 'unproven') return await setAside(work, body, proof.error);
    const job = decodeJob(body, proof.broadcast);
    const hasTime = work.endsAt - work.fanout.now() >= work.leastPageMs;
    // Others may have time for it right now.
    await (hasTime ? workJob(work, job, proof.broadcast) : putJob(work, job, 0));
    return undefined;
  } catch (reason) {
    const error = BroadcastError.from(reason);
    if (!isLasting(error)) return error;
    const trouble = await setAside(work, body, error);
    return work.fanout.deadLetters === undefined ? error : trouble;
  }
}

/** Tells of a body that nobody can do, and puts it among the dead letters, if there are any. */
async function setAside(
  { fanout, deps }: WorkDeps,
  body: string,
  error: BroadcastError,
): Promise<BroadcastError | undefined> {
  fanout.onError({ error, during: 'job', requestId: deps.context?.requestId });
  try {
    await fanout.deadLetters?.send([{ body }]);
    return undefined;
  } catch (reason) {
    return BroadcastError.from(reason);
  }
}
