import type { Clock } from '../clock.js';

/** Rings at the earliest of the instants that were asked for, and then asks what is next. */
export interface Alarm {
  /** Rings at once when the instant is not in the future. */
  ringAt(instant: number): void;
}

/** @param next The earliest instant that is still to come, when there is one. */
export function createAlarm(clock: Clock, ring: () => void, next: () => number | undefined): Alarm {
  let set: { readonly at: number; readonly cancel: () => void } | undefined;

  function fire(): void {
    set = undefined;
    ring();
    const instant = next();
    if (instant !== undefined) ringAt(instant);
  }

  function ringAt(instant: number): void {
    if (instant <= clock.now()) {
      ring();
      return;
    }
    if (set !== undefined && set.at <= instant) return;
    set?.cancel();
    set = { at: instant, cancel: clock.at(instant, fire) };
  }

  return { ringAt };
}
