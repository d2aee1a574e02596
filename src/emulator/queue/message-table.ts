/** The messages of a queue, found by their receipts, gone when they are too old. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { ReceivedMessage } from './trigger-event.js';

/** A message in its queue. */
export interface Message extends ReceivedMessage {
  visibleAt: number;
  firstReceivedAt: number;
  receiveCount: number;
  /** Of the latest delivery. */
  receipt: string | undefined;
}

export interface MessageTable {
  add(message: Message): void;
  drop(message: Message): void;
  /** Gives out the message under a new receipt, which it returns; the one before is void. */
  lease(message: Message, visibilityMs: number): string;
  byReceipt(receipt: string): Message | undefined;
  /** Those that have not expired, the oldest first. */
  all(): Iterable<Message>;
  /** How many have a receipt. */
  leased(): number;
  clear(): void;
  isHidden(message: Message): boolean;
  /** When the next hidden message appears. */
  nextVisibleAt(): number | undefined;
}

export function createMessageTable(retentionMs: number, clock: Clock): MessageTable {
  const messages = new Set<Message>();
  const receipts = new Map<string, Message>();
  /** No message was sent before. */
  let oldestSentAt = Infinity;

  const isHidden = ({ visibleAt }: Message): boolean => visibleAt > clock.now();

  function drop(message: Message): void {
    messages.delete(message);
    if (message.receipt !== undefined) receipts.delete(message.receipt);
  }

  function dropExpired(): void {
    const tooOld = clock.now() - retentionMs;
    // Asked with every look at the queue, and nearly always in vain.
    if (oldestSentAt > tooOld) return;
    oldestSentAt = Infinity;
    for (const message of messages) {
      if (message.sentAt <= tooOld) drop(message);
      else oldestSentAt = Math.min(oldestSentAt, message.sentAt);
    }
  }

  return {
    add(message) {
      messages.add(message);
      oldestSentAt = Math.min(oldestSentAt, message.sentAt);
    },
    drop,
    lease(message, visibilityMs) {
      if (message.receipt !== undefined) receipts.delete(message.receipt);
      const receipt = randomBytes(12).toString('base64url');
      const now = clock.now();
      message.receipt = receipt;
      message.receiveCount++;
      if (message.receiveCount === 1) message.firstReceivedAt = now;
      message.visibleAt = now + visibilityMs;
      receipts.set(receipt, message);
      return receipt;
    },
    byReceipt: (receipt) => receipts.get(receipt),
    all() {
      dropExpired();
      return messages;
    },
    leased: () => receipts.size,
    clear() {
      messages.clear();
      receipts.clear();
    },
    isHidden,
    nextVisibleAt() {
      let earliest = Infinity;
      for (const message of messages) if (isHidden(message)) earliest = Math.min(earliest, message.visibleAt);
      return earliest === Infinity ? undefined : earliest;
    },
  };
}
