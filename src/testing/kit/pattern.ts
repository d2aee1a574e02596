/** What a test expects of data: as much of it as matters. */
import { isDeepStrictEqual, inspect } from 'node:util';

/** What Jest's and Vitest's `expect.any(String)` and their like are made of. */
export interface AsymmetricMatcher {
  asymmetricMatch(value: unknown): boolean;
}

/**
 * Data as far as a test cares: fields that are left out may be anything, an array has to have the same
 * length, and `expect.any(…)`, `expect.objectContaining(…)` and their like are asked.
 */
export type PatternOf<T> =
  | AsymmetricMatcher
  | (T extends readonly (infer E)[]
      ? readonly PatternOf<E>[]
      : T extends object
        ? { readonly [P in keyof T]?: PatternOf<T[P]> | undefined }
        : T);

/** Where data departs from a pattern, in words; `undefined` when it does not. */
export function difference(actual: unknown, pattern: unknown, path = ''): string | undefined {
  if (isMatcher(pattern)) return pattern.asymmetricMatch(actual) ? undefined : differs(path, actual, pattern);
  if (Array.isArray(pattern)) return differenceOfLists(actual, pattern, path);
  if (!isPlain(pattern))
    return isDeepStrictEqual(actual, pattern) ? undefined : differs(path, actual, pattern);
  if (typeof actual !== 'object' || actual === null) return differs(path, actual, pattern);
  for (const [key, expected] of Object.entries(pattern)) {
    const found = difference(Reflect.get(actual, key), expected, path === '' ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function differenceOfLists(actual: unknown, pattern: readonly unknown[], path: string): string | undefined {
  if (!Array.isArray(actual)) return differs(path, actual, pattern);
  if (actual.length !== pattern.length) {
    return `${path === '' ? '' : `${path}: `}expected ${pattern.length} elements, got ${actual.length}`;
  }
  for (const [index, expected] of pattern.entries()) {
    const found = difference(actual[index], expected, path === '' ? String(index) : `${path}.${index}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function differs(path: string, actual: unknown, pattern: unknown): string {
  return `${path === '' ? '' : `${path}: `}expected ${shown(pattern)}, got ${shown(actual)}`;
}

/** A value on one line, not too long for a message. */
export function shown(value: unknown): string {
  if (isMatcher(value)) return matcherName(value);
  const text = inspect(value, { depth: 6, breakLength: Infinity, maxStringLength: 200, maxArrayLength: 20 });
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}

const MAX_SHOWN = 400;

/** As Jest and Vitest name their own. */
function matcherName(matcher: AsymmetricMatcher): string {
  const { toAsymmetricMatcher } = matcher as { toAsymmetricMatcher?: () => string };
  return typeof toAsymmetricMatcher === 'function'
    ? toAsymmetricMatcher.call(matcher)
    : 'what a matcher wants';
}

function isMatcher(pattern: unknown): pattern is AsymmetricMatcher {
  return (
    typeof pattern === 'object' &&
    pattern !== null &&
    typeof Reflect.get(pattern, 'asymmetricMatch') === 'function'
  );
}

/** An object literal, whichever realm it comes from. */
function isPlain(pattern: unknown): pattern is object {
  if (typeof pattern !== 'object' || pattern === null) return false;
  const prototype: unknown = Object.getPrototypeOf(pattern);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
