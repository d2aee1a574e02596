/** The time of a client: the machine's, or one that a test moves. */
export interface ClientClock {
  /** Unix milliseconds. */
  now(): number;
  /** Calls `fire` after a time. Returns how to call it off. */
  after(ms: number, fire: () => void): () => void;
}

export const systemClock: ClientClock = {
  now: () => Date.now(),
  after(ms, fire) {
    const timer = setTimeout(fire, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};
