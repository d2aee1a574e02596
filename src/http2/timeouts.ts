/**
 * One timer for all requests of a client. It keeps the process alive while somebody waits, and only then:
 * sockets never do.
 */
export interface Timeouts {
  /** A request begins that is over at `endsAt`, in Unix milliseconds. */
  begin(endsAt: number): void;
  /** A request has ended, whichever way. */
  end(): void;
}

/** Longest delay that a Node.js timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** @param expire Ends the requests whose time is over, and returns when the next one's is, or `Infinity`. */
export function createTimeouts(expire: (now: number) => number): Timeouts {
  let timer: NodeJS.Timeout | undefined;
  let firesAt = Infinity;
  let waiting = 0;

  function arm(at: number): void {
    clearTimeout(timer);
    firesAt = at;
    timer = setTimeout(fire, Math.min(at - Date.now(), MAX_TIMER_MS));
    if (waiting === 0) timer.unref();
  }

  /**
   * After a long pause timers come first: answers that the sockets have already received shall still count.
   */
  function fire(): void {
    setImmediate(() => {
      timer = undefined;
      firesAt = Infinity;
      const next = expire(Date.now());
      if (next < firesAt) arm(next);
    });
  }

  return {
    begin(endsAt) {
      if (waiting++ === 0) timer?.ref();
      if (endsAt < firesAt) arm(endsAt);
    },
    end() {
      if (--waiting === 0) timer?.unref();
    },
  };
}
