import { thisMachine } from '../machine.js';
import { startWorker } from '../processes.js';
import { progress } from '../progress.js';
import type { BenchOptions, Section } from '../section.js';
import { fourDigits, rounded, spreadOf } from '../statistics.js';
import { measureAdapters } from './adapters.js';
import type { Backend, MissingBackend } from './backend.js';
import { freshNamespace, STORE_NAMES, type StoreName } from './contenders.js';
import type { ListingJob, ListingRun } from './listing-worker.js';
import type { OperationsJob, OperationsRun } from './operations-worker.js';
import { OPERATION_NAMES } from './operations.js';
import { startPostgres } from './postgres-backend.js';
import { startRedis } from './redis-backend.js';
import type { MissingRow, StoreRow, StoresResult } from './result.js';
import { storesTables } from './tables.js';
import { startDynalite, startManyRows } from './ydb-backend.js';

interface Extent {
  readonly rounds: number;
  readonly ms: number;
  readonly members: number;
  readonly listed: Readonly<Record<StoreName, number>>;
}

const STARTERS: Readonly<Record<StoreName, () => Promise<Backend | MissingBackend>>> = {
  memory: async () => ({ address: '', close: async () => undefined }),
  redis: startRedis,
  postgres: startPostgres,
  ydb: startDynalite,
};

type Started = Backend & { readonly name: StoreName };

/** What each store costs: per call, in round trips, in memory, and before the first call. */
export const stores: Section<StoresResult> = {
  async measure(options) {
    const extent = extentOf(options);
    const started: Started[] = [];
    const missing: MissingRow[] = [];
    try {
      for (const name of STORE_NAMES) {
        progress(`stores, starting what ${name} needs`);
        const backend = await STARTERS[name]();
        if ('missing' in backend) missing.push({ name, missing: backend.missing });
        else started.push({ ...backend, name });
      }
      const rows = await measureAll(started, extent);
      const { rounds, members } = extent;
      const adapters = await measureAdapters(options.isQuick ? 1 : 2 * rounds);
      return { machine: thisMachine(), rounds, members, rows: [...rows, ...missing], adapters };
    } finally {
      for (const backend of started) await backend.close();
    }
  },
  tables: storesTables,
};

function extentOf({ isQuick, rounds }: BenchOptions): Extent {
  if (isQuick) {
    const listed = { memory: 2000, redis: 2000, postgres: 2000, ydb: 600 };
    return { rounds, ms: 30, members: 40, listed };
  }
  const million = 1_000_000;
  const listed = { memory: million, redis: million, postgres: million, ydb: million };
  return { rounds, ms: 1000, members: 10_000, listed };
}

async function measureAll(started: readonly Started[], extent: Extent): Promise<StoreRow[]> {
  const runs = new Map<StoreName, OperationsRun[]>();
  for (let round = 1; round <= extent.rounds; round++) {
    for (const backend of started) {
      progress(`stores, round ${round} of ${extent.rounds}: ${backend.name}`);
      const run = await runOperations(backend, 'speed', extent);
      runs.set(backend.name, [...(runs.get(backend.name) ?? []), run]);
    }
  }
  const rows: StoreRow[] = [];
  for (const backend of started) {
    progress(`stores, counting round trips: ${backend.name}`);
    const roundTrips = await runOperations(backend, 'round trips', extent);
    progress(`stores, listing very many: ${backend.name}`);
    const listing = await listMany(backend, extent.listed[backend.name]);
    rows.push({
      name: backend.name,
      operations: costsOf(runs.get(backend.name) ?? [], roundTrips),
      listing: shown(listing),
    });
  }
  return rows;
}

function runOperations(
  { name, address }: Started,
  measure: OperationsJob['measure'],
  { members, ms }: Extent,
): Promise<OperationsRun> {
  const place = { store: name, address, namespace: freshNamespace() };
  const job: OperationsJob = { place, members, measure, ms };
  return answerOf(new URL('operations-worker.js', import.meta.url), job);
}

async function listMany(started: Started, members: number): Promise<ListingRun> {
  const run = await (started.name === 'ydb' ? listMade(members) : listFilled(started, members));
  if (run.listed !== members) throw new Error(`${started.name} listed ${run.listed} of ${members}`);
  return run;
}

async function listFilled({ name, address }: Started, members: number): Promise<ListingRun> {
  const place = { store: name, address, namespace: freshNamespace() };
  if (name === 'memory') return runListing({ place, members, does: 'both' });
  await runListing({ place, members, does: 'fill' });
  return runListing({ place, members, does: 'list' });
}

/** dynalite does not keep a million rows. */
async function listMade(members: number): Promise<ListingRun> {
  const { address, close } = await startManyRows(members);
  try {
    const place = { store: 'ydb', address, namespace: freshNamespace() } as const;
    return await runListing({ place, members, does: 'list' });
  } finally {
    await close();
  }
}

function runListing(job: ListingJob): Promise<ListingRun> {
  return answerOf(new URL('listing-worker.js', import.meta.url), job);
}

async function answerOf<T>(module: URL, job: object): Promise<T> {
  const worker = startWorker('client', module, job, { nodeFlags: ['--expose-gc'] });
  try {
    return await worker.hear<T>();
  } finally {
    await worker.stop();
  }
}

function costsOf(runs: readonly OperationsRun[], roundTrips: OperationsRun): StoreRow['operations'] {
  const costs = OPERATION_NAMES.map((name) => [
    name,
    {
      perSecond: rounded(spreadOf(runs.map((run) => run[name]))),
      roundTrips: fourDigits(roundTrips[name]),
    },
  ]);
  return Object.fromEntries(costs) as StoreRow['operations'];
}

function shown({ listed, perSecond, heapGrowthBytes, rssGrowthBytes }: ListingRun): StoreRow['listing'] {
  return {
    members: listed,
    perSecond: fourDigits(perSecond),
    heapGrowthMb: fourDigits(heapGrowthBytes / 1e6),
    rssGrowthMb: fourDigits(rssGrowthBytes / 1e6),
  };
}
