import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { compileError, compilerSettings, outputFolder } from '../../emulator/code/compiler.js';
import type { CodeEntry } from '../../emulator/code/entry.js';
import { namedExports, type Exports } from '../../emulator/code/exports.js';
import { CliError } from '../command.js';

/**
 * Compiles a file and everything of the project that it imports, and loads it into this process.
 *
 * Rejects with an error that says what is wrong with the user's code.
 */
export async function loadModule(entry: CodeEntry): Promise<Exports> {
  const compiled = join(outputFolder(entry), `${basename(entry.file)}-${process.pid}.mjs`);
  await compile(entry, compiled);
  process.setSourceMapsEnabled(true);
  try {
    return namedExports((await import(pathToFileURL(compiled).href)) as Exports);
  } catch (reason) {
    const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
    throw new CliError(`${entry.written} failed to load:\n${text}`);
  } finally {
    rmSync(compiled, { force: true });
  }
}

async function compile(entry: CodeEntry, outfile: string): Promise<void> {
  try {
    // The library stays one: its errors are recognised by their class. Nobody but this process maps stacks
    // here.
    await build({ ...compilerSettings(entry), sourcemap: 'inline', external: ['yc-broadcast'], outfile });
  } catch (reason) {
    throw await compileError(entry, reason);
  }
}
