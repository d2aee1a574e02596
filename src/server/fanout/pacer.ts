import pLimit from 'p-limit';
import { createPaceMeter } from './pace-meter.js';
import { createTokenBucket } from './token-bucket.js';

/**
 * How many sends may be under way. One pacer serves all broadcasts of an instance, so that they share one
 * budget.
 *
 * The window starts at its ceiling and follows additive increase, multiplicative decrease. After every window
 * of answers it shrinks by half of the share that asked for patience (429, 503), or by a quarter when the
 * gateway answers much more slowly than it used to, and grows by one. In proportion, as data-centre TCP does
 * it: a gateway that refuses everything soon gets one send at a time, one that stumbles now and then keeps
 * most of the rate.
 */
export interface Pacer {
  /** Sends that may be under way now. */
  readonly window: number;
  /** Whether a send may start right away; when not, wait for {@link changed} and ask again. */
  hasRoom(): boolean;
  /** Resolves when a send has ended, a pause is over, or somebody called {@link wake}. */
  changed(): Promise<void>;
  /** Wakes everybody who waits, for example because time is up. */
  wake(): void;
  /** Runs `send` in a slot, which it keeps until it resolves; resolves after it. It must not reject. */
  run(send: () => Promise<void>): Promise<void>;
  /** The gateway accepted a send after this time. */
  accepted(latencyMs: number): void;
  /**
   * The gateway asked for patience. No send starts before `retryAfterMs` have passed if it refuses about half
   * of them or more; otherwise only the refused one waits, and the window shrinks in proportion.
   */
  troubled(retryAfterMs?: number): void;
  /** Recent sends per second, or `undefined` before anything was measured. */
  pace(): number | undefined;
  /**
   * Smoothed time that a send takes, in milliseconds; a guess before anything was measured, and again after
   * minutes.
   */
  typicalLatencyMs(): number;
}

export interface PacerOptions {
  readonly concurrency: number;
  readonly maxPerSecond?: number | undefined;
}

const SMOOTHING = 0.1;
const ASSUMED_LATENCY_MS = 50;
/** While nothing is measured, what the typical latency exceeds the guess by halves in this time. */
const LATENCY_HALF_LIFE_MS = 30_000;
/** Slower than the best time by this factor and by this many milliseconds counts as trouble. */
const SLOW_FACTOR = 4;
const SLOW_MARGIN_MS = 250;
/** From this share of refusals on, a `Retry-After` is meant for all sends. */
const REFUSED_BY_MOST = 0.5;
/** Slowness weighs as much as this share of refusals. */
const SLOW_TROUBLE = 0.5;

export function createPacer({ concurrency, maxPerSecond }: PacerOptions): Pacer {
  const limit = pLimit(concurrency);
  const waiters = new Set<() => void>();
  const bucket = createTokenBucket(maxPerSecond);
  const meter = createPaceMeter();
  let answers = 0;
  let refusals = 0;
  /** Smoothed share of refusals; `undefined` before the first answer. */
  let refusedShare: number | undefined;
  let pausedUntil = 0;
  let latencyMs = ASSUMED_LATENCY_MS;
  let bestLatencyMs = Infinity;
  let measuredAt = 0;

  function wakeAll(): void {
    for (const wake of waiters) wake();
    waiters.clear();
  }

  function isSlow(): boolean {
    return latencyMs > bestLatencyMs * SLOW_FACTOR && latencyMs > bestLatencyMs + SLOW_MARGIN_MS;
  }

  function countAnswer(isRefusal: boolean): void {
    const outcome = isRefusal ? 1 : 0;
    refusedShare = (refusedShare ?? outcome) * (1 - SMOOTHING) + outcome * SMOOTHING;
    refusals += outcome;
    answers++;
    if (answers < limit.concurrency) return;
    const trouble = Math.max(refusals / answers, isSlow() ? SLOW_TROUBLE : 0);
    const wanted = Math.floor(limit.concurrency * (1 - trouble / 2)) + 1;
    if (trouble > 0 || limit.concurrency < concurrency) limit.concurrency = Math.min(wanted, concurrency);
    answers = 0;
    refusals = 0;
  }

  function hasRoom(): boolean {
    if (limit.activeCount + limit.pendingCount >= limit.concurrency) return false;
    return (pausedUntil === 0 || pauseIsOver()) && bucket.available();
  }

  function pauseIsOver(): boolean {
    if (Date.now() < pausedUntil) return false;
    pausedUntil = 0;
    return true;
  }

  /** Milliseconds after which `hasRoom` may change without any send ending. */
  function timeToRoom(): number {
    return Math.max(pausedUntil === 0 ? 0 : pausedUntil - Date.now(), bucket.waitMs());
  }

  /**
   * A measurement grows old: it must not decide for hours about an instance that sends nothing because of it.
   */
  function typicalLatencyMs(): number {
    const excess = latencyMs - ASSUMED_LATENCY_MS;
    if (excess <= 0) return latencyMs;
    const ageMs = Math.max(0, Date.now() - measuredAt);
    return ASSUMED_LATENCY_MS + excess * 2 ** (-ageMs / LATENCY_HALF_LIFE_MS);
  }

  return {
    get window() {
      return limit.concurrency;
    },
    hasRoom,
    changed: () => wakeUp(waiters, timeToRoom()),
    wake: wakeAll,
    run(send) {
      bucket.spend();
      return limit(send).then(wakeAll);
    },
    accepted(ms) {
      meter.tick();
      latencyMs += SMOOTHING * (ms - latencyMs);
      measuredAt = Date.now();
      if (ms < bestLatencyMs) bestLatencyMs = ms;
      countAnswer(false);
    },
    troubled(retryAfterMs = 0) {
      countAnswer(true);
      const isMeantForAll = (refusedShare ?? 1) >= REFUSED_BY_MOST;
      if (retryAfterMs > 0 && isMeantForAll) pausedUntil = Math.max(pausedUntil, Date.now() + retryAfterMs);
    },
    pace: meter.perSecond,
    typicalLatencyMs,
  };
}

/** Resolves when the waiters are woken or, if `ms` is positive, after that time. */
function wakeUp(waiters: Set<() => void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (ms <= 0) {
      waiters.add(resolve);
      return;
    }
    const timer = setTimeout(wake, ms);
    function wake(): void {
      clearTimeout(timer);
      waiters.delete(wake);
      resolve();
    }
    waiters.add(wake);
  });
}
