import { BroadcastError } from '../errors.js';

/** An error and where it happened. Holds no message body and no connection id. */
export interface ErrorReport {
  readonly error: unknown;
  /** For example `connect`, or `message 'say'`. */
  readonly during: string;
  readonly requestId: string | undefined;
}

/** One line, as the platform's structured logs want it. Errors of this library never contain tokens or payloads. */
export function logError({ error, during, requestId }: ErrorReport): void {
  const { code, message } = BroadcastError.from(error);
  const stack = error instanceof Error && !(error instanceof BroadcastError) ? error.stack : undefined;
  console.error(JSON.stringify({ level: 'ERROR', message: `${during}: ${message}`, code, requestId, stack }));
}
