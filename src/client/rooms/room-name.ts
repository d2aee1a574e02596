import { MAX_NAME_BYTES } from '../../base/protocol.js';
import { bytesOf } from '../base/bytes.js';
import { RequestError } from '../requests/request-error.js';

/** Longest part of a name that an error repeats. */
const QUOTED = 64;

/** Why the server would not take the name of a room, if so. */
export function mistakeIn(name: string): RequestError | undefined {
  const expected = whatIsExpected(name);
  if (expected === undefined) return undefined;
  const quoted = name.length > QUOTED ? `${name.slice(0, QUOTED)}…` : name;
  return new RequestError('INVALID_OPTIONS', `join.room "${quoted}": expected ${expected}`);
}

function whatIsExpected(name: string): string | undefined {
  try {
    if (name.includes('\0')) return 'valid Unicode without NUL';
    return name && bytesOf(name) <= MAX_NAME_BYTES ? undefined : '1 to 1,024 bytes';
  } catch {
    return 'valid Unicode without NUL';
  }
}
