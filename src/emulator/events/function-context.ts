import type { Clock } from '../clock.js';
import { newResourceId, stableId } from '../ids.js';

/** What the emulated function version looks like to its own code. */
export interface FunctionIdentity {
  readonly functionId: string;
  readonly versionId: string;
  readonly folderId: string;
  readonly memoryMb: number;
  /** `undefined` for a function without a service account. */
  readonly token: string | undefined;
}

export function newFunctionIdentity(memoryMb: number, token: string | undefined): FunctionIdentity {
  return {
    functionId: newResourceId('d4e'),
    versionId: newResourceId('d4e'),
    // Addresses of queues have it, and are the same at each start.
    folderId: stableId('b1g', `${process.cwd()}#folder`),
    memoryMb,
    token,
  };
}

/** Documented life of an IAM token, in seconds. */
export const TOKEN_LIFE_SECONDS = 12 * 60 * 60;

/** The `context` of one call: documented members, and those that captured invocations were seen to have. */
export function createFunctionContext(
  identity: FunctionIdentity,
  event: unknown,
  requestId: string,
  deadline: number,
  clock: Pick<Clock, 'now'>,
) {
  const { functionId, versionId, folderId, memoryMb, token } = identity;
  return {
    requestId,
    awsRequestId: requestId,
    functionName: functionId,
    functionVersion: versionId,
    functionFolderId: folderId,
    invokedFunctionArn: functionId,
    memoryLimitInMB: String(memoryMb),
    deadlineMs: deadline,
    logGroupName: '',
    ...(token === undefined
      ? {}
      : { token: { access_token: token, expires_in: TOKEN_LIFE_SECONDS, token_type: 'Bearer' } }),
    getRemainingTimeInMillis: () => Math.max(0, deadline - clock.now()),
    getPayload: () => event,
  };
}
