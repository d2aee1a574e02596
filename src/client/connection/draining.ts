import type { ClientClock } from '../base/clock.js';
import type { ClientSocket } from './link.js';
import type { RequestQueue } from '../requests/request-queue.js';

/**
 * What becomes of a connection that has a successor: it is read for a little longer, since a broadcast that
 * began before the successor was there comes only here, and closed when that time is over and its last
 * answers are in.
 */
export interface Draining {
  add(link: ClientSocket): void;
  /**
   * Broadcasts of retired connections are ignored from now on: something is being said on the successor, and
   * a broadcast that leaves out the one who speaks would come back on the old connection.
   */
  mute(): void;
  isMuted(link: ClientSocket): boolean;
  /** It has closed by itself. */
  forget(link: ClientSocket): void;
  /** Closes them all. */
  close(): void;
}

const LINGER_MS = 2000;
const MOST_LINGERING = 10;

export function createDraining(clock: ClientClock, requestQueue: RequestQueue): Draining {
  const muted = new Map<ClientSocket, boolean>();

  function linger(link: ClientSocket, times: number): void {
    clock.after(LINGER_MS, () => {
      if (!muted.has(link)) return;
      if (times < MOST_LINGERING && requestQueue.unanswered(link) > 0) linger(link, times + 1);
      else end(link);
    });
  }

  function end(link: ClientSocket): void {
    muted.delete(link);
    link.close();
    requestQueue.lose(link);
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
