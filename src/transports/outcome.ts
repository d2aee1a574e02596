/**
 * What an answer of the gateway means, whichever way it came: one table for REST, gRPC, the network and the
 * official SDK. Only "the gateway does not know this connection" makes a connection stale; everything that is
 * not certain stays.
 */
import { abortedError, BroadcastError, type ErrorCode } from '../base/errors.js';
import { HttpFailure } from '../base/http-client.js';
import { parseJson } from '../base/json.js';

/** gRPC status codes by number. */
const BY_GRPC_CODE: Readonly<Record<number, ErrorCode>> = {
  1: 'NO_ANSWER', // CANCELLED: whether it was carried out is not known
  2: 'UNKNOWN',
  3: 'INVALID_REQUEST',
  4: 'NO_ANSWER', // DEADLINE_EXCEEDED
  5: 'CONNECTION_STALE',
  6: 'UNKNOWN',
  7: 'FORBIDDEN',
  8: 'RATE_LIMITED',
  9: 'INVALID_REQUEST', // FAILED_PRECONDITION
  10: 'GATEWAY_UNAVAILABLE', // ABORTED
  11: 'INVALID_REQUEST', // OUT_OF_RANGE
  12: 'INVALID_REQUEST', // UNIMPLEMENTED
  13: 'GATEWAY_UNAVAILABLE', // INTERNAL
  14: 'GATEWAY_UNAVAILABLE', // UNAVAILABLE
  15: 'UNKNOWN',
  16: 'UNAUTHENTICATED',
};

const GRPC_NAMES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/** What a gRPC status says. */
export function codeOfGrpcStatus(status: number): ErrorCode {
  return BY_GRPC_CODE[status] ?? 'UNKNOWN';
}

/**
 * What a REST status says. The status comes first; the gRPC code of the `google.rpc.Status` body is asked
 * only where the status alone does not tell.
 */
export function codeOfHttpStatus(status: number, grpcCode?: number): ErrorCode {
  if (status === 404 || status === 410) return 'CONNECTION_STALE';
  if (status === 401) return 'UNAUTHENTICATED';
  if (status === 403) return 'FORBIDDEN';
  if (status === 413) return 'PAYLOAD_TOO_LARGE';
  if (status === 429) return 'RATE_LIMITED';
  if (status === 408 || status === 504) return 'NO_ANSWER';
  if (status === 501) return 'INVALID_REQUEST';
  if (status >= 500) return 'GATEWAY_UNAVAILABLE';
  if (status < 400) return 'UNKNOWN';
  // OK and NOT_FOUND contradict the status: then nothing is certain but that the request was not liked.
  return grpcCode === undefined || grpcCode === 0 || grpcCode === 5
    ? 'INVALID_REQUEST'
    : codeOfGrpcStatus(grpcCode);
}

/** Network errors that happen before a request can have left. */
const BEFORE_SENDING = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
]);

/**
 * What a network error says: `GATEWAY_UNAVAILABLE` when the request certainly was not carried out,
 * `NO_ANSWER` when it may have been, since a retry can then arrive twice.
 */
export function codeOfNetworkError(error: unknown, wasConnected: boolean): ErrorCode {
  const code = fieldOf(error, 'code');
  const syscall = fieldOf(error, 'syscall');
  if (!wasConnected || syscall === 'connect') return 'GATEWAY_UNAVAILABLE';
  return typeof code === 'string' && BEFORE_SENDING.has(code) ? 'GATEWAY_UNAVAILABLE' : 'NO_ANSWER';
}

/** The error of a REST request that got no answer. */
export function errorOfHttpFailure(failure: unknown, timeoutMs: number): BroadcastError {
  if (!(failure instanceof HttpFailure)) return BroadcastError.from(failure);
  const { kind, wasConnected, cause } = failure;
  switch (kind) {
    case 'aborted':
      return abortedError();
    case 'timeout': {
      const waited = `no answer within ${Math.max(0, Math.round(timeoutMs))} ms`;
      const code = wasConnected ? 'NO_ANSWER' : 'GATEWAY_UNAVAILABLE';
      return new BroadcastError(code, waited, { isUnreachable: !wasConnected });
    }
    case 'broken-answer':
      return new BroadcastError('NO_ANSWER', 'the answer of the gateway ended early', { cause });
    case 'upgrade':
      return new BroadcastError('UNKNOWN', 'the gateway answered 101');
    case 'lost': {
      const code = fieldOf(cause, 'code');
      const problem = `no answer from the gateway (${typeof code === 'string' ? code : 'connection lost'})`;
      const errorCode = codeOfNetworkError(cause, wasConnected);
      return new BroadcastError(errorCode, problem, {
        cause,
        isUnreachable: errorCode === 'GATEWAY_UNAVAILABLE',
      });
    }
  }
}

