import type { ClientSocket } from '../connection/link.js';
import { keysOf, type Outgoing } from './outgoing.js';

/**
 * Messages without an answer: those that wait, in the order in which they go out, and those that were sent.
 */
export interface Pending {
  readonly waiting: readonly Outgoing[];
  readonly sent: readonly Outgoing[];
  /** Behind those that wait. What goes over a link of its own goes before all others. */
  add(outgoing: Outgoing): void;
  remove(outgoing: Outgoing): void;
  /** Were sent, and wait once more, before all others: they were posted before all that wait. */
  putBack(outgoing: readonly Outgoing[]): void;
  send(outgoing: Outgoing, over: ClientSocket): void;
  /**
   * Sends what may be sent now: the oldest first, `size` at once, and nothing that waits for the answer to
   * another.
   */
  release(link: ClientSocket | undefined, size: number): void;
}

export function createPending(onSent: (link: ClientSocket, type: string) => void): Pending {
  let waiting: readonly Outgoing[] = [];
  const sent = new Set<Outgoing>();

  function send(outgoing: Outgoing, over: ClientSocket): void {
    outgoing.link = over;
    sent.add(outgoing);
    over.send(outgoing.text);
    onSent(over, outgoing.type);
  }

  return {
    get waiting() {
      return waiting;
    },
    get sent() {
      return [...sent];
    },
    add(outgoing) {
      waiting = [...waiting, outgoing].sort((one, other) => Number(!one.over) - Number(!other.over));
    },
    remove(outgoing) {
      sent.delete(outgoing);
      waiting = waiting.filter((other) => other !== outgoing);
    },
    putBack(repeated) {
      for (const outgoing of repeated) sent.delete(outgoing);
      waiting = [...repeated, ...waiting];
    },
    send,
    release(link, size) {
      const busy = new Set([...sent].flatMap(keysOf));
      let free = size - [...sent].filter(({ isUrgent }) => !isUrgent).length;
      const isNext = (outgoing: Outgoing): boolean => {
        const keys = keysOf(outgoing);
        const mayGo = (outgoing.over ?? link) && !keys.some((key) => busy.has(key));
        // Those behind it wait, whether it is sent now or later.
        for (const key of keys) busy.add(key);
        return Boolean(mayGo && (outgoing.isUrgent || free-- > 0));
      };
      const next = new Set(waiting.filter(isNext));
      waiting = waiting.filter((outgoing) => !next.has(outgoing));
      for (const outgoing of next) send(outgoing, (outgoing.over ?? link) as ClientSocket);
    },
  };
}
