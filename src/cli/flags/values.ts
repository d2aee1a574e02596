/** What the values of flags look like, and how they are read. */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseDuration } from '../../emulator/clock.js';
import { CliError, usageError } from '../command.js';

export interface ValueType<T> {
  /** In the help, such as `<time>`. */
  readonly placeholder: string;
  /** @param name The flag, for messages. */
  parse(text: string, name: string): T;
}

export function text(placeholder: string): ValueType<string> {
  return { placeholder, parse: (given) => given };
}

export function wholeNumber(placeholder = '<n>', what = 'a whole number'): ValueType<number> {
  return {
    placeholder,
    parse(given, name) {
      if (!/^\d+$/.test(given)) throw usageError(`${name}: expected ${what}, got '${given}'`);
      return Number(given);
    },
  };
}

export const port: ValueType<number> = {
  placeholder: '<port>',
  parse(given, name) {
    const number = wholeNumber().parse(given, name);
    if (number > 65_535) throw usageError(`${name}: expected a port from 0 to 65535, got '${given}'`);
    return number;
  },
};

export const duration: ValueType<number> = {
  placeholder: '<time>',
  parse(given, name) {
    const ms = parseDuration(given);
    if (ms === undefined)
      throw usageError(`${name}: expected a time such as 500ms, 10s or 1m, got '${given}'`);
    return ms;
  },
};

/** A time, or `off`. */
export const durationOrOff: ValueType<number | 'off'> = {
  placeholder: '<time>',
  parse: (given, name) => (given === 'off' ? 'off' : duration.parse(given, name)),
};

export const range: ValueType<{ readonly min: number; readonly max: number }> = {
  placeholder: '<n-m>',
  parse(given, name) {
    const [, min, max = min] = /^(\d+)(?:-(\d+))?$/.exec(given) ?? [];
    if (min === undefined)
      throw usageError(`${name}: expected a number or a range such as 2-4, got '${given}'`);
    return { min: Number(min), max: Number(max) };
  },
};

export function oneOf<const T extends string>(placeholder: string, choices: readonly T[]): ValueType<T> {
  return {
    placeholder,
    parse(given, name) {
      const found = choices.find((choice) => choice === given);
      if (found !== undefined) return found;
      const listed = choices.length === 2 ? choices.join(' or ') : choices.join(', ');
      throw usageError(`${name}: expected ${listed}, got '${given}'`);
    },
  };
}

export const format = oneOf('<format>', ['text', 'json']);

export const folder: ValueType<string> = {
  placeholder: '<folder>',
  parse(given, name) {
    const full = resolve(given);
    if (existsSync(full) && statSync(full).isDirectory()) return full;
    throw new CliError(`${name}: there is no folder '${given}'`);
  },
};
