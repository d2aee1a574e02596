/** One standard queue: what is in it, who sees it when, on the gateway's clock. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';
import { createAlarm } from './alarm.js';
import { MAX_IN_FLIGHT } from './limits.js';
import { createMessageTable, type Message } from './message-table.js';
import type { Queue, QueueIdentity, QueueSettings, ReceivedBatch } from './queue-api.js';
import type { ReceivedMessage } from './trigger-event.js';

export interface QueueEvents {
  onDeadLetter(queue: Queue, message: ReceivedMessage, to: Queue): void;
}

export function createQueue(
  identity: QueueIdentity,
  settings: QueueSettings,
  clock: Clock,
  events: QueueEvents,
): Queue {
  const messages = createMessageTable(settings.retentionMs, clock);
  const listeners = new Set<() => void>();
  const createdAt = clock.now();

  const alarm = createAlarm(
    clock,
    () => {
      for (const listener of [...listeners]) listener();
    },
    messages.nextVisibleAt,
  );

  function add(message: Message): void {
    messages.add(message);
    alarm.ringAt(message.visibleAt);
  }

  function bury(message: Message, to: Queue): void {
    messages.drop(message);
    events.onDeadLetter(queue, shown(message), to);
    // When it was sent stays, and with it when it expires; how often it was received is counted per queue.
    to.put({ ...shown(message), receiveCount: 0, firstReceivedAt: 0 }, 0);
  }

  function lease(message: Message, visibilityMs: number): ReceivedBatch {
    const receipt = messages.lease(message, visibilityMs);
    alarm.ringAt(message.visibleAt);
    return { ...shown(message), receipt };
  }

  function countWhere(holds: (message: Message) => boolean): number {
    return [...messages.all()].filter(holds).length;
  }

  const queue: Queue = {
    ...identity,
    settings,
    createdAt,
    send({ body, attributes, senderId, delayMs = settings.delayMs }) {
      const now = clock.now();
      const id = newMessageId();
      const delivery = { firstReceivedAt: 0, receiveCount: 0, receipt: undefined };
      add({ id, body, attributes, senderId, sentAt: now, visibleAt: now + delayMs, ...delivery });
      return id;
    },
    receive(max, visibilityMs = settings.visibilityMs) {
      const received: ReceivedBatch[] = [];
      const { redrive } = settings;
      for (const message of messages.all()) {
        if (received.length === max) break;
        if (messages.isHidden(message)) continue;
        if (redrive !== undefined && message.receiveCount >= redrive.maxReceives) bury(message, redrive.to);
        else received.push(lease(message, visibilityMs));
      }
      return received;
    },
    remove(receipt) {
      const message = messages.byReceipt(receipt);
      if (message !== undefined) messages.drop(message);
    },
    hide(receipt, visibilityMs) {
      const message = messages.byReceipt(receipt);
      if (message === undefined || !messages.isHidden(message)) return false;
      message.visibleAt = clock.now() + visibilityMs;
      alarm.ringAt(message.visibleAt);
      return true;
    },
    put(message, delayMs) {
      add({ ...message, visibleAt: clock.now() + delayMs, receipt: undefined });
    },
    purge: messages.clear,
    counts: () => ({
      visible: countWhere((message) => !messages.isHidden(message)),
      inFlight: countWhere((message) => messages.isHidden(message) && message.receipt !== undefined),
      delayed: countWhere((message) => messages.isHidden(message) && message.receipt === undefined),
    }),
    messages: () => [...messages.all()].map(shown),
    onAvailable(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    hasRoomInFlight: () => messages.leased() < MAX_IN_FLIGHT,
  };
  return queue;
}

function shown(message: Message): ReceivedMessage {
  const { id, body, attributes, senderId, sentAt, firstReceivedAt, receiveCount } = message;
  return { id, body, attributes, senderId, sentAt, firstReceivedAt, receiveCount };
}

/** Four groups of hexadecimal digits, as the platform's samples have them. */
function newMessageId(): string {
  return randomBytes(16).toString('hex').match(/.{8}/g)?.join('-') ?? '';
}
