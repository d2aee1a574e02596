import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BuildFailure, BuildOptions } from 'esbuild';
import { BroadcastError } from '../../base/errors.js';
import type { Entry } from './entry.js';

/**
 * How a function's file and everything of the project that it imports become one module. Packages are not bundled: they
 * are found from the project's folder, as they would be without us.
 */
export function compilerSettings({ file }: Entry) {
  return {
    entryPoints: [file],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'silent',
  } as const satisfies BuildOptions;
}

/** Where compiled code stands while it runs: inside the project, so that its packages are found. */
export function outputFolder({ file }: Entry): string {
  const folder = join(projectFolder(file), '.yc-broadcast');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The nearest folder upwards with a package.json, which is where packages are looked for. */
export function projectFolder(file: string): string {
  let folder = dirname(file);
  while (!existsSync(join(folder, 'package.json'))) {
    if (dirname(folder) === folder) return dirname(file);
    folder = dirname(folder);
  }
  return folder;
}

/** What the compiler complains of, with the lines of the source. */
export async function compileError({ written }: Entry, reason: unknown): Promise<BroadcastError> {
  return new BroadcastError('INVALID_OPTIONS', `${written} cannot be compiled:\n${await describe(reason)}`, {
    cause: reason,
  });
}

async function describe(reason: unknown): Promise<string> {
  const errors = (reason as Partial<BuildFailure>).errors;
  if (errors === undefined) return reason instanceof Error ? reason.message : String(reason);
  const { formatMessages } = await import('esbuild');
  return (await formatMessages(errors, { kind: 'error', terminalWidth: 80 })).join('').trimEnd();
}
