import { BroadcastError } from '../../base/errors.js';
import { MAX_REPLY_BYTES, type NumberedMessage, type RoomPosition } from '../../base/protocol.js';

/**
 * Room and position, in the message that a history keeps without them: it learns its offset by being kept.
 */
export function numberedText(text: string, room: string, { offset, epoch }: RoomPosition): string {
  return `${text.slice(0, -1)},${JSON.stringify({ room, offset, epoch }).slice(1)}`;
}

/** The same as a value, for replies. */
export function numberedMessage(text: string, room: string, position: RoomPosition): NumberedMessage {
  return JSON.parse(numberedText(text, room, position)) as NumberedMessage;
}

/** What the position adds to a text, at most, beside the room: epochs of stores are short. */
const POSITION_BYTES = 200;

/**
 * Throws `PAYLOAD_TOO_LARGE` unless the message can be sent with its places and, one day, given back in a
 * reply.
 */
export function checkNumberedSize(text: string, rooms: readonly string[], maxPayloadBytes: number): void {
  const places = rooms.map((room) => Buffer.byteLength(JSON.stringify(room)) + POSITION_BYTES);
  const bytes = places.reduce((sum, size) => sum + size, Buffer.byteLength(text));
  const limit = Math.min(maxPayloadBytes, MAX_REPLY_BYTES);
  if (bytes <= limit) return;
  throw new BroadcastError(
    'PAYLOAD_TOO_LARGE',
    `the message has ${bytes} bytes with its place in the room's history, the limit is ${limit}`,
  );
}
