import { usual } from '../simulation/questions.js';
import { limitOf, type Limit } from '../simulation/limit.js';
import type { Scenario } from '../simulation/scenario.js';
import { simulate } from '../simulation/simulate.js';
import { spreadOf } from '../statistics.js';
import type { InstanceBudget } from './budget.js';
import { openFanoutWorld, type FanoutWorld } from './world.js';

/** A broadcast to be timed, and foretold. */
export interface Run {
  readonly name: string;
  readonly recipients: number;
  readonly instances: number;
  readonly shards: number;
  readonly budget: InstanceBudget;
}

export interface TimedRun extends Run {
  /** From the dispatch to the last answer of the gateway that counts. */
  readonly seconds: number;
  /** What the model said of it, knowing the budgets and `times`. */
  readonly predicted: number;
  readonly limit: Limit;
  readonly times: MeasuredTimes;
}

/** What single calls take in this world while nothing else happens, in milliseconds. */
export interface MeasuredTimes {
  readonly list1000Ms: number;
  readonly count1000Ms: number;
  readonly recordMs: number;
  readonly queueMs: number;
  readonly sendMs: number;
}

export const WINDOW = 50;
export const PAGE_SIZE = 1000;
const REPEATS = 9;

/**
 * Times a broadcast through the local queue to workers with these budgets. Throws when the gateway counted
 * otherwise.
 */
export async function timeRun(run: Run, redisUrl: string | undefined): Promise<TimedRun> {
  const world = await openFanoutWorld({
    recipients: run.recipients,
    instances: run.instances,
    budget: run.budget,
    redisUrl,
    concurrency: WINDOW,
    fanout: { pageSize: PAGE_SIZE },
    visibilityMs: 600_000,
  });
  try {
    const times = await measureTimes(world);
    await warmUp(world, run.instances);
    const startedAt = performance.now();
    const { shards } = run;
    const dispatched = await world.broadcaster.toAll().dispatch('headline', { title: 'Hello' }, { shards });
    const { delivered } = await dispatched.finished();
    const { copies } = world.gateway;
    const reached = [...copies.keys()].filter((id) => !id.startsWith(PROBE)).length;
    if (delivered !== run.recipients || reached !== run.recipients)
      throw new Error(`${run.name}: ${delivered} delivered, the gateway counted ${reached}`);
    const seconds = (world.gateway.lastAt() - startedAt) / 1000;
    const scenario = scenarioOf(run, times);
    return { ...run, times, seconds, predicted: simulate(scenario).seconds, limit: limitOf(scenario) };
  } finally {
    await world.close();
  }
}

/** The same broadcast for the model. */
export function scenarioOf({ recipients, instances, shards, budget }: Run, times: MeasuredTimes): Scenario {
  const base = usual(budget.cpuMicrosPerSend);
  return {
    recipients,
    staleShare: 0,
    seed: 1,
    fanout: { ...base.fanout, shards, pageSize: PAGE_SIZE, window: WINDOW },
    // Instances run before the jobs come.
    instances: { ...base.instances, ...budget, zones: 1, perZone: instances, coldMs: 0 },
    gateway: { medianMs: times.sendMs, p99Ms: times.sendMs },
    store: {
      unitsPerSecond: Infinity,
      savedUnits: 0,
      listUnitsPer1000: 0,
      countUnitsPer1000: 0,
      writeUnits: 0,
      readUnits: 0,
      removalUnits: 0,
      listMsPer1000: times.list1000Ms,
      countMsPer1000: times.count1000Ms,
      recordMs: times.recordMs,
    },
    // From the queue to a free instance it is a message between two threads.
    queue: { sendMs: times.queueMs, pollMs: [0, 1], batchSize: 1, cutoffMs: 0 },
  };
}

/** Connections to try out on what takes how long; gone from the store when it is asked for others. */
const PROBE = 'probe';
const probesFor = (instances: number): string[] =>
  Array.from({ length: 500 * instances }, (_, index) => `${PROBE}-${index}`);

/**
 * Lets every instance send for a while: connected to everything, and its code compiled, before the clock
 * runs.
 */
async function warmUp({ store, broadcaster }: FanoutWorld, instances: number): Promise<void> {
  const now = Date.now();
  const about = { user: PROBE, attributes: {}, connectedAt: now, expiresAt: now + 600_000 };
  const probes = probesFor(instances);
  await Promise.all(probes.map((id) => store.put({ id, ...about })));
  const dispatched = await broadcaster.toUser(PROBE).dispatch('warm-up', {}, { shards: 2 * instances });
  await dispatched.finished();
  await store.remove(probes);
}

async function measureTimes({ store, broadcaster, ids }: FanoutWorld): Promise<MeasuredTimes> {
  const { records } = store;
  if (records === undefined) throw new Error('the store keeps no records');
  const limit = Math.min(PAGE_SIZE, ids.length);
  const times = {
    list1000Ms: (1000 / limit) * (await medianMs(() => store.list({ all: true }, { limit }))),
    count1000Ms: (1000 / ids.length) * (await medianMs(() => store.count({ all: true }))),
    recordMs: await medianMs(() => records.read('nothing')),
  };
  const now = Date.now();
  await store.put({ id: PROBE, user: PROBE, attributes: {}, connectedAt: now, expiresAt: now + 60_000 });
  const broadcastMs = await medianMs(() => broadcaster.toUser(PROBE).sendRaw('probe'));
  await store.remove([PROBE]);
  // A broadcast to one lists and sends once each. A request to the queue is about as long as any other over
  // HTTP.
  const sendMs = Math.max(0.5, broadcastMs - times.recordMs);
  return { ...times, sendMs, queueMs: sendMs };
}

async function medianMs(call: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let time = 0; time < REPEATS; time++) {
    const startedAt = performance.now();
    await call();
    taken.push(performance.now() - startedAt);
  }
  return spreadOf(taken).median;
}
