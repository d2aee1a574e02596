/** Bounds of the pause of {@link createBackoff}, in milliseconds. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;
/** Doubling ends here, before numbers become infinite. */
const MAX_DOUBLINGS = 30;

/** The longest pause before a repetition: `firstMs`, doubled with each of `failures`, `longestMs` at most. */
export function backoffBoundMs(failures: number, firstMs: number, longestMs: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(failures, MAX_DOUBLINGS));
}

/**
 * A random part of the longest pause ("full jitter"): those who failed at the same moment must not come back
 * at the same moment.
 */
export function backoffMs(
  failures: number,
  firstMs: number,
  longestMs: number,
  random = Math.random,
): number {
  return random() * backoffBoundMs(failures, firstMs, longestMs);
}

/** How long something may be tried again. */
export interface Backoff {
  /** Unix milliseconds. */
  readonly endsAt: number;
  /** Waits, longer each time. Resolves with whether there is time for another attempt. */
  pause(): Promise<boolean>;
}

/** @param signal Ends a pause, and allows no further attempt. */
export function createBackoff(endsAt: number, signal?: AbortSignal): Backoff {
  let pauses = 0;
  const isAborted = (): boolean => signal?.aborted === true;
  return {
    endsAt,
    async pause() {
      const pauseMs = backoffMs(pauses++, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
      if (Date.now() + pauseMs >= endsAt || isAborted()) return false;
      await waitUnlessAborted(pauseMs, signal);
      return !isAborted();
    },
  };
}

/** With the global timer: browsers have no other, and fake clocks reach it. */
function waitUnlessAborted(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
