/** One standard queue: what is in it, who sees it when, on the gateway's clock. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';
import { createAlarm } from './alarm.js';
import { MAX_IN_FLIGHT } from './limits.js';
import type { Queue, QueueIdentity, QueueSettings, Received } from './queue-api.js';
import type { ReceivedMessage } from './trigger-event.js';

interface Message extends ReceivedMessage {
  visibleAt: number;
  firstReceivedAt: number;
  receiveCount: number;
  /** Of the latest delivery. */
  receipt: string | undefined;
}

export interface QueueEvents {
  onDeadLetter(queue: Queue, message: ReceivedMessage, to: Queue): void;
}

export function createQueue(
  identity: QueueIdentity,
  settings: QueueSettings,
  clock: Clock,
  events: QueueEvents,
): Queue {
  const messages = new Set<Message>();
  const byReceipt = new Map<string, Message>();
  const listeners = new Set<() => void>();
  const createdAt = clock.now();
  /** No message was sent before. */
  let oldestSentAt = Infinity;

  const isHidden = ({ visibleAt }: Message): boolean => visibleAt > clock.now();

  const alarm = createAlarm(
    clock,
    () => {
      for (const listener of [...listeners]) listener();
    },
    () => {
      let earliest = Infinity;
      for (const message of messages) if (isHidden(message)) earliest = Math.min(earliest, message.visibleAt);
      return earliest === Infinity ? undefined : earliest;
    },
  );

  function add(message: Message): void {
    messages.add(message);
    oldestSentAt = Math.min(oldestSentAt, message.sentAt);
    alarm.ringAt(message.visibleAt);
  }

  function drop(message: Message): void {
    messages.delete(message);
    if (message.receipt !== undefined) byReceipt.delete(message.receipt);
  }

  function dropExpired(): void {
    const tooOld = clock.now() - settings.retentionMs;
    // Asked with every look at the queue, and nearly always in vain.
    if (oldestSentAt > tooOld) return;
    oldestSentAt = Infinity;
    for (const message of messages) {
      if (message.sentAt <= tooOld) drop(message);
      else oldestSentAt = Math.min(oldestSentAt, message.sentAt);
    }
  }

  function bury(message: Message, to: Queue): void {
    drop(message);
    events.onDeadLetter(queue, shown(message), to);
    // When it was sent stays, and with it when it expires; how often it was received is counted per queue.
    to.put({ ...shown(message), receiveCount: 0, firstReceivedAt: 0 }, 0);
  }

  function take(message: Message, visibilityMs: number): Received {
    if (message.receipt !== undefined) byReceipt.delete(message.receipt);
    const receipt = randomBytes(12).toString('base64url');
    const now = clock.now();
    message.receipt = receipt;
    message.receiveCount++;
    if (message.receiveCount === 1) message.firstReceivedAt = now;
    message.visibleAt = now + visibilityMs;
    byReceipt.set(receipt, message);
    alarm.ringAt(message.visibleAt);
    return { ...shown(message), receipt };
  }

  function countWhere(holds: (message: Message) => boolean): number {
    dropExpired();
    return [...messages].filter(holds).length;
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
      dropExpired();
      const received: Received[] = [];
      const { redrive } = settings;
      for (const message of messages) {
        if (received.length === max) break;
        if (isHidden(message)) continue;
        if (redrive !== undefined && message.receiveCount >= redrive.maxReceives) bury(message, redrive.to);
        else received.push(take(message, visibilityMs));
      }
      return received;
    },
    remove(receipt) {
      const message = byReceipt.get(receipt);
      if (message !== undefined) drop(message);
    },
    hide(receipt, visibilityMs) {
      const message = byReceipt.get(receipt);
      if (message === undefined || !isHidden(message)) return false;
      message.visibleAt = clock.now() + visibilityMs;
      alarm.ringAt(message.visibleAt);
      return true;
    },
    put(message, delayMs) {
      add({ ...message, visibleAt: clock.now() + delayMs, receipt: undefined });
    },
    purge() {
      messages.clear();
      byReceipt.clear();
    },
    counts: () => ({
      visible: countWhere((message) => !isHidden(message)),
      inFlight: countWhere((message) => isHidden(message) && message.receipt !== undefined),
      delayed: countWhere((message) => isHidden(message) && message.receipt === undefined),
    }),
    messages() {
      dropExpired();
      return [...messages].map(shown);
    },
    onAvailable(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    hasRoomInFlight: () => byReceipt.size < MAX_IN_FLIGHT,
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
