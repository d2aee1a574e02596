import type { MessageQueue, QueueMessage } from '../../src/queue/message-queue.js';
import { MAX_QUEUE_BODY_BYTES } from '../../src/queue/message-queue.js';
import { triggerEvent } from '../../src/emulator/queue/trigger-event.js';
import { BroadcastError } from '../../src/base/errors.js';

/** A queue that only this process knows. Nothing is received by itself: a test takes what it wants. */
export interface MemoryQueue extends MessageQueue {
  /** What nobody has taken yet, the oldest first. */
  readonly waiting: readonly QueueMessage[];
  /** How many messages were ever put. */
  readonly sent: number;
  /** Takes the oldest messages away and makes a trigger's event of them; `undefined` when there are none. */
  take(count?: number, options?: EventOptions): object | undefined;
  /** An event of messages of the test's own, for duplicates and poison. */
  eventOf(messages: readonly QueueMessage[], options?: EventOptions): object;
  /** The next calls of `send` fail with `QUEUE_UNAVAILABLE`. */
  failNext(times?: number): void;
}

export interface EventOptions {
  readonly receiveCount?: number;
  readonly attributeNames?: 'snake_case' | 'camelCase';
}

export function memoryQueue(name = 'memory'): MemoryQueue {
  const waiting: QueueMessage[] = [];
  let failures = 0;
  let sent = 0;
  let ids = 0;

  function eventOf(messages: readonly QueueMessage[], options: EventOptions = {}): object {
    const { receiveCount = 1, attributeNames = 'snake_case' } = options;
    const queueArn = `yrn:yc:ymq:ru-central1:b1gtest:${name}`;
    const place = { queueArn, folderId: 'b1gtest', cloudId: 'b1gtest', attributeNames };
    const at = Date.now();
    return triggerEvent(
      place,
      messages.map(({ body }) => ({
        id: `m${++ids}`,
        body,
        sentAt: at,
        firstReceivedAt: at,
        receiveCount,
        senderId: 'ajetest',
        attributes: {},
      })),
    );
  }

  return {
    name,
    maxBodyBytes: MAX_QUEUE_BODY_BYTES,
    waiting,
    get sent() {
      return sent;
    },
    async send(messages, { signal } = {}) {
      if (signal?.aborted === true) throw new BroadcastError('ABORTED', `0 of ${messages.length} were taken`);
      if (failures > 0) {
        failures--;
        throw new BroadcastError('QUEUE_UNAVAILABLE', `${name}: 0 of ${messages.length} were taken`);
      }
      waiting.push(...messages);
      sent += messages.length;
    },
    take(count = 1, options) {
      const taken = waiting.splice(0, count);
      return taken.length === 0 ? undefined : eventOf(taken, options);
    },
    eventOf,
    failNext(times = 1) {
      failures += times;
    },
  };
}
