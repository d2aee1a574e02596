/**
 * What a client sees of a call for its message. Documented is only what becomes of a body with status 200.
 */
import type { FunctionInvocation } from '../calls/invoker.js';
import { isTextResponse } from '../calls/invoker.js';
import { codeIn, type GuessId, type Guesses } from '../profile/guesses.js';
import { replyOf, type Reply } from './reply.js';

export interface SeenOfCall extends Reply {
  /** Set when the connection ends. */
  readonly closeCode: number | undefined;
}

export function seenOf(invocation: FunctionInvocation, maxMessageBytes: number, guess: Guesses): SeenOfCall {
  const { response } = invocation;
  const reply = response && replyOf(response, maxMessageBytes, guess);
  const id = unusual(invocation, maxMessageBytes);
  if (id === undefined && reply !== undefined) return { ...reply, closeCode: undefined };
  const isBinary = response !== undefined && !isTextResponse(response, guess);
  const seen = id === undefined ? 'nothing' : guess(id);
  const closeCode = codeIn(seen);
  const isStatus = id === 'reply.status-400' || id === 'reply.status-201';
  if (closeCode !== undefined || seen === 'nothing')
    return { data: undefined, isBinary, warning: isStatus ? NOT_DOCUMENTED : reply?.warning, closeCode };
  return { data: response?.body ?? failureBody(invocation), isBinary, warning: undefined, closeCode };
}

const NOT_DOCUMENTED = 'what a client gets for a status other than 200 is not documented; nothing was sent';

/** Which guess the answer is a matter of; `undefined` for an ordinary one. */
function unusual(
  { status, response, result, hasReturned }: FunctionInvocation,
  maxMessageBytes: number,
): GuessId | undefined {
  const { statusCode, body } = Object(result) as { readonly statusCode?: unknown; readonly body?: unknown };
  if (response === undefined) {
    if (status === 504) return 'reply.timeout';
    if (hasReturned !== true) return 'reply.exception';
    return typeof statusCode === 'string' ? 'reply.string-status' : 'reply.malformed';
  }
  if (response.statusCode !== 200)
    return response.statusCode > 200 && response.statusCode < 300 ? 'reply.status-201' : 'reply.status-400';
  if (response.body.length > maxMessageBytes) return 'size.reply';
  if (response.body.length > 0) return undefined;
  return body === '' ? 'reply.empty-body' : 'reply.empty';
}

/** As the function service answers where it is called over HTTP (documented), without the stack. */
function failureBody({ result, status }: FunctionInvocation): Buffer {
  const { body } = Object(result) as { readonly body?: unknown };
  if (typeof body === 'string') return Buffer.from(body);
  return Buffer.from(JSON.stringify({ errorMessage: `the function failed with ${status}` }));
}
