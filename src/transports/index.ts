/**
 * For those who write a transport: its types. The cases that it has to pass are in `yc-broadcast/testing`.
 */
export { BroadcastError } from '../base/errors.js';
export type { ErrorCode, ErrorDetails } from '../base/errors.js';
export type { FunctionContext, InvocationAware } from '../base/invocation.js';
export type {
  AttemptOptions,
  ConnectionInfo,
  EncodedPayload,
  Payload,
  Transport,
} from '../model/transport.js';