/**
 * What an error of the official SDK says. A `ClientError` carries the gRPC code. An `ApiError`, which the SDK
 * makes when the answer began with response headers, does not: there the code's name stands only in the
 * message, behind the path of the method.
 */
export function codeOfSdkError(error: unknown): ErrorCode {
  if (fieldOf(error, 'name') === 'AbortError') return 'ABORTED';
  const code = fieldOf(error, 'code');
  if (typeof code === 'number') return codeOfGrpcStatus(code);
  const message = fieldOf(error, 'message');
  const name = typeof message === 'string' ? /^\/\S+ ([A-Z_]+): /.exec(message)?.[1] : undefined;
  return name === undefined ? 'UNKNOWN' : codeOfGrpcStatus(GRPC_NAMES.indexOf(name));
}

/** Nobody waits longer than this; and timers take no more than 24 days. */
const MAX_RETRY_AFTER_MS = 24 * 60 * 60 * 1000;
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * `Retry-After` in milliseconds, a day at most: seconds or an HTTP date. `undefined` when it is absent, past
 * or nonsense.
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : HTTP_DATE.test(text) ? Date.parse(text) - now : 0;
  return ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined;
}

/**
 * `grpc-retry-pushback-ms` in milliseconds, a day at most. A negative number asks not to retry: no time to
 * wait.
 */
export function pushbackMs(header: string | undefined): number | undefined {
  return header !== undefined && /^\d+$/.test(header)
    ? Math.min(Number(header), MAX_RETRY_AFTER_MS)
    : undefined;
}

/**
 * The error of an answered REST request. `body` is the answer's text; of it only the gateway's own message is
 * kept.
 *
 * A redirect, or a 404 with a page instead of the API's JSON, comes from something else than the gateway.
 * That the endpoint is wrong must not make every connection stale, so it is `INVALID_OPTIONS`.
 */
export function errorOfAnswer(status: number, retryAfter: string | undefined, body: string): BroadcastError {
  const { isJson, code, message } = statusBody(body);
  const errorCode = codeOfHttpStatus(status, code);
  if (isRedirect(status) || (errorCode === 'CONNECTION_STALE' && body !== '' && !isJson)) {
    const problem = `the management API does not answer ${status} this way; check the address`;
    return new BroadcastError('INVALID_OPTIONS', `endpoint: ${problem}`);
  }
  return new BroadcastError(errorCode, `the gateway answered ${status}${message}`, {
    retryAfterMs: retryAfterMs(retryAfter, Date.now()),
  });
}

/** The headers and trailers of a gRPC answer that say what became of the request. */
export interface GrpcOutcome {
  /** HTTP status. */
  readonly status: number;
  readonly grpcStatus: string | undefined;
  readonly grpcMessage: string | undefined;
  readonly retryAfter: string | undefined;
  /** `grpc-retry-pushback-ms` */
  readonly pushback: string | undefined;
}

/**
 * The error of an answered gRPC request, or `undefined` when it was carried out. An answer without a gRPC
 * status comes from something on the way, which knows nothing of connections: not even its 404 makes one
 * stale.
 */
export function errorOfGrpcAnswer(answer: GrpcOutcome): BroadcastError | undefined {
  const { status, grpcStatus, grpcMessage, retryAfter, pushback } = answer;
  if (grpcStatus === '0' && status === 200) return undefined;
  const details = { retryAfterMs: pushbackMs(pushback) ?? retryAfterMs(retryAfter, Date.now()) };
  if (grpcStatus === undefined || grpcStatus === '0') {
    const code = status === 404 || status === 410 ? 'INVALID_REQUEST' : codeOfHttpStatus(status);
    return new BroadcastError(code, `the answer has HTTP status ${status} and no gRPC status`, details);
  }
  const number = /^\d{1,3}$/.test(grpcStatus) ? Number(grpcStatus) : 2;
  const text =
    grpcMessage === undefined || grpcMessage === '' ? '' : `: ${excerpt(percentDecoded(grpcMessage))}`;
  const name = GRPC_NAMES[number] ?? `gRPC status ${number}`;
  return new BroadcastError(codeOfGrpcStatus(number), `the gateway answered ${name}${text}`, details);
}

/**
 * What gRPC does to texts in headers: the bytes of UTF-8, with a percent sign where they are not printable.
 */
function percentDecoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (bytes) =>
    Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/**
 * What an error keeps of a text of the gateway's: not all of it, and nothing like a token, a payload or an
 * id.
 */
export function excerpt(text: string): string {
  return text.replace(/[^\s:,;"'()]{25,}/g, '…').slice(0, 200);
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

function statusBody(body: string): { isJson: boolean; code: number | undefined; message: string } {
  const parsed = parseJson(body);
  const code = fieldOf(parsed, 'code');
  const message = fieldOf(parsed, 'message');
  return {
    isJson: parsed !== undefined,
    code: typeof code === 'number' ? code : undefined,
    message: typeof message === 'string' ? `: ${excerpt(message)}` : '',
  };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
