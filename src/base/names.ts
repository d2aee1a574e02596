import { BroadcastError } from './errors.js';
import { MAX_NAME_BYTES } from './protocol.js';

/**
 * Returns a connection id, room or user name if it is one that every store can keep: not empty, at most 1,024
 * UTF-8 bytes, without U+0000 and without half a surrogate pair. Throws `INVALID_OPTIONS` that says what it
 * was meant for.
 *
 * @example
 * const key = `${prefix}:room:${checkName(room, 'room')}`;
 */
export function checkName(name: unknown, what: string): string {
  if (typeof name !== 'string' || name === '') {
    throw new BroadcastError('INVALID_OPTIONS', `${what}: expected a non-empty string`);
  }
  if (name.length * 3 > MAX_NAME_BYTES && Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw new BroadcastError('INVALID_OPTIONS', `${what}: is longer than ${MAX_NAME_BYTES} bytes`);
  }
  // PostgreSQL keeps no U+0000. Halves of a pair have no UTF-8: all of them would become the same character.
  if (name.includes('\0') || !name.isWellFormed()) {
    throw new BroadcastError('INVALID_OPTIONS', `${what}: holds U+0000 or half a surrogate pair`);
  }
  return name;
}
