import type { Process, Simulation } from './clock.js';
import type { Instance } from './instance.js';
import type { Scenario } from './scenario.js';
import type { StoreBudget } from './store-budget.js';
import type { Trigger } from './trigger.js';

/** What is left of a shard. */
export interface Job {
  readonly left: number;
}

/** What workers have done, all together. */
export interface Works {
  readonly pages: { readonly firstMs: number; readonly lastMs: number; readonly sends: number }[];
  passedOn: number;
  callMs: number;
}

export interface WorkerDeps {
  readonly scenario: Scenario;
  readonly simulation: Simulation;
  readonly budget: StoreBudget;
  readonly trigger: Trigger<Job>;
  readonly works: Works;
}

/** How often a worker tells how far it is in the record of the broadcast. */
const TELL_EVERY_MS = 2000;
/** Nobody has so many calls. */
const MOST_PASSED_ON = 100_000;

/**
 * One call of the function, from its start to its end: the steps of `src/queue/work-job.ts` and what they
 * cost.
 */
export function* work(
  parts: WorkerDeps,
  instance: Instance,
  jobs: readonly Job[],
  coldMs: number,
  onEnd: () => void,
): Process {
  const { scenario, simulation, works, trigger } = parts;
  const { instances, fanout, queue } = scenario;
  const startedAt = simulation.now();
  const endsAt = startedAt + instances.callMs - fanout.reserveMs;
  yield coldMs;
  for (const job of jobs) {
    const left = yield* workJob(parts, instance, job, endsAt);
    if (left === 0) continue;
    if (++works.passedOn > MOST_PASSED_ON)
      throw new Error('no call gets anything done: allow calls more time');
    yield queue.sendMs;
    trigger.put({ left });
  }
  works.callMs += simulation.now() - startedAt;
  onEnd();
}

/** Returns how many are left when time is over. */
function* workJob(
  parts: WorkerDeps,
  instance: Instance,
  job: Job,
  endsAt: number,
): Generator<number, number, void> {
  const { simulation, works, scenario } = parts;
  const { pageSize } = scenario.fanout;
  let { left } = job;
  yield* records(parts, { reads: 2, writes: 1, inARow: 3 });
  let readyAt = listPage(parts, Math.min(left, pageSize));
  let toldAt = -Infinity;
  do {
    yield Math.max(0, readyAt - simulation.now());
    const size = Math.min(left, pageSize);
    // The next page is read while this one is sent to.
    if (left > size) readyAt = listPage(parts, Math.min(left - size, pageSize));
    const sent = instance.send(size, simulation.now(), endsAt);
    works.pages.push(sent);
    left -= sent.sends;
    yield sent.lastMs - simulation.now();
    yield* records(parts, { reads: 1, writes: 1, inARow: 1 });
    yield* removeStale(parts, sent.sends);
    if (simulation.now() - toldAt >= TELL_EVERY_MS) {
      yield* records(parts, { reads: 0, writes: 1, inARow: 1 });
      toldAt = simulation.now();
    }
  } while (left > 0 && simulation.now() < endsAt);
  yield* records(parts, { reads: 1, writes: 2, inARow: 3 });
  return left;
}

/** When a page that is asked for now will be there. */
function listPage({ scenario, budget, simulation }: WorkerDeps, size: number): number {
  const { listMsPer1000, listUnitsPer1000 } = scenario.store;
  const share = size / 1000;
  return simulation.now() + listMsPer1000 * share + budget.take(listUnitsPer1000 * share);
}

interface RecordCalls {
  readonly reads: number;
  readonly writes: number;
  /** How many round trips that are: some calls are made together. */
  readonly inARow: number;
}

export function* records(
  { scenario, budget }: Pick<WorkerDeps, 'scenario' | 'budget'>,
  { reads, writes, inARow }: RecordCalls,
): Process {
  const { recordMs, readUnits, writeUnits } = scenario.store;
  yield inARow * recordMs + budget.take(reads * readUnits + writes * writeUnits);
}

function* removeStale({ scenario, budget }: WorkerDeps, sends: number): Process {
  const { staleShare, store } = scenario;
  if (staleShare === 0 || sends === 0) return;
  yield store.recordMs + budget.take(sends * staleShare * store.removalUnits);
}
