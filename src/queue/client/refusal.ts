import { BroadcastError, type ErrorCode } from '../../base/errors.js';
import type { Unreachable } from '../../base/aws-service.js';
import type { HttpAnswer } from '../../base/http-client.js';

/** Why the queue did not take messages. */
export interface QueueRefusal {
  /** Whether the same request may be accepted later. */
  readonly isTransient: boolean;
  readonly code: ErrorCode;
  /** What to tell: the reason and the remedy. Never a text of the service, which may repeat the request. */
  readonly reason: string;
  readonly cause?: unknown;
}

type Kind = 'throttled' | 'busy' | 'unauthenticated' | 'forbidden' | 'no-queue' | 'other';

/** Names of Message Queue's documentation, and those of SQS that compatible servers use. */
const KINDS: Readonly<Record<string, Kind>> = {
  ThrottlingException: 'throttled',
  RequestThrottled: 'throttled',
  Throttling: 'throttled',
  InternalFailure: 'busy',
  InternalError: 'busy',
  ServiceUnavailable: 'busy',
  IncompleteSignature: 'unauthenticated',
  InvalidClientTokenId: 'unauthenticated',
  MissingAuthenticationToken: 'unauthenticated',
  RequestExpired: 'unauthenticated',
  SignatureDoesNotMatch: 'unauthenticated',
  AccessDenied: 'forbidden',
  AccessDeniedException: 'forbidden',
  OptInRequired: 'forbidden',
  NonExistentQueue: 'no-queue',
  QueueDoesNotExist: 'no-queue',
};

const CODES: Readonly<Record<Kind, readonly [code: ErrorCode, reason: string]>> = {
  throttled: ['QUEUE_UNAVAILABLE', 'the queue is throttled; it allows 300 calls per second'],
  busy: ['QUEUE_UNAVAILABLE', 'the queue failed'],
  unauthenticated: ['UNAUTHENTICATED', 'the queue did not accept the static key'],
  forbidden: ['FORBIDDEN', 'the service account of the static key needs the role ymq.writer'],
  'no-queue': ['INVALID_OPTIONS', 'there is no queue at this address'],
  other: ['UNKNOWN', 'the queue refused the request'],
};

export function refusalOfAnswer({ status, body }: HttpAnswer): QueueRefusal {
  return refusalOfCode(status, /<Code>\s*([\w.]+)\s*<\/Code>/.exec(body)?.[1] ?? '');
}

/** @param name The service's own name for the reason; empty when it gave none. */
export function refusalOfCode(status: number, name: string): QueueRefusal {
  const kind = KINDS[name.slice(name.lastIndexOf('.') + 1)] ?? kindOfStatus(status, name);
  const [code, reason] = CODES[kind];
  const said = name === '' ? `HTTP ${status}` : `HTTP ${status}, ${name}`;
  return { isTransient: code === 'QUEUE_UNAVAILABLE', code, reason: `${reason} (${said})` };
}

/** No answer: the messages may be in the queue. They are sent again, as at-least-once allows. */
export function refusalOfNetwork({ unreachable, cause }: Unreachable): QueueRefusal {
  const reason = `the queue cannot be reached (${unreachable})`;
  return { isTransient: true, code: 'QUEUE_UNAVAILABLE', reason, cause };
}

/** @param taken How many messages the queue has confirmed. */
export function sendError(
  queue: string,
  { code, reason, cause }: Pick<QueueRefusal, 'code' | 'reason' | 'cause'>,
  taken: number,
  total: number,
): BroadcastError {
  const message = `queue '${queue}' accepted ${taken} of ${total} messages: ${reason}`;
  return new BroadcastError(code, message, cause === undefined ? {} : { cause });
}

function kindOfStatus(status: number, name: string): Kind {
  if (status === 429) return 'throttled';
  if (status >= 500) return 'busy';
  // An entry of a batch that is neither confirmed nor refused with a name.
  if (status === 200) return name === '' ? 'busy' : 'other';
  return status === 403 ? 'forbidden' : 'other';
}
