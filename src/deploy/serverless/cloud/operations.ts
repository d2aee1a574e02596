import { BroadcastError } from '../../../base/errors.js';
import { CloudError, shortName } from './cloud-error.js';
import type { GrpcCall } from './grpc-call.js';
import { contentOf, message, numberOf, readMessage, textOf } from '../../../base/protobuf.js';

export const OPERATIONS = 'yandex.cloud.operation.OperationService';

/** Calls a method that starts an operation, and resolves when that is done. */
export type Operate = (method: string, request: Buffer) => Promise<void>;

export interface OperationOptions {
  /** Default: one second, as the official SDK has it. */
  readonly pollMs?: number | undefined;
}

/** Most take seconds; a gateway that is new in its folder takes a minute or two. */
const TIMEOUT_MS = 10 * 60_000;

/**
 * Waits for operations by asking, since the cloud has no other way. Rejects with what the operation failed
 * with.
 */
export function createOperate(call: GrpcCall, { pollMs = 1000 }: OperationOptions): Operate {
  return async (method, request) => {
    let answer = await call(method, request);
    const id = textOf(readMessage(answer), 1);
    for (const endsAt = Date.now() + TIMEOUT_MS; ;) {
      const operation = readMessage(answer);
      const failure = contentOf(operation, ERROR);
      if (failure !== undefined) throw failureOf(method, failure);
      if (numberOf(operation, DONE) === 1) return;
      if (Date.now() > endsAt) throw tooLong(method, id);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      answer = await call(`${OPERATIONS}/Get`, message([1, id]));
    }
  };
}

/** Fields of `yandex.cloud.operation.Operation`. */
const DONE = 6;
const ERROR = 8;

function failureOf(method: string, failure: Buffer): BroadcastError {
  const status = readMessage(failure);
  return new CloudError({ method, status: numberOf(status, 1), text: textOf(status, 2) });
}

function tooLong(method: string, id: string): BroadcastError {
  const problem = `${shortName(method)} has not ended in 10 minutes`;
  return new BroadcastError('NO_ANSWER', `${problem}; see: yc operation get ${id}`);
}
