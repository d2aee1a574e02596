import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What the preload has to know. */
export interface PreloadSettings {
  /** Ports of this machine by the addresses, `host:port`, that they stand for. */
  readonly ports: Readonly<Record<string, number>>;
  /** PEM of the authority to trust there. */
  readonly ca: string;
}

/**
 * The preload of one gateway as one module, with its settings in it. Works from the TypeScript sources too.
 */
export async function preloadProgram(settings: PreloadSettings): Promise<string> {
  const { build } = await import('esbuild');
  const compiled = fileURLToPath(new URL('./preload.js', import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [existsSync(compiled) ? compiled : compiled.replace(/\.js$/, '.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    define: { SETTINGS: JSON.stringify(settings) },
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
