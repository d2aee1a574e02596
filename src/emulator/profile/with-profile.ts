import { FUNCTION_DEFAULTS, type ParsedFunctionSource } from '../instances/settings.js';
import type { ParsedEmulatorOptions } from '../options.js';
import { CLOUD_FRAME_LIMITS, type FrameLimits } from '../sockets/frame-limits.js';
import type { Guesses } from './guesses.js';

/** How long an instance runs on where a profile says "for a while", in milliseconds. */
const A_WHILE_MS = 1000;
/** What a limit becomes that was not found where it is documented. */
const RAISED = 8;

/** The options with what a profile says of limits, freezing and triggers; what was set to something else stays. */
export function withProfile(options: ParsedEmulatorOptions, guess: Guesses): ParsedEmulatorOptions {
  const freezeAfterMs = FREEZING.get(guess('freeze.after-return')) ?? FUNCTION_DEFAULTS.freezeAfterMs;
  const thaw = <T>(target: T): T => (isDefaultSource(target) ? { ...target, freezeAfterMs } : target);
  const { routes, functions, triggers, timers, limits } = options;
  const isSerial = guess('trigger.parallelism') === 'one at a time';
  return {
    ...options,
    limits: { ...limits, ...frameLimits(limits, guess) },
    routes: routes && thawAll(routes, thaw),
    functions: isRecord(functions) ? thawAll(functions, thaw) : thaw(functions),
    triggers: triggers.map((trigger) => {
      if ('broadcast' in trigger) return trigger;
      const concurrency = isSerial ? 1 : trigger.concurrency;
      return { ...trigger, concurrency, function: thaw(trigger.function) };
    }),
    timers: timers.map((timer) => ({ ...timer, function: thaw(timer.function) })),
  };
}

const FREEZING = new Map<string, number | 'off'>([
  ['runs on for a while', A_WHILE_MS],
  ['runs on', 'off'],
]);

function isDefaultSource(target: unknown): target is ParsedFunctionSource {
  return (
    typeof target === 'object' &&
    target !== null &&
    'entry' in target &&
    'freezeAfterMs' in target &&
    target.freezeAfterMs === FUNCTION_DEFAULTS.freezeAfterMs
  );
}

type Functions = NonNullable<ParsedEmulatorOptions['functions']>;
type Target = NonNullable<ParsedEmulatorOptions['routes']>[string];

/** A table of functions by their ids, rather than one of them. */
function isRecord(functions: Functions | undefined): functions is Record<string, Target> {
  if (typeof functions !== 'object') return false;
  return !('entry' in functions && typeof functions.entry === 'string');
}

function thawAll(targets: Readonly<Record<string, Target>>, thaw: (target: Target) => Target) {
  return Object.fromEntries(Object.entries(targets).map(([name, target]) => [name, thaw(target)]));
}

function frameLimits(limits: FrameLimits, guess: Guesses): FrameLimits {
  const raise = (name: keyof FrameLimits, seen: string): number => {
    const isRaised = seen.startsWith('more than') && limits[name] === CLOUD_FRAME_LIMITS[name];
    return isRaised ? limits[name] * RAISED : limits[name];
  };
  return {
    maxFrameBytes: raise('maxFrameBytes', guess('size.frame-in')),
    maxMessageBytes: raise('maxMessageBytes', guess('size.message-in')),
  };
}
