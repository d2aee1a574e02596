/** Counts calls in each second of real time: a manual clock stands still, the load on a queue does not. */
export interface Rates {
  /** Whether one more is allowed in this second. */
  spend(kind: string): boolean;
}

export function createRates(perSecond: number): Rates {
  const counts = new Map<string, number>();
  let second = 0;

  return {
    spend(kind) {
      const now = Math.floor(performance.now() / 1000);
      if (now !== second) counts.clear();
      second = now;
      const count = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, count);
      return count <= perSecond;
    },
  };
}
