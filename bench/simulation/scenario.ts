import type { Latency } from './chance.js';

/** A broadcast through the queue, and everything that it has to live with. Times in milliseconds. */
export interface Scenario {
  readonly recipients: number;
  /** Share of them, from 0 to 1, that the gateway does not know any more. */
  readonly staleShare: number;
  readonly fanout: FanoutQuota;
  readonly instances: InstanceQuota;
  readonly gateway: Latency;
  readonly store: StoreQuota;
  readonly queue: QueueTimes;
  readonly seed: number;
}

/** How `queueFanout` divides the work. */
export interface FanoutQuota {
  readonly shards: number;
  /** Connections between two records of progress. */
  readonly pageSize: number;
  /** Most sends under way in an instance. */
  readonly window: number;
  /** Kept free before the end of a call. */
  readonly reserveMs: number;
}

/** What the platform gives. */
export interface InstanceQuota {
  readonly zones: number;
  readonly perZone: number;
  readonly packetsPerSecond: number;
  /** In both directions together. */
  readonly packetsPerSend: number;
  /** Of a core, 0 to 1. */
  readonly cpuShare: number;
  readonly cpuMicrosPerSend: number;
  /** So much of a pause in which it did not use its share and its packets is made up for afterwards. */
  readonly savedMs: number;
  /** From the call until a new instance runs the handler. */
  readonly coldMs: number;
  /** Longest time of a call. */
  readonly callMs: number;
}

/** What the store gives and costs, in its own units: request units for YDB. */
export interface StoreQuota {
  /** `Infinity` for a store that does not count. */
  readonly unitsPerSecond: number;
  /** Saved up at the beginning. */
  readonly savedUnits: number;
  readonly listUnitsPer1000: number;
  readonly countUnitsPer1000: number;
  /** Each write of progress, and each read. */
  readonly writeUnits: number;
  readonly readUnits: number;
  /** Of a stale connection. */
  readonly removalUnits: number;
  /** Time of a page of 1,000, without waiting for units; shorter pages take their share of it. */
  readonly listMsPer1000: number;
  /** Time of a count for each 1,000, likewise. */
  readonly countMsPer1000: number;
  /** Time of reading or writing a record, likewise. */
  readonly recordMs: number;
}

export interface QueueTimes {
  /** Of one request with up to ten jobs. */
  readonly sendMs: number;
  /** From a job's arrival in the queue until its trigger has it. */
  readonly pollMs: readonly [least: number, most: number];
  /** Most jobs of one call. */
  readonly batchSize: number;
  /** How long a batch waits to become full. */
  readonly cutoffMs: number;
}

/** What came of it. */
export interface Outcome {
  /** From the dispatch until the last send was answered. */
  readonly seconds: number;
  /** Until the first one was. */
  readonly firstSeconds: number;
  readonly sends: number;
  readonly calls: number;
  /** Jobs that a call passed on because its time was over. */
  readonly passedOn: number;
  readonly storeUnits: number;
  /** How many instances there were. */
  readonly instances: number;
  /** Time of all calls together, in seconds: what is paid for. */
  readonly callSeconds: number;
  /** How many sends had been answered at the end of each page, for a picture. */
  readonly progress: readonly (readonly [seconds: number, sends: number])[];
}
