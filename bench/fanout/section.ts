import { PACKETS_PER_SEND } from '../../src/lanes/platform-figures.js';
import { thisMachine, type Machine } from '../machine.js';
import { grouped, percent } from '../numbers.js';
import { progress } from '../progress.js';
import type { Section } from '../section.js';
import { fourDigits } from '../statistics.js';
import { startRedis } from '../stores/redis-backend.js';
import { left, right, type Table } from '../table.js';
import type { InstanceBudget } from './budget.js';
import { timeRun, type Run, type TimedRun } from './runs.js';
import { broadcastInTrouble, type TroubledBroadcast } from './trouble.js';
import { openFanoutWorld } from './world.js';

export interface FanoutResult {
  readonly machine: Machine;
  readonly rounds: number;
  readonly store: 'redis' | 'ydb';
  readonly trouble: TroubledBroadcast & { readonly recipients: number; readonly stale: number };
  readonly runs: readonly TimedRun[];
}

const TROUBLE = { shards: 16, instances: 4, goneEvery: 100, pageSize: 500 } as const;

/** 500 sends a second for each instance, so that eight of them leave this machine time to spare. */
const PACKETS: InstanceBudget = {
  ...{ packetsPerSecond: 1175, packetsPerSend: PACKETS_PER_SEND, cpuShare: 1 / 32, cpuMicrosPerSend: 50 },
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

/** Broadcasts through the local queue: what more instances bring, whether the model foretells it, and a very bad day. */
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
    ...{ recipients, goneEvery, instances, redisUrl, concurrency: 100, visibilityMs: 5000 },
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

export function runsTable({ runs, store, rounds }: Pick<FanoutResult, 'runs' | 'store' | 'rounds'>): Table {
  const [one] = runs;
  return {
    title: 'Fan-out: instances with budgets of their own, and what the model said',
    columns: [
      left('run'),
      right('recipients'),
      right('instances'),
      right('shards'),
      right('seconds'),
      right('sends/s'),
      right('of linear'),
      right('model'),
      right('off by'),
      left('limit'),
    ],
    rows: runs.map((run) => [
      run.name,
      grouped(run.recipients),
      String(run.instances),
      String(run.shards),
      grouped(run.seconds),
      grouped(rateOf(run)),
      one !== undefined && isComparable(run, one) ? percent(rateOf(run) / rateOf(one) / run.instances) : '–',
      grouped(run.predicted),
      percent(errorOf(run)),
      run.limit,
    ]),
    notes: [
      'Budgets are simulated: each instance waits until 500 sends a second by its packets and 625 by its share of a core allow the next one.',
      `Workers in instances of the local gateway, its queue and trigger, ${store}; a gateway that counts sends over HTTP/2.`,
      `${rounds === 1 ? 'Timed once' : `Medians of ${rounds} rounds`}. The model knows the budgets and what single calls of the store and the gateway take here.`,
    ],
  };
}

function isComparable({ recipients, shards, budget }: TimedRun, one: TimedRun): boolean {
  return recipients === one.recipients && shards === one.shards && budget.cpuShare === one.budget.cpuShare;
}

export function rateOf({ recipients, seconds }: Pick<TimedRun, 'recipients' | 'seconds'>): number {
  return recipients / seconds;
}

export function errorOf({ seconds, predicted }: Pick<TimedRun, 'seconds' | 'predicted'>): number {
  return Math.abs(predicted / seconds - 1);
}

export function troubleTable({ trouble }: Pick<FanoutResult, 'trouble'>): Table {
  const {
    recipients,
    status,
    reached,
    repeated,
    most,
    left: stored,
    kills,
    duplicates,
    deadLetters,
  } = trouble;
  const row = (what: string, count: number): string[] => [what, grouped(Math.round(count))].map(plain);
  return {
    title: 'Fan-out on a bad day: 16 shards, four workers',
    columns: [left('what'), right('count')],
    rows: [
      row('stored connections', recipients),
      row('delivered, by the status', status.delivered),
      row('reached, by the gateway', reached),
      row('stale, by the status', status.stale),
      row('left in the store', stored),
      row('failed or skipped', status.failed + status.skipped),
      row('workers killed in a shard', kills),
      row('shards taken over', status.restarts),
      row('jobs delivered twice', duplicates),
      row('jobs among the dead letters', deadLetters),
      row('reached more than once', repeated),
      row('most copies for one', most),
    ],
    notes: [
      `In ${grouped(trouble.seconds)} seconds. Connections are the bookkeeping of a gateway that counts: this machine cannot have 100,000 sockets.`,
      'Reached more than once: those of the pages that were under way when a worker was killed.',
    ],
  };
}

function plain(text: string): string {
  return text.replace(/\.0$/, '');
}
