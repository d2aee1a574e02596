import { BroadcastError } from '../../base/errors.js';
import { MAX_QUEUE_BODY_BYTES, MAX_QUEUE_DELAY_SECONDS, type QueueMessage } from '../message-queue.js';

/** Most messages in a batch. Documented. */
const MAX_ENTRIES = 10;

/** What Message Queue documents as allowed; the characters of XML 1.0. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

/**
 * Checks messages and puts them into as few batches as their order allows. Throws `PAYLOAD_TOO_LARGE` or
 * `INVALID_OPTIONS` that names the message by its place.
 */
export function batchesOf(messages: readonly QueueMessage[]): QueueMessage[][] {
  const batches: QueueMessage[][] = [];
  let batch: QueueMessage[] = [];
  let bytes = 0;
  messages.forEach((message, index) => {
    const size = checkedSize(message, index);
    if (batch.length === 0 || batch.length === MAX_ENTRIES || bytes + size > MAX_QUEUE_BODY_BYTES) {
      batch = [];
      bytes = 0;
      batches.push(batch);
    }
    batch.push(message);
    bytes += size;
  });
  return batches;
}

function checkedSize({ body, delaySeconds = 0 }: QueueMessage, index: number): number {
  const place = `send: messages[${index}]`;
  if (typeof body !== 'string' || body === '') throw invalid(`${place}.body: expected a non-empty text`);
  const bytes = Buffer.byteLength(body);
  if (bytes > MAX_QUEUE_BODY_BYTES) {
    throw new BroadcastError(
      'PAYLOAD_TOO_LARGE',
      `${place}.body: has ${bytes} bytes, a queue takes ${MAX_QUEUE_BODY_BYTES}`,
    );
  }
  if (FORBIDDEN.test(body)) {
    throw invalid(
      `${place}.body: holds a character that XML 1.0 does not have; escape it as JSON does, or use base64`,
    );
  }
  if (!Number.isInteger(delaySeconds) || delaySeconds < 0 || delaySeconds > MAX_QUEUE_DELAY_SECONDS) {
    throw invalid(
      `${place}.delaySeconds: expected a whole number from 0 to ${MAX_QUEUE_DELAY_SECONDS}, got ${delaySeconds}`,
    );
  }
  return bytes;
}

function invalid(message: string): BroadcastError {
  return new BroadcastError('INVALID_OPTIONS', message);
}
