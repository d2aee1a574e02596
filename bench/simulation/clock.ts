import { createHeap } from './heap.js';

/** Something that takes time: yields how many milliseconds pass until it goes on. */
export type Process = Generator<number, void, void>;

/** Time that passes only where something happens. */
export interface Simulation {
  /** Milliseconds since the beginning. */
  now(): number;
  start(process: Process): void;
  /** Does something after this time. */
  after(ms: number, what: () => void): void;
  /** Lets everything happen, in order, until nothing is left to happen. */
  run(): void;
}

export function createSimulation(): Simulation {
  const events = createHeap<() => void>();
  let now = 0;

  function after(ms: number, what: () => void): void {
    events.push(now + ms, what);
  }

  function step(process: Process): void {
    const { done, value } = process.next();
    if (done !== true) {
      after(value, () => {
        step(process);
      });
    }
  }

  return {
    now: () => now,
    start: step,
    after,
    run() {
      for (let event = events.pop(); event !== undefined; event = events.pop()) {
        now = event.priority;
        event.value();
      }
    },
  };
}
