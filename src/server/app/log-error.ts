import { BroadcastError } from '../../base/errors.js';

/** An error and where it happened. Holds no message body and no connection id. */
export interface ErrorReport {
  readonly error: unknown;
  /** For example `connect`, or `message 'say'`. */
  readonly during: string;
  readonly requestId: string | undefined;
}

/**
 * One line, as the platform's structured logs want it. Messages of drivers and hooks may hold what people wrote, so they
 * are shown on the local gateway only; elsewhere it is the code, and where the error was made. `logs()` tells more.
 */
export function logError({ error, during, requestId }: ErrorReport): void {
  // Set by the local gateway, whatever way sends take to it.
  const isLocal = process.env['YC_BROADCAST_LOCAL_ORIGINS'] !== undefined;
  const { code, message } = BroadcastError.from(error);
  const stack = error instanceof Error && !(error instanceof BroadcastError) ? error.stack : undefined;
  const line = {
    level: 'ERROR',
    message: `${during}: ${isLocal ? message : code}`,
    code,
    requestId,
    stack: isLocal ? stack : stack?.match(FRAMES)?.join('\n'),
  };
  console.error(JSON.stringify(line));
}

/** Lines of a stack that name a place in a file. */
const FRAMES = /^ +at .*:\d+:\d+\)?$/gm;
