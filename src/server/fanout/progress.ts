import type { Progress } from '../../model/report.js';

/**
 * Tells how far a broadcast is, at most every so often; whoever is slow sees the latest state, not every one.
 */
export interface ProgressFeed extends AsyncIterable<Progress> {
  /** What `listener` throws is ignored: a broken progress bar must not break a broadcast. */
  subscribe(listener: (progress: Progress) => void): void;
  /** Gives everybody the final state and ends the iterators. */
  finish(): void;
}

/** @param onWanted Called once, when somebody begins to watch. */
export function createProgressFeed(
  current: () => Progress,
  everyMs: number,
  onWanted: () => void,
): ProgressFeed {
  const listeners = new Set<(progress: Progress) => void>();
  const iterators = new Set<Slot>();
  let timer: NodeJS.Timeout | undefined;
  let finished = false;

  function notify(): void {
    const progress = current();
    for (const slot of iterators) slot.put(progress);
    for (const listener of listeners) {
      try {
        listener(progress);
      } catch {
        // See subscribe().
      }
    }
  }

  function wake(): void {
    if (finished || timer !== undefined) return;
    timer = setInterval(notify, everyMs);
    onWanted();
  }

  return {
    subscribe(listener) {
      listeners.add(listener);
      wake();
    },
    finish() {
      finished = true;
      clearInterval(timer);
      notify();
      for (const slot of iterators) slot.end();
    },
    async *[Symbol.asyncIterator]() {
      const slot = createSlot();
      if (finished) {
        yield current();
        return;
      }
      iterators.add(slot);
      wake();
      try {
        for (let progress = await slot.next(); progress !== undefined; progress = await slot.next())
          yield progress;
      } finally {
        iterators.delete(slot);
      }
    },
  };
}

/** Holds the latest state until it is taken. */
interface Slot {
  put(progress: Progress): void;
  end(): void;
  next(): Promise<Progress | undefined>;
}

function createSlot(): Slot {
  let latest: Progress | undefined;
  let ended = false;
  let arrived: () => void = () => undefined;
  return {
    put(progress) {
      latest = progress;
      arrived();
    },
    end() {
      ended = true;
      arrived();
    },
    async next() {
      while (latest === undefined && !ended) {
        await new Promise<void>((resolve) => {
          arrived = resolve;
        });
      }
      const progress = latest;
      latest = undefined;
      return progress;
    },
  };
}
