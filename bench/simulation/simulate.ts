import { createChance, type Chance } from './chance.js';
import { createSimulation, type Process } from './clock.js';
import { createInstance, type Instance } from './instance.js';
import type { Outcome, Scenario } from './scenario.js';
import { createStoreBudget } from './store-budget.js';
import { createTrigger, type Trigger } from './trigger.js';
import { records, work, type Job, type WorkerDeps, type Works } from './worker.js';

/** Most jobs of one request to the queue. Documented. */
const JOBS_PER_REQUEST = 10;

/**
 * What becomes of a broadcast that goes through the queue, as events in time: the dispatch, its jobs, the
 * trigger, calls on instances, every send, every request to the store. The same scenario has the same
 * outcome.
 *
 * Not in it: sends that fail or are retried, workers that are lost, other traffic, what the gateway itself
 * can take.
 */
export function simulate(scenario: Scenario): Outcome {
  const { seed, queue, store, instances } = scenario;
  const simulation = createSimulation();
  const chance = createChance(seed);
  const budget = createStoreBudget(simulation, store);
  const works: Works = { pages: [], passedOn: 0, callMs: 0 };
  const pool = createPool(scenario, chance);
  let calls = 0;

  const trigger: Trigger<Job> = createTrigger<Job>({
    simulation,
    times: queue,
    pollMs: () => chance.between(...queue.pollMs),
    call(jobs) {
      const found = pool.take();
      if (found === undefined) return false;
      calls++;
      const onEnd = (): void => {
        pool.giveBack(found.instance);
        trigger.pull();
      };
      simulation.start(work(parts, found.instance, jobs, found.isNew ? instances.coldMs : 0, onEnd));
      return true;
    },
  });
  const parts: WorkerDeps = { scenario, simulation, budget, trigger, works };
  simulation.start(dispatch(parts, chance));
  simulation.run();
  return {
    ...outcomeOf(works),
    calls,
    passedOn: works.passedOn,
    callSeconds: works.callMs / 1000,
    storeUnits: budget.taken,
    instances: pool.made(),
  };
}

/** Counts the audience, writes the broadcast down, and puts a job for each shard into the queue. */
function* dispatch({ scenario, budget, trigger }: WorkerDeps, chance: Chance): Process {
  const { recipients, fanout, store, queue } = scenario;
  const thousands = recipients / 1000;
  yield thousands * store.countMsPer1000 + budget.take(thousands * store.countUnitsPer1000);
  yield* records({ scenario, budget }, { reads: 1, writes: 1, inARow: 2 });
  const jobs = shardsOf(recipients, fanout.shards, chance);
  for (let begin = 0; begin < jobs.length; begin += JOBS_PER_REQUEST) {
    yield queue.sendMs;
    for (const left of jobs.slice(begin, begin + JOBS_PER_REQUEST)) trigger.put({ left });
  }
}

/** Connections fall on shards by the hash of their ids, so shards are not quite of one size. */
function shardsOf(recipients: number, shards: number, chance: Chance): number[] {
  const sizes = Array.from({ length: shards }, () => 0);
  for (let n = 0; n < recipients; n++) {
    const shard = Math.floor(chance.uniform() * shards);
    sizes[shard] = (sizes[shard] ?? 0) + 1;
  }
  return sizes;
}

interface Pool {
  /** An instance that is free, a new one if there may be more; `undefined` when all are at work. */
  take(): { readonly instance: Instance; readonly isNew: boolean } | undefined;
  giveBack(instance: Instance): void;
  made(): number;
}

function createPool({ instances: quota, fanout, gateway }: Scenario, chance: Chance): Pool {
  const most = quota.zones * quota.perZone;
  const idle: Instance[] = [];
  let made = 0;
  return {
    take() {
      const instance = idle.pop();
      if (instance !== undefined) return { instance, isNew: false };
      if (made === most) return undefined;
      made++;
      const { window } = fanout;
      return { instance: createInstance({ quota, window, latency: gateway, chance }), isNew: true };
    },
    giveBack: (instance) => idle.push(instance),
    made: () => made,
  };
}

function outcomeOf({ pages }: Works): Pick<Outcome, 'seconds' | 'firstSeconds' | 'sends' | 'progress'> {
  const inOrder = pages.filter(({ sends }) => sends > 0).sort((a, b) => a.lastMs - b.lastMs);
  let sends = 0;
  const progress = inOrder.map((page) => [page.lastMs / 1000, (sends += page.sends)] as const);
  return {
    seconds: progress.at(-1)?.[0] ?? 0,
    firstSeconds: inOrder.reduce((first, { firstMs }) => Math.min(first, firstMs), Infinity) / 1000,
    sends,
    progress,
  };
}
