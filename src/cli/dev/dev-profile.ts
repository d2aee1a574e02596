/** `--profile conformance-profile.json` of `dev`. */
import { readFileSync } from 'node:fs';
import { parseProfile } from '../../conformance/profile.js';
import type { Profile } from '../../emulator/index.js';
import { CliError } from '../command.js';
import type { ValueType } from '../flags/values.js';

export const profileFlag: ValueType<Profile> = {
  placeholder: '<file>',
  parse: (given, name) => parseProfile(textOf(given, name), given),
};

function textOf(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new CliError(`${name}: '${file}' cannot be read; conformance run --url writes such a file`);
  }
}
