import { BroadcastError, ClientFacingError, type ErrorCode } from '../../base/errors.js';
import { ERROR_TYPE, MAX_MESSAGE_BYTES, REPLY_TYPE, type ClientError } from '../../base/protocol.js';
import { RoomForbiddenError } from './room-forbidden-error.js';

/** What a function gives back to the gateway. */
export interface GatewayResponse {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/**
 * The gateway makes a text frame only of `application/json` (exactly) and `text/*`, and a binary frame of
 * everything else, so every response says what it is. Documented.
 */
const JSON_TYPE = { 'Content-Type': 'application/json' };

/** Nothing is sent to the client. */
export function empty(): GatewayResponse {
  return { statusCode: 200 };
}

/** A text frame with JSON in it. Throws `PAYLOAD_TOO_LARGE` above the gateway's limit for a message. */
export function jsonText(text: string): GatewayResponse {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_MESSAGE_BYTES) {
    throw new BroadcastError(
      'PAYLOAD_TOO_LARGE',
      `the reply has ${bytes} bytes, the gateway accepts ${MAX_MESSAGE_BYTES}`,
    );
  }
  return { statusCode: 200, headers: JSON_TYPE, body: text };
}

/** What a raw handler returned, as a frame: text, bytes, or any other value as JSON. */
export function rawReply(value: unknown): GatewayResponse {
  if (value === undefined || value === null || value === '') return empty();
  if (typeof value === 'string') return { ...jsonText(value), headers: { 'Content-Type': 'text/plain' } };
  if (!(value instanceof Uint8Array)) return jsonText(JSON.stringify(value));
  return {
    statusCode: 200,
    headers: { 'Content-Type': 'application/octet-stream' },
    body: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64'),
    isBase64Encoded: true,
  };
}

export function reply(replyTo: string | undefined, data: unknown): GatewayResponse {
  return jsonText(JSON.stringify({ type: REPLY_TYPE, replyTo, data }));
}

export function errorReply(replyTo: string | undefined, error: ClientError): GatewayResponse {
  return jsonText(JSON.stringify({ type: ERROR_TYPE, replyTo, error }));
}

/** An HTTP response with an error in it: for refused connects and for calls that are no websocket event. */
export function errorResponse(statusCode: number, error: ClientError): GatewayResponse {
  return { statusCode, headers: JSON_TYPE, body: JSON.stringify({ error }) };
}

/** Codes whose message was written for the client, because the client can do something about it. */
const SHOWN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INVALID_MESSAGE',
  'UNKNOWN_TYPE',
  'INVALID_EVENT',
]);

const SENTENCES: Partial<Record<ErrorCode, string>> = {
  PAYLOAD_TOO_LARGE: 'the message is too large',
  UNAUTHENTICATED: 'not authenticated',
  FORBIDDEN: 'not allowed',
  CONNECTION_STALE: 'this connection is no longer known; connect again',
  STORE_UNAVAILABLE: 'temporarily unavailable; try again',
  RATE_LIMITED: 'too many requests; try again later',
};

/** What a client may know of an error: never a stack, and only messages that were written for it. */
export function toClientError(reason: unknown): ClientError {
  if (reason instanceof ClientFacingError) return clientError(reason.code, reason.message, reason.path);
  const { code, message, path } = BroadcastError.from(reason);
  if (SHOWN.has(code) || reason instanceof RoomForbiddenError)
    return clientError(code, message.slice(code.length + 2), path);
  const sentence = SENTENCES[code];
  return sentence === undefined
    ? { code: 'INTERNAL', message: 'the server failed to handle this' }
    : { code, message: sentence };
}

function clientError(code: string, message: string, path: ClientError['path']): ClientError {
  return path === undefined || path.length === 0 ? { code, message } : { code, message, path };
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  INVALID_EVENT: 400,
  INVALID_MESSAGE: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  CONNECTION_STALE: 410,
  RATE_LIMITED: 429,
  STORE_UNAVAILABLE: 503,
};

/** The HTTP status of a refused connect. */
export function statusOf(reason: unknown): number {
  return reason instanceof ClientFacingError ? 400 : (STATUS[BroadcastError.from(reason).code] ?? 500);
}

const EXPECTED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INVALID_MESSAGE',
  'UNKNOWN_TYPE',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'CONNECTION_STALE',
]);

/**
 * Whether an error is part of daily life: a client's mistake, or a hook that said no. Not worth a line in the
 * log.
 */
export function isExpected(reason: unknown): boolean {
  return reason instanceof ClientFacingError || EXPECTED.has(BroadcastError.from(reason).code);
}
