import { NO_PROFILE, type Guesses } from '../profile/guesses.js';
import { isTextResponse, type FunctionResponse } from '../calls/invoker.js';

/** What a client gets of a function's response. */
export interface Reply {
  /** `undefined` when nothing is sent. */
  readonly data: Buffer | undefined;
  readonly isBinary: boolean;
  /** What works here and may not be what was meant, or the other way round. */
  readonly warning: string | undefined;
}

/**
 * Documented: the body of the response is sent to the client, and a message has at most 128 KB. What becomes
 * of a larger reply is not documented; that nothing is sent is an assumption.
 */
export function replyOf(
  response: FunctionResponse,
  maxMessageBytes: number,
  guess: Guesses = NO_PROFILE,
): Reply {
  const { body } = response;
  const isBinary = !isTextResponse(response, guess);
  if (body.length === 0) return { data: undefined, isBinary, warning: undefined };
  if (body.length > maxMessageBytes) {
    const warning = `a reply of ${body.length} bytes, and a message has at most ${maxMessageBytes}; nothing was sent`;
    return { data: undefined, isBinary, warning };
  }
  return { data: body, isBinary, warning: isBinary ? blobWarning(response) : undefined };
}

/** Types of text that the platform sends as binary frames. */
const TEXTUAL = /json|xml|javascript|x-www-form-urlencoded|charset=/i;

function blobWarning({ headers }: FunctionResponse): string | undefined {
  const type = headers['content-type'];
  const frame = 'the reply is a binary frame, a Blob in a browser';
  if (type === undefined) return `no Content-Type: ${frame}`;
  return TEXTUAL.test(type)
    ? `Content-Type '${type}' is neither exactly application/json nor text/…: ${frame}`
    : undefined;
}
