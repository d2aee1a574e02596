import type { ErrorCode } from '../base/errors.js';

/** What became of recipients. */
export interface Counts {
  readonly delivered: number;
  readonly stale: number;
  readonly failed: number;
  readonly skipped: number;
  /** The failed, by code. */
  readonly codes: Readonly<Partial<Record<ErrorCode, number>>>;
}

export const NOBODY: Counts = { delivered: 0, stale: 0, failed: 0, skipped: 0, codes: {} };

export function addCounts(a: Counts, b: Counts): Counts {
  const codes = { ...a.codes };
  for (const [code, count] of Object.entries(b.codes) as [ErrorCode, number][]) {
    codes[code] = (codes[code] ?? 0) + count;
  }
  return {
    delivered: a.delivered + b.delivered,
    stale: a.stale + b.stale,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    codes,
  };
}

export function totalOf({ delivered, stale, failed, skipped }: Counts): number {
  return delivered + stale + failed + skipped;
}
