/** The time of a gateway: the machine's, or one that a test moves on by hand. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Calls `fire` at an instant, or soon when that is past. Returns how to call it off. */
  at(instant: number, fire: () => void): () => void;
}

export interface ManualClock extends Clock {
  /** Moves on, firing what falls due on the way, in order. */
  advance(ms: number): void;
}

/** Longest delay that a Node.js timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  at(instant, fire) {
    const timer = setTimeout(fire, Math.min(Math.max(0, instant - Date.now()), MAX_TIMER_MS));
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

interface Alarm {
  readonly instant: number;
  readonly fire: () => void;
}

export function createManualClock(start: number = Date.now()): ManualClock {
  const alarms = new Set<Alarm>();
  let now = start;

  function nextDue(until: number): Alarm | undefined {
    let next: Alarm | undefined;
    for (const alarm of alarms) {
      if (alarm.instant <= until && (next === undefined || alarm.instant < next.instant)) next = alarm;
    }
    return next;
  }

  return {
    now: () => now,
    at(instant, fire) {
      const alarm = { instant, fire };
      alarms.add(alarm);
      return () => alarms.delete(alarm);
    },
    advance(ms) {
      const until = now + ms;
      for (let alarm = nextDue(until); alarm !== undefined; alarm = nextDue(until)) {
        alarms.delete(alarm);
        now = Math.max(now, alarm.instant);
        alarm.fire();
      }
      now = until;
    },
  };
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a duration such as `250`, `'10m'` or `'9m59s'`; `undefined` when it is none. */
export function parseDuration(duration: number | string): number | undefined {
  if (typeof duration === 'number') return duration >= 0 ? duration : undefined;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(duration)) return undefined;
  const parts = duration.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g);
  return [...parts].reduce(
    (total, [, amount = '0', unit = 'ms']) => total + Number(amount) * (UNITS[unit] ?? 1),
    0,
  );
}
