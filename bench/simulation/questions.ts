import { PACKETS_PER_SEND, PLATFORM } from '../../src/queue/lanes/platform-figures.js';
import type { Scenario, StoreQuota } from './scenario.js';

/** A million recipients under some quota. */
export interface Question {
  readonly name: string;
  readonly scenario: Scenario;
}

/**
 * YDB by its documented prices, as docs/store-ydb.md counts them. A write is 2 RU for a shard's progress and
 * a few more for the broadcast's own record. The times are assumed: nothing here was measured in the cloud.
 */
const YDB: StoreQuota = {
  ...ydbQuota(1000),
  listUnitsPer1000: 23,
  countUnitsPer1000: 22,
  writeUnits: 3,
  readUnits: 1,
  removalUnits: 6,
  listMsPer1000: 40,
  countMsPer1000: 4,
  recordMs: 10,
};

/** A server whose calls cost time only. Assumed, too. */
const REDIS: StoreQuota = {
  unitsPerSecond: Infinity,
  savedUnits: 0,
  listUnitsPer1000: 0,
  countUnitsPer1000: 0,
  writeUnits: 0,
  readUnits: 0,
  removalUnits: 0,
  listMsPer1000: 10,
  countMsPer1000: 0,
  recordMs: 1,
};

/** Five minutes of what is not used are saved up. Documented. */
function ydbQuota(unitsPerSecond: number): Pick<StoreQuota, 'unitsPerSecond' | 'savedUnits'> {
  return { unitsPerSecond, savedUnits: 300 * unitsPerSecond };
}

/** One of the three zones, with the quota that every cloud begins with, and a function of 512 MB. */
export function usual(cpuMicrosPerSend: number): Scenario {
  return {
    recipients: 1_000_000,
    staleShare: 0.01,
    seed: 1,
    fanout: { shards: 16, pageSize: 1000, window: 100, reserveMs: 2000 },
    instances: {
      zones: 1,
      perZone: 10,
      cpuShare: 512 / PLATFORM.mbOfFullCore,
      cpuMicrosPerSend,
      savedMs: 0,
      packetsPerSecond: PLATFORM.packetsPerSecond,
      packetsPerSend: PACKETS_PER_SEND,
      coldMs: 1000,
      callMs: 1000 * PLATFORM.longestCallSeconds,
    },
    gateway: { medianMs: 10, p99Ms: 60 },
    store: YDB,
    // Between sending and the function's start 0.1 to 10.5 s were seen in the cloud by others.
    queue: { sendMs: 30, pollMs: [100, 10_500], batchSize: 1, cutoffMs: 0 },
  };
}

interface Change {
  readonly zones?: number;
  readonly perZone?: number;
  readonly memoryMb?: number;
  readonly shards?: number;
  readonly medianMs?: number;
  readonly store?: StoreQuota;
}

const QUESTIONS: Readonly<Record<string, Change>> = {
  'one instance': { perZone: 1 },
  'two instances': { perZone: 2 },
  'four instances': { perZone: 4 },
  'quota of one zone': {},
  'quota of three zones': { zones: 3 },
  '… and 32 shards': { zones: 3, shards: 32 },
  '… at 128 MB': { zones: 3, shards: 32, memoryMb: 128 },
  '… sends of 100 ms': { zones: 3, shards: 32, medianMs: 100 },
  '… over Redis': { zones: 3, shards: 32, store: REDIS },
  'ten times the quota': { zones: 3, perZone: 100, shards: 256 },
  '… over Redis instead': { zones: 3, perZone: 100, shards: 256, store: REDIS },
  'one zone, 100 RU/s': { store: { ...YDB, ...ydbQuota(100) } },
  'one zone, 10 RU/s': { store: { ...YDB, ...ydbQuota(10) } },
};

export function questions(cpuMicrosPerSend: number): readonly Question[] {
  const base = usual(cpuMicrosPerSend);
  return Object.entries(QUESTIONS).map(([name, change]) => ({ name, scenario: changed(base, change) }));
}

function changed(base: Scenario, change: Change): Scenario {
  const { instances, gateway, fanout } = base;
  const { zones = instances.zones, perZone = instances.perZone, memoryMb, shards = fanout.shards } = change;
  const cpuShare = memoryMb === undefined ? instances.cpuShare : memoryMb / PLATFORM.mbOfFullCore;
  const { medianMs = gateway.medianMs, store = base.store } = change;
  const gatewayOf = { medianMs, p99Ms: (medianMs * gateway.p99Ms) / gateway.medianMs };
  return {
    ...base,
    instances: { ...instances, zones, perZone, cpuShare },
    fanout: { ...fanout, shards },
    gateway: gatewayOf,
    store,
  };
}
