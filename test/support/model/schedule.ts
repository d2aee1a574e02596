/** What is under way in a simulated world, done in an order that a seed chooses. */
export interface Schedule {
  /** A number from 0 to `count` - 1. */
  below(count: number): number;
  /** Does `work` some time later, unless it has no meaning any more by then. */
  later(work: () => void): void;
  /** Resolves some time later. */
  pause(): Promise<void>;
  /** Does some of what is due. */
  run(steps: number): Promise<void>;
  /** Does everything that is due, and what follows from it. */
  runAll(): Promise<void>;
}

/** More steps than any history of these tests takes: something goes round in circles. */
const MAX_STEPS = 5000;

export function createSchedule(seed: number): Schedule {
  const due: (() => void)[] = [];
  let state = seed | 0;

  function below(count: number): number {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return ((state >>> 8) * count) >>> 24;
  }

  /** The server's own promises come first; only what this schedule holds back may come in any order. */
  const rest = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  async function step(): Promise<void> {
    const [work] = due.splice(below(due.length), 1);
    work?.();
    await rest();
  }

  return {
    below,
    later: (work) => void due.push(work),
    pause: () => new Promise((resolve) => due.push(resolve)),
    async run(steps) {
      await rest();
      for (let n = 0; n < steps && due.length > 0; n++) await step();
    },
    async runAll() {
      await rest();
      for (let n = 0; due.length > 0; n++) {
        if (n === MAX_STEPS) throw new Error('the world does not come to rest');
        await step();
      }
    },
  };
}
