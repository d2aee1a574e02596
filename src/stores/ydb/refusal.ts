import { BroadcastError } from '../../base/errors.js';
import type { Unreachable } from '../../base/aws-service.js';
import type { HttpAnswer } from '../../base/http-client.js';

/** Why the Document API did not do what was asked. */
export interface YdbRefusal {
  /** Its own name for the reason, without the namespace: `ThrottlingException`. */
  readonly type: string;
  readonly kind: RefusalKind;
  readonly error: BroadcastError;
}

/** `throttled`, `busy` and `unreachable` pass: the same request may be accepted later. */
export type RefusalKind =
  'throttled' | 'busy' | 'unreachable' | 'unauthenticated' | 'forbidden' | 'no-table' | 'invalid' | 'unknown';

/** Names from the documentation of the Document API, and those of DynamoDB that compatible servers use. */
const KINDS: Readonly<Record<string, RefusalKind>> = {
  ProvisionedThroughputExceededException: 'throttled',
  RequestLimitExceeded: 'throttled',
  ThrottlingException: 'throttled',
  LimitExceededException: 'busy',
  TransactionConflictException: 'busy',
  InternalServerError: 'busy',
  InternalFailure: 'busy',
  ServiceUnavailable: 'busy',
  AccessDeniedException: 'forbidden',
  NotAuthorized: 'forbidden',
  OptInRequired: 'forbidden',
  ExpiredTokenException: 'unauthenticated',
  IncompleteSignature: 'unauthenticated',
  IncompleteSignatureException: 'unauthenticated',
  InvalidClientTokenId: 'unauthenticated',
  InvalidSignatureException: 'unauthenticated',
  MissingAuthenticationToken: 'unauthenticated',
  MissingAuthenticationTokenException: 'unauthenticated',
  RequestExpired: 'unauthenticated',
  UnrecognizedClientException: 'unauthenticated',
  ResourceNotFoundException: 'no-table',
  ValidationError: 'invalid',
  ValidationException: 'invalid',
};

export function refusalOfAnswer({ status, body }: HttpAnswer, table: string): YdbRefusal {
  const { type, message } = parseRefusal(body);
  const kind = KINDS[type] ?? kindOfStatus(status);
  // A service may repeat parts of a request when it explains why it does not accept a signature or a token.
  const isSecret = kind === 'unauthenticated' || kind === 'forbidden';
  const said = `HTTP ${status} ${type}${message === '' || isSecret ? '' : `: ${message.slice(0, 200)}`}`;
  return { type, kind, error: errorOf(kind, said, table) };
}

/**
 * No answer: whether the request was carried out is not known. All requests of this store can be repeated.
 */
export function refusalOfNetwork({ unreachable, cause }: Unreachable): YdbRefusal {
  const error = new BroadcastError('STORE_UNAVAILABLE', `YDB cannot be reached (${unreachable})`, { cause });
  return { type: '', kind: 'unreachable', error };
}

export function isTransient({ kind }: YdbRefusal): boolean {
  return kind === 'throttled' || kind === 'busy' || kind === 'unreachable';
}

function parseRefusal(body: string): { type: string; message: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = undefined;
  }
  const { __type, message, Message } = (parsed ?? {}) as Record<string, unknown>;
  const said = message ?? Message;
  return {
    type: typeof __type === 'string' ? __type.slice(__type.indexOf('#') + 1) : '',
    message: typeof said === 'string' ? said : '',
  };
}

function kindOfStatus(status: number): RefusalKind {
  if (status === 401) return 'unauthenticated';
  if (status === 403) return 'forbidden';
  if (status === 429) return 'throttled';
  return status >= 500 ? 'busy' : 'unknown';
}

function errorOf(kind: RefusalKind, said: string, table: string): BroadcastError {
  const details = { cause: new Error(said) };
  switch (kind) {
    case 'throttled':
      return new BroadcastError(
        'STORE_UNAVAILABLE',
        'YDB is throttled: raise the throttling limit of the database, which is 10 RU/s for a new one',
        details,
      );
    case 'unauthenticated':
      return new BroadcastError(
        'UNAUTHENTICATED',
        'YDB did not accept the token or key: give the function a service account with the role ydb.editor',
        details,
      );
    case 'forbidden':
      return new BroadcastError(
        'FORBIDDEN',
        'YDB denies access: the service account needs the role ydb.editor',
        details,
      );
    case 'no-table':
      return new BroadcastError(
        'INVALID_OPTIONS',
        `YDB has no table '${table}': create it with npx yc-broadcast store create --store ydb, or see tablePrefix`,
        details,
      );
    case 'invalid':
      return new BroadcastError('INVALID_OPTIONS', `YDB called the request invalid (${said})`, details);
    case 'unknown':
      return new BroadcastError('UNKNOWN', `YDB returned an unknown answer (${said})`, details);
    default:
      return new BroadcastError('STORE_UNAVAILABLE', `YDB failed (${said})`, details);
  }
}
