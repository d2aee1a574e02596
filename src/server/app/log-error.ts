import { BroadcastError } from '../../base/errors.js';
import { stackFrames } from '../../base/stack-frames.js';
import { isLocal } from '../../model/diagnostics.js';

/** An error and where it happened. Holds no message body and no connection id. */
export interface ErrorReport {
  readonly error: unknown;
  /** For example `connect`, or `message 'say'`. */
  readonly during: string;
  readonly requestId: string | undefined;
}

/**
 * One line, as the platform's structured logs want it. Messages of drivers and hooks may hold what people
 * wrote, so they are shown on the local gateway and in tests only; elsewhere it is the code, and where the
 * error was made. `logs()` tells more.
 */
export function logError({ error, during, requestId }: ErrorReport): void {
  const showsText = isLocal();
  const { code, message } = BroadcastError.from(error);
  const foreign = error instanceof Error && !(error instanceof BroadcastError) ? error : undefined;
  const line = {
    level: 'ERROR',
    message: `${during}: ${showsText ? message : code}`,
    code,
    requestId,
    stack: showsText || foreign === undefined ? foreign?.stack : stackFrames(foreign),
  };
  console.error(JSON.stringify(line));
}

/** An `onError` that can be called from anywhere: when it throws, both errors take the default way. */
export function neverThrowing(onError: (report: ErrorReport) => void): (report: ErrorReport) => void {
  return (report) => {
    try {
      onError(report);
    } catch (error) {
      logError(report);
      logError({ error, during: 'onError', requestId: report.requestId });
    }
  };
}
