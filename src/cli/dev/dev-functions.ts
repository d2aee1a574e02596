/** `--function d4e1=src/connect.ts` of `dev`. */
import { parseEntry, type CodeEntry } from '../../emulator/code/entry.js';
import { usageError } from '../command.js';
import type { ValueType } from '../flags/values.js';

/** The file behind a function that the specification names. */
export interface DevFunction {
  readonly id: string;
  readonly entry: CodeEntry;
}

export const functionFlag: ValueType<DevFunction> = {
  placeholder: '<id>=<file>',
  parse(given, name) {
    const at = given.indexOf('=');
    if (at < 1)
      throw usageError(`${name}: expected an id and a file such as d4e1=src/connect.ts, got '${given}'`);
    return { id: given.slice(0, at), entry: parseEntry(given.slice(at + 1)) };
  },
};
