import { BroadcastError } from '../base/errors.js';
import { decodeJob } from './job.js';
import { putJob } from './requeue.js';
import { bodiesOf } from './trigger-messages.js';
import type { WorkDeps } from './work-deps.js';
import { isLasting, workJob } from './work-job.js';

/**
 * Does the jobs of a trigger's event, one after the other: together they would share one instance all the same, and a
 * function that is killed would lose a page of each.
 *
 * A trigger knows no partial failure. So a job that nobody can do goes to the dead letters, and when one has to come again,
 * the others are done all the same: they find that out when they come again with it.
 */
export async function workBatch(parts: WorkDeps, event: unknown): Promise<void> {
  const troubles: BroadcastError[] = [];
  for (const body of bodiesOf(event)) {
    try {
      await doOrPutBack(parts, body);
    } catch (reason) {
      const trouble = await bury(parts, body, BroadcastError.from(reason));
      if (trouble !== undefined) troubles.push(trouble);
    }
  }
  const [first] = troubles;
  if (first !== undefined) throw first;
}

async function doOrPutBack(parts: WorkDeps, body: string): Promise<void> {
  const job = decodeJob(body);
  if (parts.endsAt - parts.fanout.now() >= parts.leastPageMs) return workJob(parts, job);
  // Others may have time for it right now.
  return putJob(parts, job, 0);
}

/** Puts a job that nobody can do among the dead letters. Resolves with the trouble for which the event has to come again. */
async function bury(
  { fanout, deps }: WorkDeps,
  body: string,
  error: BroadcastError,
): Promise<BroadcastError | undefined> {
  if (!isLasting(error)) return error;
  fanout.onError({ error, during: 'job', requestId: deps.context?.requestId });
  if (fanout.deadLetters === undefined) return error;
  try {
    await fanout.deadLetters.send([{ body }]);
    return undefined;
  } catch (reason) {
    return BroadcastError.from(reason);
  }
}
