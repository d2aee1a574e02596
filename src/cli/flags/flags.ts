/**
 * The flags of a command as one table: each entry says how a flag is written, read and explained, so that
 * parsing, help and types cannot disagree. What was not given is `undefined`: defaults are where the option
 * itself is.
 */
import { parseArgs } from 'node:util';
import { wrapped } from '../terminal/wrapped.js';
import type { ValueType } from './values.js';

/** @typeParam T What the command gets. */
export interface Flag<T> {
  readonly kind: 'switch' | 'value';
  /** In the help, such as `<time>`; empty for a switch. */
  readonly placeholder: string;
  readonly help: string;
  /** @param given All values, in their order. Throws a usage error that names the flag. */
  read(given: readonly string[], name: string): T;
}

export type FlagTable = Readonly<Record<string, Flag<unknown>>>;

export type FlagValues<F extends FlagTable> = {
  readonly [N in keyof F]: F[N] extends Flag<infer T> ? T : never;
};

/** A flag without a value. */
export function toggle(help: string): Flag<boolean> {
  return { kind: 'switch', placeholder: '', help, read: (given) => given.length > 0 };
}

/** A flag with a value; the last one counts. */
export function one<T>({ placeholder, parse }: ValueType<T>, help: string): Flag<T | undefined> {
  return {
    kind: 'value',
    placeholder,
    help,
    read(given, name) {
      const last = given.at(-1);
      return last === undefined ? undefined : parse(last, name);
    },
  };
}

/** A flag that may be repeated; `undefined` when it was not given at all. */
export function many<T>({ placeholder, parse }: ValueType<T>, help: string): Flag<readonly T[] | undefined> {
  return {
    kind: 'value',
    placeholder,
    help: `${help}; may be repeated`,
    read: (given, name) => (given.length === 0 ? undefined : given.map((text) => parse(text, name))),
  };
}

/** @param takesWords Whether the command has arguments beside its flags. */
export function parseFlags<const F extends FlagTable>(
  flags: F,
  args: readonly string[],
  takesWords = true,
): { readonly flags: FlagValues<F>; readonly words: readonly string[] } {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: takesWords,
    options: Object.fromEntries(
      Object.entries(flags).map(([name, { kind }]) => [
        name,
        { type: kind === 'switch' ? ('boolean' as const) : ('string' as const), multiple: true },
      ]),
    ),
  });
  const read = Object.entries(flags).map(([name, flag]) => {
    const given = values[name] as readonly (string | boolean)[] | undefined;
    return [name, flag.read((given ?? []).map(String), `--${name}`)];
  });
  return { flags: Object.fromEntries(read) as FlagValues<F>, words: positionals };
}

const COLUMNS = 80;
const WIDEST_LABEL = 20;

/** For `--help`: a line or more for each flag, within 80 columns. */
export function flagsHelp(flags: FlagTable): string {
  const labels = Object.entries(flags).map(([name, { placeholder }]) => `--${name} ${placeholder}`.trimEnd());
  const width = Math.max(...labels.map((label) => label.length).filter((length) => length <= WIDEST_LABEL));
  const indent = ' '.repeat(width + 4);
  return Object.values(flags)
    .map(({ help }, index) => {
      const label = labels[index] ?? '';
      const lines = wrapped(help, COLUMNS - indent.length);
      // A long label has a line to itself.
      const head = label.length > width ? `  ${label}\n${indent}` : `  ${label.padEnd(width)}  `;
      return head + lines.join(`\n${indent}`);
    })
    .join('\n');
}
