import { PACKETS_PER_SEND } from '../../src/queue/lanes/platform-figures.js';
import { thisMachine } from '../machine.js';
import { progress } from '../progress.js';
import type { Section } from '../section.js';
import { fourDigits } from '../statistics.js';
import { startRedis } from '../stores/redis-backend.js';
import type { InstanceBudget } from './budget.js';
import { timeRun, type Run, type TimedRun } from './runs.js';
import type { FanoutResult } from './result.js';
import { runsTable, troubleTable } from './tables.js';
import { broadcastInTrouble } from './trouble.js';
import { openFanoutWorld } from './world.js';

const TROUBLE = { shards: 16, instances: 4, goneEvery: 100, pageSize: 500 } as const;

/** 500 sends a second for each instance, so that eight of them leave this machine time to spare. */
const PACKETS: InstanceBudget = {
  packetsPerSecond: 1175,
  packetsPerSend: PACKETS_PER_SEND,
  cpuShare: 1 / 32,
  cpuMicrosPerSend: 50,
  savedMs: 200,
};
/** Half the share: now the core allows 312 sends a second, and the packets do not matter. */
const CPU: InstanceBudget = { ...PACKETS, cpuShare: 1 / 64 };

function runsOf(isQuick: boolean): Run[] {
  const [few, some, crowd] = isQuick ? [200, 200, 400] : [10_000, 20_000, 100_000];
  const shared = { recipients: some, shards: 4, budget: PACKETS };
  return [
    { ...shared, name: 'one instance', instances: 1 },
    { ...shared, name: 'two instances', instances: 2 },
    { ...shared, name: 'four instances', instances: 4 },
    { ...shared, name: 'eight instances', instances: 8 },
    { ...shared, name: 'four, half the CPU', instances: 4, budget: CPU },
    { ...shared, name: 'four, 16 shards', recipients: few, instances: 4, shards: 16 },
    { ...shared, name: '… 100,000 recipients', recipients: crowd, instances: 4, shards: 16 },
  ];
}

/**
 * Broadcasts through the local queue: what more instances bring, whether the model foretells it, and a very
 * bad day.
 */
export const fanout: Section<FanoutResult> = {
  async measure({ isQuick, rounds }) {
    const backend = await startRedis();
    const redisUrl = 'missing' in backend ? undefined : backend.address;
    try {
      const runs: TimedRun[] = [];
      for (const run of runsOf(isQuick)) {
        const timed: TimedRun[] = [];
        for (let round = 1; round <= rounds; round++) {
          progress(`fanout, round ${round} of ${rounds}: ${run.name}`);
          timed.push(await timeRun(run, redisUrl));
        }
        runs.push(middleOf(timed));
      }
      progress('fanout: a bad day');
      const trouble = await measureTrouble(isQuick ? 2000 : 100_000, redisUrl);
      const store = redisUrl === undefined ? 'ydb' : 'redis';
      return { machine: thisMachine(), rounds, store, trouble, runs };
    } finally {
      if (!('missing' in backend)) await backend.close();
    }
  },
  tables: (result) => [runsTable(result), troubleTable(result)],
};

/** The round that took the median time. */
function middleOf(timed: readonly TimedRun[]): TimedRun {
  const sorted = timed.toSorted((a, b) => a.seconds - b.seconds);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)] as TimedRun;
  return { ...middle, seconds: fourDigits(middle.seconds), predicted: fourDigits(middle.predicted) };
}

async function measureTrouble(recipients: number, redisUrl: string | undefined) {
  const { shards, instances, goneEvery, pageSize } = TROUBLE;
  const world = await openFanoutWorld({
    recipients,
    goneEvery,
    instances,
    redisUrl,
    concurrency: 100,
    visibilityMs: 5000,
    fanout: { pageSize, leaseMs: 4000 },
    faults: [{ on: 'queue', effect: 'duplicate', rate: 0.1, queue: 'jobs' }],
  });
  try {
    const outcome = await broadcastInTrouble(world, shards);
    return { ...outcome, recipients, stale: outcome.status.stale, seconds: fourDigits(outcome.seconds) };
  } finally {
    await world.close();
  }
}
