import { setTimeout as wait } from 'node:timers/promises';

/** Bounds of the random pause before a repetition, in milliseconds; the first doubles with each. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;

/** How long something may be tried again. */
export interface Backoff {
  /** Unix milliseconds. */
  readonly endsAt: number;
  /** Waits with full jitter, longer each time. Resolves with whether there is time for another attempt. */
  pause(): Promise<boolean>;
}

/** @param signal Ends a pause, and with it the patience. */
export function createBackoff(endsAt: number, signal?: AbortSignal): Backoff {
  let pauses = 0;
  return {
    endsAt,
    async pause() {
      const pauseMs = Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** pauses++);
      if (Date.now() + pauseMs >= endsAt) return false;
      await wait(pauseMs, undefined, { signal }).catch(() => undefined);
      return signal?.aborted !== true;
    },
  };
}
