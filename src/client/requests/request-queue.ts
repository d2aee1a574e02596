import { bytesOf } from '../base/bytes.js';
import type { ClientClock } from '../base/clock.js';
import type { ClientSocket } from '../connection/link.js';
import { RequestError } from './request-error.js';
import { createSendWindow } from './send-window.js';
import { MAX_FRAME_BYTES } from '../../base/protocol.js';

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

export interface PostOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly id?: string | undefined;
  /** Goes over this link or not at all, before what the page sends. */
  readonly over?: ClientSocket | undefined;
  /** Does not wait for answers to others. */
  readonly isUrgent?: boolean | undefined;
  /** Messages with the same word are sent one after the other. */
  readonly order?: string | undefined;
  /** Whether it does no harm when it arrives twice. */
  readonly again?: boolean | undefined;
}

interface Outgoing extends PostOptions {
  readonly id: string;
  readonly type: string;
  readonly text: string;
  /** Over which it was sent last. */
  link?: ClientSocket;
  settle(outcome: unknown): void;
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
  let queue: Outgoing[] = [];
  let link: ClientSocket | undefined;
  let isClosed = false;
  /** What `onQueue` was told last. */
  let told = 0;
  const sent = new Set<Outgoing>();
  const sendWindow = createSendWindow();

  const countQueued = (): number => queue.filter(({ over }) => !over).length;

  function transmit(outgoing: Outgoing, over: ClientSocket): void {
    outgoing.link = over;
    sent.add(outgoing);
    over.send(outgoing.text);
    onSent(over, outgoing.type);
  }

  /** Sends what may be sent now: the oldest first, few at once, and nothing that waits for the answer to another. */
  function release(): void {
    if (isClosed) return;
    const busy = new Set([...sent].flatMap(keysOf));
    let free = sendWindow.size - [...sent].filter(({ isUrgent }) => !isUrgent).length;
    const isNext = (outgoing: Outgoing): boolean => {
      const keys = keysOf(outgoing);
      const mayGo = (outgoing.over ?? link) && !keys.some((key) => busy.has(key));
      // Those behind it wait, whether it is sent now or later.
      for (const key of keys) busy.add(key);
      return Boolean(mayGo && (outgoing.isUrgent || free-- > 0));
    };
    const next = new Set(queue.filter(isNext));
    queue = queue.filter((outgoing) => !next.has(outgoing));
    for (const outgoing of next) transmit(outgoing, (outgoing.over ?? link) as ClientSocket);
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
      if (sent.has(outgoing) && outgoing.link !== undefined && outgoing.link === link)
        transmit(outgoing, link);
    });
  }

  /** Why it cannot be taken, if so. */
  function obstacle({ type, text, signal, timeoutMs }: Outgoing): RequestError | undefined {
    const refuse = (code: string): RequestError => new RequestError(code, type);
    if (!(timeoutMs >= 0))
      return new RequestError('INVALID_OPTIONS', `${type}: timeoutMs: expected a number`);
    if (bytesOf(text) > MAX_FRAME_BYTES) return refuse('PAYLOAD_TOO_LARGE');
    if (signal?.aborted) return refuse('ABORTED');
    if (isClosed) return refuse('NOT_SENT');
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
        sent.delete(outgoing);
        queue = queue.filter((other) => other !== outgoing);
        if (outcome instanceof RequestError) reject(outcome);
        else resolve(outcome);
        flush();
      };
      const abort = (): void => {
        settle(new RequestError('ABORTED', type));
      };
      const outgoing: Outgoing = { ...options, id, type, text: textOf(type, data, id), settle };
      const stopTimer = clock.after(timeoutMs, () => {
        if (sent.has(outgoing)) sendWindow.learn(false);
        settle(unsettled(outgoing, 'timed out'));
      });
      const refused = obstacle(outgoing);
      if (refused) {
        settle(refused);
        return;
      }
      signal?.addEventListener('abort', abort);
      const first = over ? queue.filter((other) => other.over) : queue;
      queue = [...first, outgoing, ...queue.filter((other) => !first.includes(other))];
      release();
      if (!over && queue.includes(outgoing) && countQueued() > maxQueued)
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
      const asked = [...sent].find((outgoing) => outgoing.id === id);
      if (!asked) return false;
      sendWindow.learn(code !== 'RATE_LIMITED');
      if (asked.again === true && code === 'IN_PROGRESS') askLater(asked);
      // Whoever asks the same again while it is under way gets the same answer.
      else for (const one of [asked, ...queue]) if (one.id === id) one.settle(outcome);
      return true;
    },
    unanswered: (over) => [...sent].filter((outgoing) => outgoing.link === over).length,
    lose(lost) {
      if (link === lost) link = undefined;
      const broken = [...sent].filter((outgoing) => outgoing.link === lost);
      const repeated = broken.filter(({ again }) => again);
      for (const outgoing of repeated) sent.delete(outgoing);
      // They were posted before all that wait.
      queue = [...repeated, ...queue];
      for (const one of [...broken, ...queue])
        if (one.over === lost || (one.link === lost && !one.again)) one.settle(unsettled(one, 'closed'));
      flush();
    },
    close() {
      isClosed = true;
      link = undefined;
      for (const outgoing of [...sent, ...queue]) outgoing.settle(unsettled(outgoing, 'closed'));
    },
  };
}

/** No two messages that share one of these are under way at once. */
function keysOf({ id, order }: Outgoing): string[] {
  return order === undefined ? [id] : [id, ` ${order}`];
}

/** Throws {@link RequestError} for what JSON cannot express. */
function textOf(type: string, data: unknown, id: string): string {
  try {
    return JSON.stringify({ type, data, id });
  } catch (error) {
    throw new RequestError('INVALID_MESSAGE', `${type}: data: ${(error as Error).message}`, ['data']);
  }
}
