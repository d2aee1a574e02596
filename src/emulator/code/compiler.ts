import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BuildFailure, BuildOptions } from 'esbuild';
import { BroadcastError } from '../../base/errors.js';
import type { CodeEntry } from './entry.js';
import { ownPlace } from './own-place.js';

/**
 * What `dev` and `bundle` have in common, so that the one takes what the other takes: a function's file,
 * everything of the project that it imports, and its packages become one module.
 */
export const MODULE_SETTINGS = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  logLevel: 'silent',
} as const satisfies BuildOptions;

/**
 * CommonJS code in a bundle asks for Node's own modules by it. It imports nothing, since the code may import
 * the same name.
 */
export const REQUIRE_BANNER =
  "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);";

/** How a function is compiled to run here. */
export function compilerSettings({ file }: CodeEntry) {
  return {
    ...MODULE_SETTINGS,
    entryPoints: [file],
    banner: { js: REQUIRE_BANNER },
    plugins: [ownPlace()],
    target: 'node20',
    // The gateway keeps it; an instance that had it in its file would hold it in its memory, twice the size
    // of the code.
    sourcemap: 'external',
    // Stacks show lines, not code.
    sourcesContent: false,
  } satisfies BuildOptions;
}

/** Where compiled code stands while it runs: inside the project, so that its packages are found. */
export function outputFolder({ file }: Pick<CodeEntry, 'file'>): string {
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
export async function compileError({ written }: CodeEntry, reason: unknown): Promise<BroadcastError> {
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
