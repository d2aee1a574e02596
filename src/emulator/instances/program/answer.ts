import { createFunctionContext } from '../../events/function-context.js';
import type { FunctionHandler } from '../../calls/invoker.js';
import type { CallAnswer, CallMessage } from '../wire.js';
import { describeError } from './describe-error.js';

/** Calls the function. Never rejects: an exception is an answer of its own kind. */
export async function answer(handler: FunctionHandler, call: CallMessage): Promise<CallAnswer> {
  const { callId, event, requestId, deadline, identity } = call;
  try {
    const delivered: unknown = JSON.parse(event);
    const context = createFunctionContext(identity, delivered, requestId, deadline, { now: Date.now });
    const result: unknown = await handler(delivered as never, context as never);
    return { type: 'answered', callId, json: JSON.stringify(result) };
  } catch (error) {
    return { type: 'threw', callId, problem: describeError(error) };
  }
}
