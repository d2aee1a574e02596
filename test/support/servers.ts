import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Where a program is that some tests need, or `undefined` after a line that says how to get it, for tests to
 * be skipped. With `YC_BROADCAST_REQUIRE_SERVERS=1`, as in CI, a missing program throws: there nothing is
 * skipped.
 */
export function requireProgram(name: string, install: string): string | undefined {
  const found = pathTo(name);
  if (found === undefined) missingProgram(name, install);
  return found;
}

/** Says that something is not installed; throws where nothing may be skipped. */
export function missingProgram(name: string, install: string): void {
  skipOrFail(`${name} is not installed; to run these tests: ${install}`);
}

/** Says why tests are skipped and how to run them; throws where nothing may be skipped. */
export function skipOrFail(remedy: string): void {
  if (process.env['YC_BROADCAST_REQUIRE_SERVERS'] === '1') throw new Error(remedy);
  process.stderr.write(`SKIPPED: ${remedy}\n`);
}

function pathTo(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
