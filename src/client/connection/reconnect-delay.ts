import { backoffMs } from '../../base/backoff.js';

export interface ReconnectDelayOptions {
  readonly random: () => number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/**
 * How long to wait for the next attempt, in milliseconds, after so many failures in a row; at least
 * `pauseMs`. When a server restarts, its clients must not all come back in the same second.
 */
export function reconnectDelay(
  { random, minDelayMs, maxDelayMs }: ReconnectDelayOptions,
  failures: number,
  pauseMs: number,
): number {
  return pauseMs + Math.max(backoffMs(failures, minDelayMs, maxDelayMs, random), random() * pauseMs);
}
