/**
 * Every reason for which something in this library does not succeed. The comment says whose move it is.
 *
 * - `INVALID_OPTIONS`: yours. An option or argument is wrong; the message names it and the remedy.
 * - `INVALID_EVENT`: the caller of the handler. Not what the gateway delivers; the message names the field.
 * - `INVALID_MESSAGE`: the client. Not JSON, or it fails the contract's schema; `path` names the field.
 * - `UNKNOWN_TYPE`: the client. The contract has no such message type.
 * - `PAYLOAD_TOO_LARGE`: whoever made the payload; nothing was sent.
 * - `UNAUTHENTICATED`: yours. The gateway or YDB did not accept the IAM token, or there is none.
 * - `FORBIDDEN`: yours. The service account lacks `api-gateway.websocketWriter`, for YDB `ydb.editor`, or a
 *   client may not do this.
 * - `CONNECTION_STALE`: nobody. The gateway does not know the connection; it is removed from the store.
 * - `INVALID_REQUEST`: ours, usually. The gateway called the request malformed.
 * - `RATE_LIMITED`: the gateway is asking for patience; retried.
 * - `GATEWAY_UNAVAILABLE`: the gateway cannot be reached or is in trouble; retried.
 * - `NO_ANSWER`: the request may have been carried out, but no answer came; retried, so it can arrive twice.
 * - `STORE_UNAVAILABLE`: the store cannot be reached or is throttled beyond the time that was left.
 * - `QUEUE_UNAVAILABLE`: the queue cannot be reached or is throttled beyond the time that was left; the
 *   message says how many messages it has taken.
 * - `CONFLICT`: whoever changes the same key of a room's state all the time; trying again later can help.
 * - `EXPIRED`: the payload was not worth sending any more.
 * - `ABORTED`: your signal.
 * - `UNKNOWN`: anything else; `cause` keeps it.
 */
export type ErrorCode =
  | 'INVALID_OPTIONS'
  | 'INVALID_EVENT'
  | 'INVALID_MESSAGE'
  | 'UNKNOWN_TYPE'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'CONNECTION_STALE'
  | 'INVALID_REQUEST'
  | 'RATE_LIMITED'
  | 'GATEWAY_UNAVAILABLE'
  | 'NO_ANSWER'
  | 'STORE_UNAVAILABLE'
  | 'QUEUE_UNAVAILABLE'
  | 'CONFLICT'
  | 'EXPIRED'
  | 'ABORTED'
  | 'UNKNOWN';

const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'RATE_LIMITED',
  'GATEWAY_UNAVAILABLE',
  'NO_ANSWER',
  'STORE_UNAVAILABLE',
  'QUEUE_UNAVAILABLE',
  'CONFLICT',
]);

/** What an error knows beyond its code and message. */
export interface ErrorDetails {
  /** The original error, kept for logs. */
  readonly cause?: unknown;
  /** Where the mistake is, for example `['data', 'room']`. */
  readonly path?: readonly (string | number)[] | undefined;
  /** How long the gateway asked to wait before the next attempt, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Whether there was no connection to the gateway at all: refused, no such name, no TLS. */
  readonly isUnreachable?: boolean | undefined;
}

/**
 * The one error class of this library. `message` starts with the code; no message ever contains a token or a
 * payload.
 */
export class BroadcastError extends Error {
  override readonly name = 'BroadcastError';
  readonly code: ErrorCode;
  readonly path: readonly (string | number)[] | undefined;
  readonly retryAfterMs: number | undefined;
  /**
   * With `GATEWAY_UNAVAILABLE`: no connection to the gateway could be made. False when the gateway answered.
   */
  readonly isUnreachable: boolean;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(`${code}: ${message}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.path = details.path;
    this.retryAfterMs = details.retryAfterMs;
    this.isUnreachable = details.isUnreachable ?? false;
  }

  /** Whether the same call may succeed if it is tried again; derived from the code. */
  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }

  /** Wraps anything that was thrown; a `BroadcastError` is returned as it is. */
  static from(reason: unknown): BroadcastError {
    if (reason instanceof BroadcastError) return reason;
    const message = reason instanceof Error ? reason.message : String(reason);
    return new BroadcastError('UNKNOWN', message, { cause: reason });
  }
}

/**
 * Thrown by a handler to answer the client with an error of the application's own: `code` and `message` are
 * shown to the client as they are. Any other error that a handler throws reaches the client as a code without
 * details.
 *
 * @example
 * if (members >= 50) throw new ClientFacingError('ROOM_FULL', 'This room is full');
 */
export class ClientFacingError extends Error {
  override readonly name = 'ClientFacingError';
  readonly code: string;
  readonly path: readonly (string | number)[] | undefined;

  constructor(code: string, message: string, path?: readonly (string | number)[]) {
    super(message);
    this.code = code;
    this.path = path;
  }
}

/** The error of an attempt whose signal was aborted. */
export function abortedError(): BroadcastError {
  return new BroadcastError('ABORTED', 'the attempt was aborted');
}
