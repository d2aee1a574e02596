/** Numbers that look like chance and are the same for the same seed. */
export interface Chance {
  /** From 0 to below 1. */
  uniform(): number;
  between(least: number, most: number): number;
  /** A time as networks have it: rarely much shorter than usual, sometimes much longer. */
  latencyMs(latency: Latency): number;
}

/**
 * Log-normal, given by what is measured of latencies: half take at most `medianMs`, one in a hundred more
 * than `p99Ms`.
 */
export interface Latency {
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** Below this value stays all but one in a hundred of a standard normal distribution. */
const NORMAL_P99 = 2.3263;

export function createChance(seed: number): Chance {
  let state = seed >>> 0;

  function uniform(): number {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Box and Muller's. */
  function normal(): number {
    return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  }

  return {
    uniform,
    between: (least, most) => least + uniform() * (most - least),
    latencyMs({ medianMs, p99Ms }) {
      if (medianMs === p99Ms) return medianMs;
      return medianMs * Math.exp((normal() * Math.log(p99Ms / medianMs)) / NORMAL_P99);
    },
  };
}
