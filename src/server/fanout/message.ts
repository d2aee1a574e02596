import { BroadcastError } from '../../base/errors.js';
import type { ServerMessage } from '../../base/protocol.js';

/** The text of a server message, as it travels. Throws `INVALID_OPTIONS` for data that JSON cannot carry. */
export function serverMessageText(message: ServerMessage): string {
  try {
    return JSON.stringify(message);
  } catch (cause) {
    throw new BroadcastError('INVALID_OPTIONS', `data of '${message.type}' cannot be written as JSON`, {
      cause,
    });
  }
}

/** The id that every copy of a message carries: the caller's key, or a new one. */
export function messageId(idempotencyKey: string | undefined): string {
  // The global one is loaded when it is used; importing `node:crypto` would slow down every cold start.
  return idempotencyKey ?? crypto.randomUUID();
}
