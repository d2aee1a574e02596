import type { InstanceState } from './instance.js';

/** What is known of an instance by what it has told. */
export interface Vitals {
  /** How long its start took, in milliseconds; `undefined` while it starts. */
  readonly coldMs: number | undefined;
  /** Calls that it has answered. */
  readonly served: number;
  readonly usedBytes: number | undefined;
  /** Whether a call was answered of which it has not told yet what it has left behind. */
  readonly isResting: boolean;
  /** Returns how long the start took. */
  ready(): number;
  measured(bytes: number): void;
  answered(): void;
  rested(): void;
  /** What it does, if it has not ended. */
  state(hasCalls: boolean): InstanceState;
}

export function createVitals(freezeAfterMs: number | 'off'): Vitals {
  const begun = performance.now();
  let coldMs: number | undefined;
  let served = 0;
  let resting = 0;
  let restedAt = 0;
  let usedBytes: number | undefined;

  return {
    get coldMs() {
      return coldMs;
    },
    get served() {
      return served;
    },
    get usedBytes() {
      return usedBytes;
    },
    get isResting() {
      return resting > 0;
    },
    ready() {
      restedAt = Date.now();
      return (coldMs = performance.now() - begun);
    },
    measured(bytes) {
      usedBytes = bytes;
    },
    answered() {
      served++;
      resting++;
    },
    rested() {
      resting--;
      restedAt = Date.now();
    },
    state(hasCalls) {
      if (coldMs === undefined) return 'starting';
      if (hasCalls) return 'busy';
      if (resting > 0 || freezeAfterMs === 'off') return 'idle';
      return Date.now() - restedAt >= freezeAfterMs ? 'frozen' : 'idle';
    },
  };
}
