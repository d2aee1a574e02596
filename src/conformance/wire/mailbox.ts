/** Things that arrive, and who waits for them. */
export interface Mailbox<T> {
  readonly all: readonly T[];
  put(item: T): void;
  /** Nothing comes any more: whoever waits gets `undefined`. */
  end(): void;
  /** The first that is wanted, of those that are there or come in time. */
  next(isWanted: (item: T) => boolean, waitMs: number): Promise<T | undefined>;
}

export function createMailbox<T>(): Mailbox<T> {
  const all: T[] = [];
  const watchers = new Set<() => void>();
  let isEnded = false;

  function wake(): void {
    for (const watch of [...watchers]) watch();
  }

  return {
    all,
    put(item) {
      all.push(item);
      wake();
    },
    end() {
      isEnded = true;
      wake();
    },
    next: (isWanted, waitMs) =>
      new Promise((resolve) => {
        const settle = (item: T | undefined): void => {
          clearTimeout(timer);
          watchers.delete(watch);
          resolve(item);
        };
        const watch = (): void => {
          const found = all.find(isWanted);
          if (found !== undefined || isEnded) settle(found);
        };
        const timer = setTimeout(() => {
          settle(undefined);
        }, waitMs);
        watchers.add(watch);
        watch();
      }),
  };
}
