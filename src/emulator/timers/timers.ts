/** Timers: triggers that call a function again and again, on the gateway's clock. */
import type { Calls } from '../calls/calls.js';
import type { ParsedTarget } from '../calls/functions.js';
import type { Invoker } from '../calls/invoker.js';
import { resolveTarget } from '../calls/resolve-target.js';
import type { Clock } from '../clock.js';
import { newResourceId } from '../ids.js';
import type { ParsedEmulatorOptions } from '../options.js';
import type { Timeline } from '../timeline/timeline.js';
import { timerEvent } from './timer-event.js';

export interface TimersDeps {
  readonly options: Pick<ParsedEmulatorOptions, 'timers' | 'functions'>;
  readonly folderId: string;
  readonly clock: Clock;
  readonly calls: Calls;
  readonly timeline: Timeline;
  invokerOf(target: ParsedTarget, functionId?: string): Invoker;
}

export interface Timers {
  /** To be called when functions run: the first calls come one interval later. */
  start(): void;
  stop(): void;
}

/** Throws `INVALID_OPTIONS` that names a timer whose function there is not. */
export function createTimers({ options, folderId, clock, calls, timeline, invokerOf }: TimersDeps): Timers {
  const cloudId = newResourceId('b1g');
  const cancels = new Set<() => void>();

  const timers = options.timers.map(({ every, function: given, payload }, index) => {
    const place = `startEmulator.timers.${index}.function`;
    const invoker = invokerOf(
      resolveTarget(given, options.functions, place),
      typeof given === 'string' ? given : undefined,
    );
    const triggerId = newResourceId('a1s');

    /**
     * Documented: the event is lost when the function fails, unless the trigger has retries, which are not
     * emulated.
     */
    async function call(): Promise<void> {
      const event = timerEvent({ triggerId, payload, cloudId, folderId, at: clock.now() });
      const {
        hasReturned = false,
        status,
        problem,
        durationMs,
        instance,
        fault,
      } = await calls.call({ invoker }, event, {});
      timeline.add({
        type: 'trigger',
        status: hasReturned ? 200 : status,
        durationMs,
        fault,
        instance: instance?.id,
        coldMs: instance?.coldMs,
        reason: hasReturned ? `timer, every ${every / 1000} s` : (problem ?? 'no answer'),
        level: hasReturned ? 'info' : 'error',
      });
    }

    return function wait(): void {
      const cancel = clock.at(clock.now() + every, () => {
        cancels.delete(cancel);
        wait();
        void call();
      });
      cancels.add(cancel);
    };
  });

  return {
    start() {
      for (const wait of timers) wait();
    },
    stop() {
      for (const cancel of cancels) cancel();
    },
  };
}
