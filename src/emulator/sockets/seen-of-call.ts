/** What a client sees of a call for its message. Documented is only what becomes of a body with status 200. */
import { MAX_MESSAGE_BYTES } from '../../base/protocol.js';
import type { Invocation } from '../calls/invoker.js';
import { isTextResponse } from '../calls/invoker.js';
import type { GuessId, Guesses } from '../profile/guesses.js';

export interface SeenOfCall {
  /** `nothing`, `closed with` a code; anything else is a message with this body. */
  readonly as: string;
  readonly body: Buffer;
  readonly isBinary: boolean;
}

export function seenOf(invocation: Invocation, guess: Guesses): SeenOfCall {
  const { response } = invocation;
  const body = response?.body ?? failureBody(invocation);
  const isBinary = response !== undefined && !isTextResponse(response, guess);
  const id = unusual(invocation);
  return { as: id === undefined ? 'a message' : guess(id), body, isBinary };
}

/** Which guess the answer is a matter of; `undefined` for an ordinary one. */
function unusual({ status, response, result, hasReturned }: Invocation): GuessId | undefined {
  const { statusCode, body } = Object(result) as { readonly statusCode?: unknown; readonly body?: unknown };
  if (response === undefined) {
    if (status === 504) return 'reply.timeout';
    if (hasReturned !== true) return 'reply.exception';
    return typeof statusCode === 'string' ? 'reply.string-status' : 'reply.malformed';
  }
  if (response.statusCode !== 200)
    return response.statusCode > 200 && response.statusCode < 300 ? 'reply.status-201' : 'reply.status-400';
  if (response.body.length > MAX_MESSAGE_BYTES) return 'size.reply';
  if (response.body.length > 0) return undefined;
  return body === '' ? 'reply.empty-body' : 'reply.empty';
}

/** As the function service answers where it is called over HTTP (documented), without the stack. */
function failureBody({ result, status }: Invocation): Buffer {
  const { body } = Object(result) as { readonly body?: unknown };
  if (typeof body === 'string') return Buffer.from(body);
  return Buffer.from(JSON.stringify({ errorMessage: `the function failed with ${status}` }));
}
