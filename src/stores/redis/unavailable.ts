import { BroadcastError } from '../../base/errors.js';

/**
 * How the error of a script for a history or a state begins when the server does not tell it the replication
 * id.
 */
export const NO_INFO = 'NOINFO';

/**
 * The error of a call that did not succeed. `problem` is what is wrong with the connection, if that is known.
 *
 * Errors of a client hold the command with its arguments: passwords, attributes, messages. So does the text
 * of some answers. The cause is therefore a copy without them.
 */
export function unavailable(reason: unknown, problem: unknown): BroadcastError {
  const texts = [reason, problem].filter((each) => each !== undefined).map(textOf);
  const cause = new Error(textOf(problem ?? reason));
  if (cause.message.includes(NO_INFO)) {
    const remedy = 'histories and state need INFO replication: give the user of the server the right +info';
    return new BroadcastError('INVALID_OPTIONS', `redis: ${texts.join('; ')}: ${remedy}`, { cause });
  }
  return new BroadcastError('STORE_UNAVAILABLE', `redis: ${[...new Set(texts)].join('; ')}`, { cause });
}

function textOf(reason: unknown): string {
  const text = reason instanceof Error ? reason.message : String(reason);
  return text.replace(/,? with args beginning with.*/s, '') || 'unknown reason';
}
