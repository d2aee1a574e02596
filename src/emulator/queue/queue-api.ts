/** What can be done with one queue of a gateway. */
import type { MessageAttribute, ReceivedMessage } from './trigger-event.js';

export interface QueueSettings {
  visibilityMs: number;
  delayMs: number;
  retentionMs: number;
  /** How long a receiver waits for a message, unless it says so itself. */
  waitMs: number;
  maxMessageBytes: number;
  redrive: Redrive | undefined;
}

export interface Redrive {
  readonly to: Queue;
  /** How often a message may be received here before it goes there. */
  readonly maxReceives: number;
}

export interface NewMessage {
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
  readonly senderId: string;
  /** Default: the queue's. */
  readonly delayMs?: number | undefined;
}

/** A message in the hands of a receiver. */
export interface ReceivedBatch extends ReceivedMessage {
  readonly receipt: string;
}

/** How many messages a queue holds, by what can be done with them. */
export interface QueueCounts {
  /** Can be received. */
  readonly visible: number;
  /** Received, and neither deleted nor visible again. */
  readonly inFlight: number;
  /** Not to be received yet. */
  readonly delayed: number;
}

export interface QueueIdentity {
  readonly name: string;
  readonly arn: string;
  /** Of its address: `/<cloud>/<id>/<name>`. */
  readonly path: string;
}

export interface Queue extends QueueIdentity {
  readonly settings: QueueSettings;
  readonly createdAt: number;
  /** Returns the message's id. */
  send(message: NewMessage): string;
  /**
   * Takes visible messages, the oldest first. Those that were received too often go to the dead letters
   * instead.
   */
  receive(max: number, visibilityMs?: number): ReceivedBatch[];
  /** Nothing happens when the receipt is not the message's latest: it was received again in between. */
  remove(receipt: string): void;
  /** Hides a message for so long from now on. `false` when it is not in flight with this receipt. */
  hide(receipt: string, visibilityMs: number): boolean;
  /**
   * Puts in a message with its past: one that comes from another queue, or that is delivered once more
   * whatever becomes of its other delivery, which is what at-least-once means.
   */
  put(message: ReceivedMessage, delayMs: number): void;
  purge(): void;
  counts(): QueueCounts;
  /** Everything that is in the queue, the oldest first. */
  messages(): readonly ReceivedMessage[];
  /** Told when there may be something to receive. Returns how to call it off. */
  onAvailable(listener: () => void): () => void;
  /** Whether it can hand out more: the documented limit of messages in flight. */
  hasRoomInFlight(): boolean;
}
