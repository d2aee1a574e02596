import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAlive } from '../is-alive.js';

/** What runs in the process of an instance before the user's code. */
export interface InstanceProgram {
  readonly file: string;
  remove(): void;
}

let program: Promise<string> | undefined;

/**
 * Writes the program as one file. It is bundled on the spot: one file is read faster than a dozen modules at
 * every cold start, and it works the same when this library runs from its TypeScript sources.
 */
export async function writeInstanceProgram(): Promise<InstanceProgram> {
  const text = await (program ??= bundle());
  sweep();
  const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const file = join(folder, 'instance.cjs');
  writeFileSync(file, text);
  return {
    file,
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Containers can share the folder, and not the numbers of processes. */
const PREFIX = `yc-broadcast-${hostname()}-`;

/** Takes away what gateways that were killed have left behind. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, pid] = name.startsWith(PREFIX) ? (/^(\d+)-\w+$/.exec(name.slice(PREFIX.length)) ?? []) : [];
    if (pid === undefined || isAlive(Number(pid))) continue;
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    } catch {
      // Another user's: they will take it away themselves.
    }
  }
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
