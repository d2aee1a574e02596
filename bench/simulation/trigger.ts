import type { Simulation } from './clock.js';
import type { QueueTimes } from './scenario.js';

/** A queue with its trigger: hands jobs on in batches as soon as somebody is free. */
export interface Trigger<J> {
  /** A job arrives in the queue. */
  put(job: J): void;
  /** Somebody has become free. */
  pull(): void;
}

export interface TriggerDeps<J> {
  readonly simulation: Simulation;
  readonly times: QueueTimes;
  readonly pollMs: () => number;
  /** Takes a batch; false when nobody is free. */
  call(jobs: readonly J[]): boolean;
}

export function createTrigger<J>({ simulation, times, pollMs, call }: TriggerDeps<J>): Trigger<J> {
  const { batchSize, cutoffMs } = times;
  /** What the trigger has, and since when. */
  const waiting: { readonly job: J; readonly since: number }[] = [];

  function isDue(): boolean {
    const [first] = waiting;
    if (first === undefined) return false;
    return waiting.length >= batchSize || simulation.now() >= first.since + cutoffMs;
  }

  function pull(): void {
    while (isDue() && call(waiting.slice(0, batchSize).map(({ job }) => job))) waiting.splice(0, batchSize);
  }

  return {
    put(job) {
      simulation.after(pollMs(), () => {
        waiting.push({ job, since: simulation.now() });
        pull();
        if (batchSize > 1) simulation.after(cutoffMs, pull);
      });
    },
    pull,
  };
}
