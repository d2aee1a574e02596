import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What runs in the process of an instance before the user's code. */
export interface InstanceProgram {
  readonly file: string;
  remove(): void;
}

let program: Promise<string> | undefined;

/**
 * Writes the program as one file. It is bundled on the spot: one file is read faster than a dozen modules at every cold
 * start, and it works the same when this library runs from its TypeScript sources.
 */
export async function writeInstanceProgram(): Promise<InstanceProgram> {
  const text = await (program ??= bundle());
  const folder = mkdtempSync(join(tmpdir(), 'yc-broadcast-'));
  const file = join(folder, 'instance.cjs');
  writeFileSync(file, text);
  return {
    file,
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function bundle(): Promise<string> {
  const { build } = await import('esbuild');
  const compiled = fileURLToPath(new URL('./program/main.js', import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [existsSync(compiled) ? compiled : compiled.replace(/\.js$/, '.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
