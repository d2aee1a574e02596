import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';

/** The variables of the files that exist; a later file wins over an earlier one. */
export function readEnvFiles(folder: string, names: readonly string[]): Record<string, string> {
  const files = names.map((name) => resolve(folder, name)).filter((file) => existsSync(file));
  return Object.assign({}, ...files.map((file) => parseEnv(readFileSync(file, 'utf8')))) as Record<
    string,
    string
  >;
}
