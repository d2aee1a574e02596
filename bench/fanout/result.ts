import type { Machine } from '../machine.js';
import type { TimedRun } from './runs.js';
import type { TroubledBroadcast } from './trouble.js';

export interface FanoutResult {
  readonly machine: Machine;
  readonly rounds: number;
  readonly store: 'redis' | 'ydb';
  readonly trouble: TroubledBroadcast & { readonly recipients: number; readonly stale: number };
  readonly runs: readonly TimedRun[];
}
