import type { Clock } from '../clock.js';

/** What faults hold up, by the gateway's clock. */
export interface Waiting {
  wait(ms: number): Promise<void>;
  /** Calls `fire` after a while, unless what is returned is called before. */
  start(ms: number, fire: () => void): () => void;
  /** How many wait. With a manual clock they wait until somebody moves it. */
  count(): number;
  /** Nobody who waits is heard of again. */
  stop(): void;
}

export function createWaiting(clock: Clock): Waiting {
  const alarms = new Set<() => void>();

  function start(ms: number, fire: () => void): () => void {
    const cancelAlarm = clock.at(clock.now() + ms, () => {
      alarms.delete(cancel);
      fire();
    });
    function cancel(): void {
      cancelAlarm();
      alarms.delete(cancel);
    }
    alarms.add(cancel);
    return cancel;
  }

  return {
    start,
    wait: (ms) =>
      new Promise((resolve) => {
        start(ms, resolve);
      }),
    count: () => alarms.size,
    stop() {
      for (const cancel of alarms) cancel();
    },
  };
}
