import type { ClientClock } from '../base/clock.js';
import type { Link } from './link.js';
import type { Outbox } from '../requests/request-queue.js';

/**
 * What becomes of a connection that has a successor: it is read for a little longer, since a broadcast that began before
 * the successor was there comes only here, and closed when that time is over and its last answers are in.
 */
export interface Retirement {
  add(link: Link): void;
  /**
   * Broadcasts of retired connections are ignored from now on: something is being said on the successor, and a
   * broadcast that leaves out the one who speaks would come back on the old connection.
   */
  mute(): void;
  isMuted(link: Link): boolean;
  /** It has closed by itself. */
  forget(link: Link): void;
  /** Closes them all. */
  close(): void;
}

const LINGER_MS = 2000;
const MOST_LINGERING = 10;

export function createRetirement(clock: ClientClock, outbox: Outbox): Retirement {
  const muted = new Map<Link, boolean>();

  function linger(link: Link, times: number): void {
    clock.after(LINGER_MS, () => {
      if (!muted.has(link)) return;
      if (times < MOST_LINGERING && outbox.unanswered(link) > 0) linger(link, times + 1);
      else end(link);
    });
  }

  function end(link: Link): void {
    muted.delete(link);
    link.close();
    outbox.lose(link);
  }

  return {
    add(link) {
      muted.set(link, false);
      linger(link, 1);
    },
    mute() {
      for (const link of muted.keys()) muted.set(link, true);
    },
    isMuted: (link) => muted.get(link) === true,
    forget: (link) => muted.delete(link),
    close() {
      for (const link of muted.keys()) end(link);
    },
  };
}
