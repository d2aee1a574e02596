import type { ClientClock } from 'yc-broadcast/client';

/** A client's clock that stands still until a test moves it. */
export interface FakeClock extends ClientClock {
  /** Moves on, firing what falls due on the way, and lets promises settle in between. */
  advance(ms: number): Promise<void>;
  /** Moves on without firing anything, as a machine does that sleeps. */
  sleep(ms: number): void;
  /** How many timers are set. */
  readonly timers: number;
}

interface Alarm {
  readonly at: number;
  readonly fire: () => void;
}

export function createFakeClock(): FakeClock {
  const alarms = new Set<Alarm>();
  let now = 1_700_000_000_000;

  function firstDue(until: number): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of alarms) if (alarm.at <= until && (first?.at ?? Infinity) > alarm.at) first = alarm;
    return first;
  }

  async function settle(): Promise<void> {
    for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
  }

  return {
    now: () => now,
    after(ms, fire) {
      const alarm = { at: now + ms, fire };
      alarms.add(alarm);
      return () => alarms.delete(alarm);
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (;;) {
        const next = firstDue(until);
        if (next === undefined) break;
        alarms.delete(next);
        now = Math.max(now, next.at);
        next.fire();
        await settle();
      }
      now = until;
    },
    sleep(ms) {
      now += ms;
    },
    get timers() {
      return alarms.size;
    },
  };
}
