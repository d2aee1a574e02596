/** Sends that may be under way at once: each occupies a slot until it is answered. */
export interface Slots {
  /** All are free from now on. */
  free(atMs: number): void;
  /** When the next one is free. */
  nextAt(): number;
  /** Occupies the one that is free next. */
  occupy(untilMs: number): void;
}

/**
 * A heap of the times at which slots become free. There are as many as sends, so it is one array of numbers.
 */
export function createSlots(count: number): Slots {
  const until = new Float64Array(count);

  function sink(value: number): void {
    let at = 0;
    for (let child = 1; child < count; child = 2 * at + 1) {
      const right = child + 1;
      if (right < count && (until[right] as number) < (until[child] as number)) child = right;
      if (value <= (until[child] as number)) break;
      until[at] = until[child] as number;
      at = child;
    }
    until[at] = value;
  }

  return {
    free: (atMs) => until.fill(atMs),
    nextAt: () => until[0] as number,
    occupy: sink,
  };
}
