import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type BuildFailure, formatMessages } from 'esbuild';
import type { FunctionHandler } from '../emulator/index.js';
import { CliError } from './command.js';
import type { Entry } from './entry.js';

/**
 * Compiles an entry and everything of the project that it imports, loads it, and returns its handler. Packages are not
 * bundled: they are found from the project's folder, as they would be without us.
 *
 * Throws a {@link CliError} that says what is wrong with the user's code.
 */
export async function loadHandler(entry: Entry): Promise<FunctionHandler> {
  const folder = join(projectFolder(entry.file), '.yc-broadcast');
  const compiled = join(folder, `${basename(entry.file)}-${process.pid}.mjs`);
  await compile(entry, folder, compiled);
  process.setSourceMapsEnabled(true);
  let module: Record<string, unknown>;
  try {
    module = (await import(pathToFileURL(compiled).href)) as Record<string, unknown>;
  } catch (reason) {
    throw new CliError(`${entry.written} fails when it is loaded:\n${describe(reason)}`);
  } finally {
    rmSync(compiled, { force: true });
  }
  return handlerIn(module, entry);
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

async function compile(entry: Entry, folder: string, outfile: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  try {
    await build({
      entryPoints: [entry.file],
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
    throw new CliError(`${entry.written} cannot be compiled:\n${await describeBuild(reason)}`);
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

function handlerIn(module: Record<string, unknown>, { written, exportName }: Entry): FunctionHandler {
  const handler = memberOf(module, exportName) ?? memberOf(module['default'], exportName);
  if (typeof handler === 'function') return handler as FunctionHandler;
  const names = Object.keys(module);
  const exported = names.length === 0 ? 'nothing' : names.join(', ');
  const problem =
    handler === undefined
      ? `has no export '${exportName}'`
      : `exports '${exportName}', but it is no function`;
  throw new CliError(`${written} ${problem}; it exports ${exported}. Choose one with file#name`);
}

/** A CommonJS module arrives as the default export. */
function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (Reflect.get(value, name) as unknown) : undefined;
}
