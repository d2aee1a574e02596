import { BroadcastError, type ErrorCode } from '../../../base/errors.js';

/** Of `google.rpc.Code`: how it is called, and what that is for us. */
const STATUSES: Readonly<Record<number, readonly [name: string, code: ErrorCode]>> = {
  1: ['CANCELLED', 'UNKNOWN'],
  3: ['INVALID_ARGUMENT', 'INVALID_REQUEST'],
  4: ['DEADLINE_EXCEEDED', 'NO_ANSWER'],
  5: ['NOT_FOUND', 'INVALID_REQUEST'],
  6: ['ALREADY_EXISTS', 'INVALID_REQUEST'],
  7: ['PERMISSION_DENIED', 'FORBIDDEN'],
  8: ['RESOURCE_EXHAUSTED', 'RATE_LIMITED'],
  9: ['FAILED_PRECONDITION', 'INVALID_REQUEST'],
  10: ['ABORTED', 'UNKNOWN'],
  13: ['INTERNAL', 'UNKNOWN'],
  14: ['UNAVAILABLE', 'GATEWAY_UNAVAILABLE'],
  16: ['UNAUTHENTICATED', 'UNAUTHENTICATED'],
};

const REMEDIES: Readonly<Record<number, string>> = {
  7: '. Does the account that deploys have the role "editor" on the folder?',
  8: '. Is a quota exhausted? See docs/quotas.md',
  16: '. A new token: export YC_IAM_TOKEN=$(yc iam create-token)',
};

export interface CloudProblem {
  /** For example `ApiGatewayService/Create`, with the whole name of the service or without. */
  readonly method: string;
  /** gRPC status. */
  readonly status: number;
  readonly text: string;
  readonly cause?: unknown;
}

/** What the cloud refused, or an operation of its that failed, with the cloud's own words. */
export class CloudError extends BroadcastError {
  /** gRPC status. */
  readonly status: number;

  constructor({ method, status, text, cause }: CloudProblem) {
    const [name, code] = STATUSES[status] ?? [`status ${status}`, 'UNKNOWN'];
    const said = text === '' ? '' : `: ${text.replace(/\.$/, '')}`;
    super(code, `${shortName(method)} ended with ${name}${said}${REMEDIES[status] ?? ''}`, { cause });
    this.status = status;
  }
}

/** `ApiGatewayService/Create`, without the package. */
export function shortName(method: string): string {
  return method.split('.').at(-1) ?? method;
}
