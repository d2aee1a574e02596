import { readFile, writeFile } from 'node:fs/promises';
import { parseProfile } from '../../conformance/index.js';
import type { Profile } from '../../emulator/index.js';
import { CliError } from '../command.js';

/** Where `run --url` writes what it has seen, unless it is told another place. */
export const PROFILE_FILE = 'conformance-profile.json';

export async function readProfile(file: string): Promise<Profile>;
export async function readProfile(file: string, missing: 'may be missing'): Promise<Profile | undefined>;
export async function readProfile(file: string, missing?: 'may be missing'): Promise<Profile | undefined> {
  const text = await readFile(file, 'utf8').catch((reason: unknown) => {
    const { code } = Object(reason) as { readonly code?: unknown };
    if (code !== 'ENOENT') throw new CliError(`${file} cannot be read (${String(code)})`);
    if (missing !== undefined) return undefined;
    throw new CliError(`there is no ${file}; yc-broadcast conformance run --url … writes it`);
  });
  return text === undefined ? undefined : parseProfile(text, file);
}

export async function writeProfile(file: string, profile: Profile): Promise<void> {
  await writeFile(file, `${JSON.stringify(profile, undefined, 2)}\n`);
}
