/** The time of a client: the machine's, or one that a test moves. */
export interface ClientClock {
  /** Unix milliseconds. */
  now(): number;
  /** Calls `fire` after a time. Returns how to call it off. */
  after(ms: number, fire: () => void): () => void;
}

/** A longer timer would fire at once. */
export const LONGEST_MS = 2_147_483_647;

let epoch = 0;

export const systemClock: ClientClock = {
  now() {
    const elapsed = performance.now();
    // Forwards only, so that durations are right when the machine's clock is set back. The other clock may
    // stop in a sleep.
    epoch = Math.max(epoch, Date.now() - elapsed);
    return epoch + elapsed;
  },
  after(ms, fire) {
    const timer = setTimeout(fire, Math.min(ms, LONGEST_MS));
    return () => {
      clearTimeout(timer);
    };
  },
};
