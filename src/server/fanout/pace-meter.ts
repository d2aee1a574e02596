/** Measures how many sends a second are being accepted, over the running second of a busy stretch. */
export interface PaceMeter {
  tick(): void;
  /** `undefined` until a tenth of a second was measured. */
  perSecond(): number | undefined;
}

export function createPaceMeter(): PaceMeter {
  let startedAt = 0;
  let lastAt = 0;
  let count = 0;
  let measured: number | undefined;
  return {
    tick() {
      const now = performance.now();
      if (now - lastAt > 1000) {
        startedAt = now;
        count = 0;
      }
      lastAt = now;
      count++;
      if (now - startedAt >= 100) measured = (count * 1000) / (now - startedAt);
      if (now - startedAt < 1000) return;
      startedAt = now;
      count = 0;
    },
    perSecond: () => measured,
  };
}
