export interface ReconnectDelayOptions {
  readonly random: () => number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/**
 * How long to wait for the next attempt, in milliseconds, after so many failures in a row; at least `pauseMs`. Full jitter:
 * when a server restarts, its clients must not all come back in the same second.
 */
export function reconnectDelay(
  { random, minDelayMs, maxDelayMs }: ReconnectDelayOptions,
  failures: number,
  pauseMs: number,
): number {
  const backoffMs = random() * Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(failures, 30));
  return pauseMs + Math.max(backoffMs, random() * pauseMs);
}
