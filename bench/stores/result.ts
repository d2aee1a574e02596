import type { Machine } from '../machine.js';
import type { Spread } from '../statistics.js';
import type { AdapterCost } from './adapters.js';
import type { StoreName } from './contenders.js';
import type { OperationName } from './operations.js';

export interface OperationCost {
  readonly perSecond: Spread;
  readonly roundTrips: number;
}

export interface StoreRow {
  readonly name: StoreName;
  readonly operations: Readonly<Record<OperationName, OperationCost>>;
  readonly listing: {
    readonly members: number;
    readonly perSecond: number;
    readonly heapGrowthMb: number;
    readonly rssGrowthMb: number;
  };
}

/** A store whose server is not here. */
export interface MissingRow {
  readonly name: StoreName;
  readonly missing: string;
}

export interface StoresResult {
  readonly machine: Machine;
  readonly rounds: number;
  /** Members of the room that is listed and counted. */
  readonly members: number;
  readonly rows: readonly (StoreRow | MissingRow)[];
  readonly adapters: readonly AdapterCost[];
}
