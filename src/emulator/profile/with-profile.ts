import { FUNCTION_DEFAULTS, type ParsedFunctionSource } from '../instances/settings.js';
import { SOCKET_DEFAULTS, type ParsedEmulatorOptions } from '../options.js';
import type { Guesses } from './guesses.js';

/** How long an instance runs on where a profile says "for a while", in milliseconds. */
const A_WHILE_MS = 1000;

/**
 * The options with what a profile says of order, attempts, freezing and triggers; what was set to something
 * else stays.
 */
export function withProfile(options: ParsedEmulatorOptions, guess: Guesses): ParsedEmulatorOptions {
  const freezeAfterMs = FREEZING.get(guess('freeze.after-return')) ?? FUNCTION_DEFAULTS.freezeAfterMs;
  const thaw = <T>(target: T): T => (isDefaultSource(target) ? { ...target, freezeAfterMs } : target);
  const { routes, functions, triggers, timers } = options;
  const isSerial = guess('trigger.parallelism') === 'one at a time';
  return {
    ...options,
    messageOrder: orderOf(options.messageOrder, guess),
    disconnectAttempts: attemptsOf(options.disconnectAttempts, guess),
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

type Order = ParsedEmulatorOptions['messageOrder'];

function orderOf(order: Order, guess: Guesses): Order {
  const isSerial = guess('order.overlap') === 'serial' && order === SOCKET_DEFAULTS.messageOrder;
  return isSerial ? 'serial' : order;
}

/** Enough for a hundred that leave at once, ten at a time. */
const MANY_ATTEMPTS = 10;

function attemptsOf(attempts: number, guess: Guesses): number {
  const isSure = guess('disconnect.mass') === 'none' && attempts === SOCKET_DEFAULTS.disconnectAttempts;
  return isSure ? MANY_ATTEMPTS : attempts;
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
