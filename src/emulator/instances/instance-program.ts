import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

let program: Promise<string> | undefined;

/**
 * What runs in a worker before the user's code, as one script. It is bundled on the spot: one file is read faster than
 * a dozen modules at every cold start, and it works the same when this library runs from its TypeScript sources.
 */
export function instanceProgram(): Promise<string> {
  return (program ??= bundle());
}

async function bundle(): Promise<string> {
  const { build } = await import('esbuild');
  const compiled = fileURLToPath(new URL('./worker/main.js', import.meta.url));
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
