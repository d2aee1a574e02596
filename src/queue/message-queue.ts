/**
 * A queue as the fan-out needs it: something that takes messages. Receiving them is the trigger's business.
 */

/** Most bytes of one message, and of one batch. Documented for Message Queue: 256 KB. */
export const MAX_QUEUE_BODY_BYTES = 262_144;

/** Longest time that a message may be kept back, in seconds. Documented for Message Queue. */
export const MAX_QUEUE_DELAY_SECONDS = 900;

/** A message to put on a queue. */
export interface QueueMessage {
  /** Text of characters that XML 1.0 allows: no control characters but tab, line feed and carriage return. */
  readonly body: string;
  /** How long nobody receives it, in whole seconds, 0 to 900. @default the queue's own delay */
  readonly delaySeconds?: number | undefined;
}

/** What bounds the sending of messages. */
export interface QueueSendOptions {
  /** Ends the sending; what was taken until then stays in the queue. */
  readonly signal?: AbortSignal | undefined;
  /**
   * When the sending has to be over, in Unix milliseconds. Default: the implementation's own time limit from
   * now.
   */
  readonly deadline?: number | undefined;
}

/**
 * Takes messages and delivers each at least once, in any order. A message whose taking was not confirmed is
 * sent again, so it can be in the queue twice.
 */
export interface MessageQueue {
  /** For messages to people: which queue, without an address or a key in it. */
  readonly name: string;
  /** Most UTF-8 bytes of a body. */
  readonly maxBodyBytes: number;
  /**
   * Puts any number of messages, in as few requests as the queue allows, and resolves when it has confirmed
   * all of them. What fails for a reason that may pass is repeated until `deadline` or `signal`.
   *
   * Rejects with `QUEUE_UNAVAILABLE` (or `ABORTED`, `UNAUTHENTICATED`, `FORBIDDEN`) whose message says how
   * many were taken; with `PAYLOAD_TOO_LARGE` or `INVALID_OPTIONS` that names the message, and then nothing
   * was sent. No error holds a body or a key.
   */
  send(messages: readonly QueueMessage[], options?: QueueSendOptions): Promise<void>;
}

/** JSON that a queue takes, whatever is in the value. */
export function queueJson(value: unknown): string {
  return queueSafe(JSON.stringify(value));
}

/**
 * The same JSON without the characters that XML, and so a queue, does not have. JSON has escaped control
 * characters and halves of surrogate pairs already, but not these two noncharacters.
 */
export function queueSafe(json: string): string {
  return json.replace(/[\uFFFE\uFFFF]/g, (one) => (one === '\uFFFE' ? '\\ufffe' : '\\uffff'));
}
