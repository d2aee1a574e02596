import { BroadcastError } from '../../base/errors.js';
import { stackFrames } from '../../base/stack-frames.js';
import { scrub } from './scrub.js';

/** What a log line tells of an error. */
export interface ErrorFields {
  readonly code: string;
  /** Its message without what stood in the event; only on demand. */
  readonly text?: string;
  /** The class of an error that is none of this library's. */
  readonly error?: string;
  /** What lies behind it, by class and system code. */
  readonly cause?: string;
  /** Where it was made. */
  readonly stack?: string;
}

/**
 * Messages say which value was wrong, and even sentences of this library may quote a driver's. So they are
 * shown only on demand, and scrubbed; what has few values, and says as much of an outage, is shown always.
 *
 * @param secrets What must not be in the message; the message is left out when they are not known.
 */
export function errorFields(error: unknown, secrets: readonly string[] | undefined): ErrorFields {
  const isOurs = error instanceof BroadcastError;
  const { code, message } = BroadcastError.from(error);
  const frames = !isOurs && error instanceof Error ? stackFrames(error) : undefined;
  const cause = isOurs ? nameOf(error.cause) : undefined;
  return {
    code,
    ...(secrets === undefined ? {} : { text: scrub(message.slice(code.length + 2), secrets) }),
    ...(isOurs ? {} : { error: nameOf(error) ?? typeof error }),
    ...(cause === undefined ? {} : { cause }),
    ...(frames === undefined ? {} : { stack: frames }),
  };
}

/**
 * `TypeError`, `Error ECONNREFUSED`: names that are constants of some source, and nothing that is not one.
 */
function nameOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = Reflect.get(error, 'code');
  const name = /^[A-Za-z_]\w{0,60}$/.test(error.name) ? error.name : 'Error';
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,30}$/.test(code) ? `${name} ${code}` : name;
}
