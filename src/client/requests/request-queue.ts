import type { ClientClock } from '../base/clock.js';
import type { ClientSocket } from '../connection/link.js';
import { obstacleTo, textOf, unsettled, type Outgoing, type PostOptions } from './outgoing.js';
import { createPending } from './pending.js';
import { RequestError } from './request-error.js';
import { createSendWindow } from './send-window.js';

/** Messages on their way to the server: waiting to be sent, or sent and not answered yet. */
export interface RequestQueue {
  /** How many of the page's messages wait for a connection, or for answers to those before them. */
  readonly queued: number;
  /** Resolves with the reply. Rejects with {@link RequestError}. */
  post(type: string, data: unknown, options: PostOptions): Promise<unknown>;
  /** Where messages go from now on; without a link they wait. */
  sendOver(link: ClientSocket | undefined): void;
  /** The server's answer to a message. Returns false when nobody waits for it. */
  answer(id: string | undefined, outcome: unknown): boolean;
  /** How many were sent over this link and are not answered yet. */
  unanswered(link: ClientSocket): number;
  /** The link has broken: what may be sent again waits for the next one, the rest fails with `NO_ANSWER`. */
  lose(link: ClientSocket): void;
  /** Nothing is sent any more; whatever is there fails. */
  close(): void;
}

export interface RequestQueueDeps {
  readonly clock: ClientClock;
  readonly maxQueued: number;
  readonly newId: () => string;
  readonly onQueue: (queued: number) => void;
  /** A message was given to a socket. */
  readonly onSent: (link: ClientSocket, type: string) => void;
}

/** The server is still handling the first copy of a message: when to ask again. */
const IN_PROGRESS_MS = 1000;

export function createRequestQueue({
  clock,
  maxQueued,
  newId,
  onQueue,
  onSent,
}: RequestQueueDeps): RequestQueue {
  let link: ClientSocket | undefined;
  let isClosed = false;
  /** What `onQueue` was told last. */
  let told = 0;
  const pending = createPending(onSent);
  const sendWindow = createSendWindow();

  const countQueued = (): number => pending.waiting.filter(({ over }) => !over).length;

  function release(): void {
    if (!isClosed) pending.release(link, sendWindow.size);
  }

  function tell(): void {
    const now = countQueued();
    if (now === told) return;
    told = now;
    onQueue(now);
  }

  function flush(): void {
    release();
    tell();
  }

  /** Sends it again after a while, if nobody has lost patience by then and the connection still holds. */
  function askLater(outgoing: Outgoing): void {
    clock.after(IN_PROGRESS_MS, () => {
      if (pending.sent.includes(outgoing) && outgoing.link !== undefined && outgoing.link === link)
        pending.send(outgoing, link);
    });
  }

  function post(type: string, data: unknown, options: PostOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { id = newId(), timeoutMs, signal, over } = options;
      const settle = (outcome: unknown): void => {
        stopTimer();
        signal?.removeEventListener('abort', abort);
        pending.remove(outgoing);
        if (outcome instanceof RequestError) reject(outcome);
        else resolve(outcome);
        flush();
      };
      const abort = (): void => {
        settle(new RequestError('ABORTED', type));
      };
      const outgoing: Outgoing = { ...options, id, type, text: textOf(type, data, id), settle };
      const stopTimer = clock.after(timeoutMs, () => {
        if (pending.sent.includes(outgoing)) sendWindow.learn(false);
        settle(unsettled(outgoing, 'timed out'));
      });
      const refused = obstacleTo(outgoing) ?? (isClosed && unsettled(outgoing, 'closed'));
      if (refused) {
        settle(refused);
        return;
      }
      signal?.addEventListener('abort', abort);
      pending.add(outgoing);
      release();
      if (!over && pending.waiting.includes(outgoing) && countQueued() > maxQueued)
        settle(new RequestError('QUEUE_FULL', type));
      else tell();
    });
  }

  return {
    get queued() {
      return countQueued();
    },
    post,
    sendOver(next) {
      link = next;
      flush();
    },
    answer(id, outcome) {
      const code = outcome instanceof RequestError ? outcome.code : '';
      const asked = pending.sent.find((outgoing) => outgoing.id === id);
      if (!asked) return false;
      sendWindow.learn(code !== 'RATE_LIMITED');
      if (asked.again === true && code === 'IN_PROGRESS') askLater(asked);
      // Whoever asks the same again while it is under way gets the same answer.
      else for (const one of [asked, ...pending.waiting]) if (one.id === id) one.settle(outcome);
      return true;
    },
    unanswered: (over) => pending.sent.filter((outgoing) => outgoing.link === over).length,
    lose(lost) {
      if (link === lost) link = undefined;
      const broken = pending.sent.filter((outgoing) => outgoing.link === lost);
      pending.putBack(broken.filter(({ again }) => again));
      for (const one of [...broken, ...pending.waiting])
        if (one.over === lost || (one.link === lost && !one.again)) one.settle(unsettled(one, 'closed'));
      flush();
    },
    close() {
      isClosed = true;
      link = undefined;
      for (const one of [...pending.sent, ...pending.waiting]) one.settle(unsettled(one, 'closed'));
    },
  };
}
