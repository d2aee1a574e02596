import { KEEP_ALIVE_MS, type Welcome } from '../../base/protocol.js';
import type { ClientClock } from '../base/clock.js';
import type { Stop } from '../base/emitter.js';
import type { RequestError } from '../requests/request-error.js';

/**
 * Looks after one connection: keeps it from idling, finds out when it is dead, asks for the next one in time.
 */
export interface Heartbeat {
  /** Something was sent, so the gateway starts counting anew. */
  touch(): void;
  /** Finds out whether the connection is alive. */
  check(): void;
  stop(): void;
}

export interface HeartbeatDeps {
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly welcome: Welcome;
  /** Asks the server for a sign of life. */
  readonly ping: (timeoutMs: number) => Promise<unknown>;
  readonly onDead: () => void;
  readonly onOld: () => void;
}

/** Longest time between two looks at the clock. */
const TICK_MS = 15_000;
/** A tick that is late by more means that the machine slept, or that the tab did. */
const ASLEEP_MS = 5_000;
const PING_TIMEOUT_MS = 10_000;

/** Whatever the server says, the client does not spin. */
const SHORTEST_MS = 10_000;
const atLeast = (ms: unknown): number =>
  Number.isFinite(ms) ? Math.max(SHORTEST_MS, Number(ms)) : KEEP_ALIVE_MS;

/** Codes of a ping that mean that this connection is of no use any more. */
const DEAD = ['NO_ANSWER', 'CONNECTION_STALE'];

export function createHeartbeat({ clock, random, welcome, ping, onDead, onOld }: HeartbeatDeps): Heartbeat {
  let touchedAt = clock.now();
  // Spread over a tenth of the lifetime, so that those who came together do not all return together.
  let replaceAt = touchedAt + atLeast(welcome.lifetimeMs) * (0.85 + 0.1 * random());
  const keepAliveMs = atLeast(welcome.keepAliveMs);
  let stopTimer: Stop;

  function schedule(): void {
    const now = clock.now();
    const due = Math.min(TICK_MS, replaceAt - now, touchedAt + keepAliveMs - now);
    const delayMs = Math.max(due, 0);
    stopTimer = clock.after(delayMs, () => {
      tick(clock.now() - now > delayMs + ASLEEP_MS);
    });
  }

  function tick(hasSlept: boolean): void {
    const now = clock.now();
    if (hasSlept || now - touchedAt >= keepAliveMs) check();
    if (now >= replaceAt) {
      replaceAt = Infinity;
      onOld();
    }
    schedule();
  }

  function check(): void {
    touchedAt = clock.now();
    ping(PING_TIMEOUT_MS).catch((error: unknown) => {
      if (DEAD.includes((error as RequestError).code)) onDead();
    });
  }

  schedule();
  return {
    touch() {
      touchedAt = clock.now();
    },
    check,
    stop() {
      stopTimer();
    },
  };
}
