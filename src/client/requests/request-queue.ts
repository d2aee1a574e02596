import { bytesOf } from '../base/bytes.js';
import type { ClientClock } from '../base/clock.js';
import type { Link } from '../connection/link.js';
import { RequestError } from './request-error.js';
import { MAX_FRAME_BYTES } from '../../base/protocol.js';

/** Messages on their way to the server: waiting for a connection, or sent and not answered yet. */
export interface Outbox {
  /** How many wait for a connection. */
  readonly queued: number;
  /** Resolves with the reply. Rejects with {@link RequestError}. */
  post(type: string, data: unknown, options: PostOptions): Promise<unknown>;
  /** Where messages go from now on; without a link they wait. */
  sendOver(link: Link | undefined): void;
  /** The server's answer to a message. Returns false when nobody waits for it. */
  answer(id: string | undefined, outcome: unknown): boolean;
  /** How many were sent over this link and are not answered yet. */
  unanswered(link: Link): number;
  /** The link has broken: what may be sent again waits for the next one, the rest fails with `NO_ANSWER`. */
  lose(link: Link): void;
  /** Nothing is sent any more; whatever is there fails. */
  close(): void;
}

export interface PostOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly id?: string | undefined;
  /** Goes over this link or not at all, and waits for nothing. */
  readonly over?: Link | undefined;
  /** Whether it does no harm when it arrives twice. */
  readonly again?: boolean | undefined;
}

interface Outgoing extends PostOptions {
  readonly id: string;
  readonly type: string;
  readonly text: string;
  /** Over which it was sent last. */
  link?: Link;
  settle(outcome: unknown): void;
}

export interface OutboxParts {
  readonly clock: ClientClock;
  readonly maxQueued: number;
  readonly newId: () => string;
  readonly onQueue: (queued: number) => void;
  /** A message was given to a socket. */
  readonly onSent: (link: Link, type: string) => void;
}

/** The server is still handling the first copy of a message: when to ask again. */
const IN_PROGRESS_MS = 1000;

export function createOutbox({ clock, maxQueued, newId, onQueue, onSent }: OutboxParts): Outbox {
  let queue: Outgoing[] = [];
  let link: Link | undefined;
  let isClosed = false;
  const sent = new Map<string, Outgoing>();

  function setQueue(next: Outgoing[]): void {
    const before = queue.length;
    queue = next;
    if (queue.length !== before) onQueue(queue.length);
  }

  function transmit(outgoing: Outgoing, over: Link): void {
    outgoing.link = over;
    sent.set(outgoing.id, outgoing);
    over.send(outgoing.text);
    onSent(over, outgoing.type);
  }

  /** Sends it again after a while, if nobody has lost patience by then and the connection still holds. */
  function askLater(outgoing: Outgoing): void {
    clock.after(IN_PROGRESS_MS, () => {
      const isWaiting = sent.get(outgoing.id) === outgoing;
      if (isWaiting && outgoing.link !== undefined && outgoing.link === link) transmit(outgoing, link);
    });
  }

  /** Why it cannot be taken, if so. */
  function obstacle({ type, text, over, signal }: Outgoing): RequestError | undefined {
    const refuse = (code: string): RequestError => new RequestError(code, type);
    if (bytesOf(text) > MAX_FRAME_BYTES) return refuse('PAYLOAD_TOO_LARGE');
    if (signal?.aborted) return refuse('ABORTED');
    if (isClosed) return refuse('NOT_SENT');
    if (!over && !link && queue.length >= maxQueued) return refuse('QUEUE_FULL');
    return undefined;
  }

  function unsettled({ type, link }: Outgoing, why: string): RequestError {
    return new RequestError(link ? 'NO_ANSWER' : 'NOT_SENT', `${type} ${why}`);
  }

  function post(type: string, data: unknown, options: PostOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { id = newId(), timeoutMs, signal, over } = options;
      const settle = (outcome: unknown): void => {
        stopTimer();
        signal?.removeEventListener('abort', abort);
        sent.delete(id);
        setQueue(queue.filter((other) => other !== outgoing));
        if (outcome instanceof RequestError) reject(outcome);
        else resolve(outcome);
      };
      const abort = (): void => {
        settle(new RequestError('ABORTED', type));
      };
      const outgoing: Outgoing = { ...options, id, type, text: JSON.stringify({ type, data, id }), settle };
      const stopTimer = clock.after(timeoutMs, () => {
        settle(unsettled(outgoing, 'timed out'));
      });
      const refused = obstacle(outgoing);
      if (refused) {
        settle(refused);
        return;
      }
      signal?.addEventListener('abort', abort);
      const target = over ?? link;
      if (target) transmit(outgoing, target);
      else setQueue([...queue, outgoing]);
    });
  }

  return {
    get queued() {
      return queue.length;
    },
    post,
    sendOver(next) {
      link = next;
      if (!next) return;
      const waiting = queue;
      setQueue([]);
      for (const outgoing of waiting) transmit(outgoing, next);
    },
    answer(id, outcome) {
      const outgoing = sent.get(id ?? '');
      const isInProgress = outcome instanceof RequestError && outcome.code === 'IN_PROGRESS';
      if (outgoing?.again === true && isInProgress) askLater(outgoing);
      else outgoing?.settle(outcome);
      return outgoing !== undefined;
    },
    unanswered: (over) => [...sent.values()].filter((outgoing) => outgoing.link === over).length,
    lose(lost) {
      if (link === lost) link = undefined;
      const broken = [...sent.values()].filter((outgoing) => outgoing.link === lost);
      const repeated = broken.filter(({ again }) => again);
      for (const { id } of repeated) sent.delete(id);
      // They were posted before all that wait.
      setQueue([...repeated, ...queue]);
      for (const outgoing of broken) if (!outgoing.again) outgoing.settle(unsettled(outgoing, 'closed'));
    },
    close() {
      isClosed = true;
      for (const outgoing of [...sent.values(), ...queue]) outgoing.settle(unsettled(outgoing, 'closed'));
    },
  };
}
