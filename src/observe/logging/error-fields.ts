import { BroadcastError } from '../../errors.js';
import { scrub } from './scrub.js';

/** What a log line tells of an error. */
export interface ErrorFields {
  readonly code: string;
  /** Its message without what stood in the event; only where it may be shown at all. */
  readonly text?: string;
  /** The class of an error that is none of this library's. */
  readonly error?: string;
  /** What lies behind it, by class and system code. */
  readonly cause?: string;
  /** Where it was made. */
  readonly stack?: string;
}

/**
 * Messages of this library are sentences of ours, but may quote a driver. Others were written for somebody at a keyboard:
 * they say which value was wrong. So those are shown only on demand, and all of them scrubbed.
 */
export function errorFields(error: unknown, isTold: boolean, secrets: readonly string[]): ErrorFields {
  const isOurs = error instanceof BroadcastError;
  const { code, message } = BroadcastError.from(error);
  const frames = isOurs ? undefined : framesOf(error);
  const cause = isOurs ? nameOf(error.cause) : undefined;
  return {
    code,
    ...(isOurs || isTold ? { text: scrub(message.slice(code.length + 2), secrets) } : {}),
    ...(isOurs ? {} : { error: nameOf(error) ?? typeof error }),
    ...(cause === undefined ? {} : { cause }),
    ...(frames === undefined ? {} : { stack: frames }),
  };
}

/** `TypeError`, `Error ECONNREFUSED`: names that are constants of some source, and nothing that is not one. */
function nameOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = Reflect.get(error, 'code');
  const name = /^[A-Za-z_]\w{0,60}$/.test(error.name) ? error.name : 'Error';
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,30}$/.test(code) ? `${name} ${code}` : name;
}

const MAX_FRAMES = 20;

/** The lines of a stack that name a place in a file; the first ones repeat the message. */
function framesOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const own = error.stack?.replace(error.message, '') ?? '';
  return own
    .match(/^ +at .*:\d+:\d+\)?$/gm)
    ?.slice(0, MAX_FRAMES)
    .join('\n');
}
