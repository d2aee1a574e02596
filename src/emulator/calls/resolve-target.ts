import { BroadcastError } from '../../base/errors.js';
import type { ParsedEmulatorOptions } from '../options.js';
import type { ParsedTarget } from './functions.js';

/**
 * A function, or the id of one in `functions`. Throws `INVALID_OPTIONS` that names the place when there is
 * none.
 */
export function resolveTarget(
  given: ParsedTarget | string,
  functions: ParsedEmulatorOptions['functions'],
  place: string,
): ParsedTarget {
  if (typeof given !== 'string') return given;
  const found = typeof functions === 'object' && !isSource(functions) ? functions[given] : functions;
  if (found !== undefined) return found;
  throw new BroadcastError('INVALID_OPTIONS', `${place}: no function '${given}'; add it to functions`);
}

/** One function that stands for all, rather than a table of them by their ids. */
function isSource(
  functions: Exclude<ParsedEmulatorOptions['functions'], undefined>,
): functions is Extract<ParsedTarget, { entry: string }> {
  return 'entry' in functions && typeof functions.entry === 'string';
}
