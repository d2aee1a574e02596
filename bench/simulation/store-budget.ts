import type { Simulation } from './clock.js';
import type { StoreQuota } from './scenario.js';

/** What the store allows per second, for everybody together. */
export interface StoreBudget {
  /** Takes units; returns how long to wait until they are there. Who asks first is served first. */
  take(units: number): number;
  readonly taken: number;
}

/**
 * Refused requests are repeated until they are accepted; the model lets them wait exactly as long as they
 * have to.
 */
export function createStoreBudget(
  { now }: Simulation,
  { unitsPerSecond, savedUnits }: Pick<StoreQuota, 'unitsPerSecond' | 'savedUnits'>,
): StoreBudget {
  let taken = 0;
  let available = savedUnits;
  let filledAt = 0;

  return {
    take(units) {
      taken += units;
      if (unitsPerSecond === Infinity) return 0;
      available = Math.min(savedUnits, available + ((now() - filledAt) * unitsPerSecond) / 1000);
      filledAt = now();
      available -= units;
      return available >= 0 ? 0 : (-available * 1000) / unitsPerSecond;
    },
    get taken() {
      return taken;
    },
  };
}
