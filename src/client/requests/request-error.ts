import type { ClientError } from '../../base/protocol.js';

/**
 * Why a message of this client did not succeed. `code` is the server's, which may be one of the application's
 * own, or one of these:
 *
 * - `NOT_SENT`: it never left, because its time was over or the client was closed. It was certainly not
 *   handled.
 * - `NO_ANSWER`: it left, and no answer came in time or the connection broke. It may have been handled.
 * - `LEFT`, `CLOSED`: the page left the room, or closed the client, before the server had let it in.
 * - `ABORTED`: your signal.
 * - `QUEUE_FULL`: `maxQueued` messages wait to be sent already.
 * - `PAYLOAD_TOO_LARGE`: larger than the 32 KB that the gateway takes in one frame; it would close the
 *   connection.
 * - `INVALID_MESSAGE`: also from the client itself, for data that JSON cannot express, such as a `bigint`.
 * - `INVALID_OPTIONS`: an argument is wrong; the message names it and the remedy.
 */
export class RequestError extends Error {
  // All are declared and set below: a field with a value would be the only thing here that needs ES2022.
  declare readonly name: 'RequestError';
  declare readonly code: string;
  /** Where in the message the mistake is, for example `['data', 'room']`. */
  declare readonly path: readonly (string | number)[] | undefined;

  constructor(code: string, message: string, path?: readonly (string | number)[]) {
    super(`${code}: ${message}`);
    this.name = 'RequestError';
    this.code = code;
    this.path = path;
  }
}

/** Whatever arrived in the place of an error. */
export function fromServer(error: Partial<ClientError> | null | undefined): RequestError {
  const { code, message, path } = error ?? {};
  return new RequestError(textOr('INTERNAL', code), textOr('', message), path);
}

/** Not of everything in JSON a text can be made: `{"toString":1}`. */
function textOr(instead: string, value: unknown): string {
  return typeof value === 'string' ? value : instead;
}
