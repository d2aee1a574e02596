import pLimit from 'p-limit';
import { setTimeout as wait } from 'node:timers/promises';
import { createSigner } from '../base/credentials/static-key.js';
import { createTokenBucket } from '../server/fanout/token-bucket.js';
import { createAwsService } from '../base/aws-service.js';
import { createBackoff, type Backoff } from '../base/backoff.js';
import { batchesOf } from './client/batches.js';
import { readQueueOptions, type MessageQueueOptions } from './client/options.js';
import { refusalOfNetwork, sendError, type QueueRefusal } from './client/refusal.js';
import { batchForm, FORM_TYPE, outcomeOf, type BatchOutcome } from './client/send-batch.js';
import { MAX_QUEUE_BODY_BYTES, type MessageQueue, type QueueMessage } from './message-queue.js';

export type { StaticKey } from '../base/credentials/static-key.js';
export type { MessageQueueOptions } from './client/options.js';
export type { MessageQueue, QueueMessage, QueueSendOptions } from './message-queue.js';

/** A queue of Message Queue, or of anything that speaks the Query protocol of SQS. */
export interface ClosableMessageQueue extends MessageQueue {
  /** Closes idle connections. The queue can be used again after that. */
  close(): void;
}

/** Requests under way. */
const REQUESTS_AT_ONCE = 16;
/** A token bucket lets a tenth of a second's calls through at once, on top of the rate. */
const BURST = 1.1;

/**
 * Sends to a queue of Yandex Message Queue, with a static key, which is all that it takes.
 * Make one per queue and instance, and keep it: its rate is shared by everything that is sent through it.
 *
 * Requests that are throttled, fail inside the service or get no answer are repeated with full jitter. A
 * request that got no answer may have been carried out: its messages can be in the queue twice.
 *
 * Throws `INVALID_OPTIONS` that names the option or the environment variable.
 *
 * @example
 * const queue = messageQueue(); // YC_BROADCAST_QUEUE_URL, YC_BROADCAST_QUEUE_ACCESS_KEY_ID, …
 * await queue.send([{ body: JSON.stringify(job) }]);
 */
export function messageQueue(options: MessageQueueOptions = {}): ClosableMessageQueue {
  const { url, name, credentials, region, timeoutMs, maxCallsPerSecond } = readQueueOptions(options);
  const endpoint = new URL('/', url);
  const sign = createSigner({ key: credentials, region, service: 'sqs' });
  const service = createAwsService(endpoint);
  const limit = pLimit(REQUESTS_AT_ONCE);
  const bucket = createTokenBucket(maxCallsPerSecond / BURST);

  /** Resolves with whether a request may be made, as soon as the rate allows it. */
  async function turn(endsAt: number, sending: Sending): Promise<boolean> {
    for (;;) {
      if (sending.isOver() || Date.now() >= endsAt) return false;
      if (bucket.available()) break;
      await wait(bucket.waitMs());
    }
    bucket.spend();
    return true;
  }

  async function attempt(
    batch: readonly QueueMessage[],
    endsAt: number,
    signal: AbortSignal | undefined,
  ): Promise<BatchOutcome> {
    const body = batchForm(url.href, batch);
    const headers = sign({ url: endpoint, headers: { 'Content-Type': FORM_TYPE }, body });
    const answer = await service.post(headers, body, endsAt, signal);
    return 'unreachable' in answer
      ? { rest: batch, refusal: refusalOfNetwork(answer) }
      : outcomeOf(batch, answer);
  }

  /** Sends until all of the batch is taken. Resolves with the reason when that is not to be. */
  async function persist(
    batch: readonly QueueMessage[],
    { endsAt, pause }: Backoff,
    sending: Sending,
  ): Promise<QueueRefusal | undefined> {
    let rest = batch;
    let latest: QueueRefusal | undefined;
    for (;;) {
      if (!(await turn(endsAt, sending))) return latest ?? OUT_OF_TIME;
      const outcome = await attempt(rest, endsAt, sending.signal);
      sending.taken += rest.length - outcome.rest.length;
      ({ rest } = outcome);
      if (outcome.refusal === undefined) return undefined;
      latest = outcome.refusal;
      if (!latest.isTransient || !(await pause())) return latest;
    }
  }

  return {
    name,
    maxBodyBytes: MAX_QUEUE_BODY_BYTES,
    async send(messages, { signal, deadline } = {}) {
      const batches = batchesOf(messages);
      const endsAt = deadline ?? Date.now() + timeoutMs;
      const sending = beginSending(signal);
      await Promise.all(
        batches.map((batch) =>
          limit(async () => {
            sending.ended(await persist(batch, createBackoff(endsAt, signal), sending));
          }),
        ),
      );
      if (sending.refusal === undefined) return;
      const refusal = signal?.aborted === true ? ABORTED : sending.refusal;
      throw sendError(name, refusal, sending.taken, messages.length);
    },
    close: service.close,
  };
}

const OUT_OF_TIME: QueueRefusal = {
  isTransient: true,
  code: 'QUEUE_UNAVAILABLE',
  reason: 'no time was left',
};
const ABORTED = { code: 'ABORTED', reason: 'the signal came' } as const;

/** One call of `send`: its first failure ends it. */
interface Sending {
  readonly signal: AbortSignal | undefined;
  taken: number;
  readonly refusal: QueueRefusal | undefined;
  isOver(): boolean;
  ended(refusal: QueueRefusal | undefined): void;
}

function beginSending(signal: AbortSignal | undefined): Sending {
  let first: QueueRefusal | undefined;
  return {
    signal,
    taken: 0,
    get refusal() {
      return first;
    },
    isOver: () => first !== undefined || signal?.aborted === true,
    ended(refusal) {
      first ??= refusal;
    },
  };
}
