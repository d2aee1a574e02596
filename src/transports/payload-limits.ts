import { BroadcastError } from '../base/errors.js';
import { MAX_CONNECTION_ID_LENGTH } from '../base/protocol.js';

/** Refuses what the gateway would refuse for everybody, before anything is sent. */
export function checkSize(bytes: number, maxBytes: number): void {
  if (bytes === 0)
    throw new BroadcastError('INVALID_OPTIONS', 'payload: is empty, which the gateway refuses');
  if (bytes <= maxBytes) return;
  throw new BroadcastError(
    'PAYLOAD_TOO_LARGE',
    `the payload has ${bytes} bytes, this transport accepts ${maxBytes}`,
  );
}

/** Refuses ids that the gateway would call malformed. Half of a surrogate pair has no form in UTF-8. */
export function checkConnectionId(connectionId: string): void {
  const isWithinLimit = connectionId !== '' && connectionId.length <= MAX_CONNECTION_ID_LENGTH;
  if (isWithinLimit && connectionId.isWellFormed()) return;
  throw new BroadcastError(
    'INVALID_REQUEST',
    `a connection id has 1 to ${MAX_CONNECTION_ID_LENGTH} characters`,
  );
}
