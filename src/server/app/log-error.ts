import { BroadcastError } from '../../base/errors.js';
import { isLocal } from '../../model/diagnostics.js';

/** An error and where it happened. Holds no message body and no connection id. */
export interface ErrorReport {
  readonly error: unknown;
  /** For example `connect`, or `message 'say'`. */
  readonly during: string;
  readonly requestId: string | undefined;
}

/**
 * One line, as the platform's structured logs want it. Messages of drivers and hooks may hold what people wrote, so they
 * are shown on the local gateway and in tests only; elsewhere it is the code, and where the error was made. `logs()` tells more.
 */
export function logError({ error, during, requestId }: ErrorReport): void {
  const showsText = isLocal();
  const { code, message } = BroadcastError.from(error);
  const stack = error instanceof Error && !(error instanceof BroadcastError) ? error.stack : undefined;
  const line = {
    level: 'ERROR',
    message: `${during}: ${showsText ? message : code}`,
    code,
    requestId,
    stack: showsText ? stack : stack?.match(FRAMES)?.join('\n'),
  };
  console.error(JSON.stringify(line));
}

/** Lines of a stack that name a place in a file. */
const FRAMES = /^ +at .*:\d+:\d+\)?$/gm;
