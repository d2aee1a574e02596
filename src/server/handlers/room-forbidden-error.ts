import { BroadcastError } from '../../base/errors.js';

/**
 * `FORBIDDEN` with a message that was written for the client: it names the room and the option that closes
 * it.
 */
export class RoomForbiddenError extends BroadcastError {
  constructor(message: string) {
    super('FORBIDDEN', message);
  }
}
