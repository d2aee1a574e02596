import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, formatMessages, type BuildFailure } from 'esbuild';
import { CliError } from './command.js';
import type { Entry } from './entry.js';

/** What a module exports, by name; of a CommonJS module, the members of `module.exports`. */
export type Exports = Readonly<Record<string, unknown>>;

/**
 * Compiles a file and everything of the project that it imports, and loads it. Packages are not bundled: they are found
 * from the project's folder, as they would be without us.
 *
 * Rejects with a {@link CliError} that says what is wrong with the user's code.
 */
export async function loadModule({ file, written }: Entry): Promise<Exports> {
  const folder = join(projectFolder(file), '.yc-broadcast');
  const compiled = join(folder, `${basename(file)}-${process.pid}.mjs`);
  await compile(file, written, folder, compiled);
  process.setSourceMapsEnabled(true);
  try {
    return namedExports((await import(pathToFileURL(compiled).href)) as Exports);
  } catch (reason) {
    throw new CliError(`${written} fails when it is loaded:\n${describe(reason)}`);
  } finally {
    rmSync(compiled, { force: true });
  }
}

/** The nearest folder upwards with a package.json, which is where packages are looked for. */
function projectFolder(file: string): string {
  let folder = dirname(file);
  while (!existsSync(join(folder, 'package.json'))) {
    if (dirname(folder) === folder) return dirname(file);
    folder = dirname(folder);
  }
  return folder;
}

async function compile(file: string, written: string, folder: string, outfile: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  try {
    await build({
      entryPoints: [file],
      outfile,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline',
      logLevel: 'silent',
    });
  } catch (reason) {
    throw new CliError(`${written} cannot be compiled:\n${await describeBuild(reason)}`);
  }
}

async function describeBuild(reason: unknown): Promise<string> {
  const errors = (reason as Partial<BuildFailure>).errors;
  if (errors === undefined) return describe(reason);
  return (await formatMessages(errors, { kind: 'error', terminalWidth: 80 })).join('').trimEnd();
}

function describe(reason: unknown): string {
  return reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
}

function namedExports(module: Exports): Exports {
  const fallback = module['default'];
  return typeof fallback === 'object' && fallback !== null ? { ...fallback, ...module } : module;
}

/** Names of the exports, for the message that the wanted one is not among them. */
export function exportedNames(exports: Exports): string {
  const names = Object.keys(exports).filter((name) => name !== 'default' && name !== 'module.exports');
  return names.length === 0 ? 'nothing' : names.join(', ');
}
