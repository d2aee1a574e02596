import type { LatencySummary } from '../../model/report.js';

/** Bucket bounds grow by 2^(1/4) from a tenth of a millisecond to beyond ten minutes. */
const SMALLEST_MS = 0.1;
const STEPS_PER_DOUBLING = 4;
const BUCKETS = 92;

/** Latencies in a fixed number of buckets: percentiles within a fifth, at a constant size. */
export interface LatencyHistogram {
  record(ms: number): void;
  summary(): LatencySummary;
}

export function createLatencyHistogram(): LatencyHistogram {
  const counts = new Uint32Array(BUCKETS);
  let total = 0;
  let max = 0;

  function quantile(q: number): number {
    const rank = Math.ceil(q * total);
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += counts[bucket] ?? 0;
      if (seen >= rank && seen > 0) return Math.min(upperBound(bucket), round(max));
    }
    return 0;
  }

  return {
    record(ms) {
      const bucket = bucketOf(ms);
      counts[bucket] = (counts[bucket] ?? 0) + 1;
      total++;
      if (ms > max) max = ms;
    },
    summary() {
      const histogram = Array.from(counts, (count, bucket) => ({ upToMs: upperBound(bucket), count }));
      return {
        p50: quantile(0.5),
        p95: quantile(0.95),
        p99: quantile(0.99),
        max: round(max),
        histogram: histogram.filter(({ count }) => count > 0),
      };
    },
  };
}

function bucketOf(ms: number): number {
  if (ms <= SMALLEST_MS) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log2(ms / SMALLEST_MS) * STEPS_PER_DOUBLING));
}

function upperBound(bucket: number): number {
  return round(SMALLEST_MS * 2 ** (bucket / STEPS_PER_DOUBLING));
}

function round(ms: number): number {
  return Number(ms.toPrecision(3));
}
