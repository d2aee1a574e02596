import type { BroadcastError } from '../../base/errors.js';
import type { StopReason } from '../../model/report.js';
import type { Pacer } from './pacer.js';

/** Sends in flight get this many typical latencies to end before the deadline, never less than the floor. */
const LATENCIES_TO_END = 3;
const LEAST_TIME_TO_END_MS = 50;
/**
 * And never more than this share of the broadcast's time, so that a gateway that was slow once is tried
 * again.
 */
const MOST_SHARE_TO_END = 1 / 2;
/** So many recipients in a row without any connection to the gateway, after all their retries: it is away. */
const UNREACHABLE_IN_A_ROW = 5;
/** Longest delay that a Node.js timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export type EarlyStop = Exclude<StopReason, 'done' | 'store'>;

export interface StopOptions {
  /** Everything must have ended by then, in Unix milliseconds; `Infinity` without a deadline. */
  readonly endsAt: number;
  /** From then on the message is not worth sending, in Unix milliseconds; `Infinity` when it always is. */
  readonly expiresAt: number;
  readonly signal: AbortSignal | undefined;
  readonly pacer: Pacer;
}

/** Watches for what may end a broadcast before everybody was tried. */
export interface SendLimits {
  /** Why no further send may start, or `undefined`. */
  reason(): EarlyStop | undefined;
  /**
   * Waits for `work`, but not beyond the moment at which there is a reason to stop; then it resolves with
   * that.
   */
  before<T>(work: Promise<T>): Promise<T | EarlyStop>;
  /** Told what became of each recipient that was tried; `undefined` when it was delivered. */
  noteOutcome(error: BroadcastError | undefined): void;
  /** Whether the latest recipients show that there is no connection to the gateway. */
  isGatewayAway(): boolean;
  dispose(): void;
}

export function createStop({ endsAt, expiresAt, signal, pacer }: StopOptions): SendLimits {
  const isTimed = endsAt !== Infinity || expiresAt !== Infinity;
  let timer: NodeJS.Timeout | undefined;
  // `Promise.race` with one promise that lasts as long as the broadcast would keep every page in memory.
  let interrupt: ((reason: EarlyStop) => void) | undefined;

  let unreachableInARow = 0;

  const mostTimeToEnd = (endsAt - Date.now()) * MOST_SHARE_TO_END;

  function lastStart(): number {
    const wanted = Math.min(pacer.typicalLatencyMs() * LATENCIES_TO_END, mostTimeToEnd);
    return endsAt - Math.max(LEAST_TIME_TO_END_MS, wanted);
  }

  function isGatewayAway(): boolean {
    return unreachableInARow >= UNREACHABLE_IN_A_ROW;
  }

  function reason(): EarlyStop | undefined {
    if (signal?.aborted === true) return 'signal';
    if (isGatewayAway()) return 'gateway';
    if (!isTimed) return undefined;
    const now = Date.now();
    if (now >= expiresAt) return 'expired';
    return now >= lastStart() ? 'deadline' : undefined;
  }

  function check(): void {
    clearTimeout(timer);
    const why = reason();
    if (why !== undefined) {
      interrupt?.(why);
      pacer.wake();
    } else if (isTimed) {
      const waitMs = Math.min(lastStart(), expiresAt) - Date.now();
      timer = setTimeout(check, Math.min(Math.max(1, waitMs), MAX_TIMER_MS));
    }
  }

  check();
  signal?.addEventListener('abort', check);
  return {
    reason,
    before: (work) =>
      new Promise((resolve, reject) => {
        const why = reason();
        if (why !== undefined) resolve(why);
        interrupt = resolve;
        work.then(resolve, reject);
      }),
    noteOutcome(error) {
      unreachableInARow = error?.isUnreachable === true ? unreachableInARow + 1 : 0;
      if (isGatewayAway()) check();
    },
    isGatewayAway,
    dispose() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', check);
    },
  };
}
