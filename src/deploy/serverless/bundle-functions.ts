import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { missingExport } from '../../emulator/code/exports.js';
import { bundleFunction, type BundleOptions } from '../function-bundle.js';
import { zip } from '../zip.js';
import { BroadcastError } from '../../base/errors.js';
import type { Serverless, ServerlessFunction } from './framework.js';
import { bundleOf } from './settings.js';

export interface PackedFunction {
  readonly name: string;
  /** Of the archive, which is what is uploaded. */
  readonly bytes: number;
}

/**
 * Bundles the functions that ask for it, each into an archive of its own, and tells the framework that there
 * is nothing left to pack. The handler is from then on the one in the archive. Throws `INVALID_OPTIONS` when
 * there is no such handler.
 */
export async function bundleFunctions({ service, serviceDir }: Serverless): Promise<PackedFunction[]> {
  const packed: PackedFunction[] = [];
  for (const [key, definition] of Object.entries(service.functions)) {
    const bundle = bundleOf(key, definition);
    if (bundle === undefined) continue;
    const { file, exportName } = findHandler(key, definition, serviceDir);
    const outDir = join(serviceDir, '.serverless', key);
    const { external } = bundle;
    const { files, exports } = await bundleOrExplain(key, { file, exportName, outDir, external });
    if (!exports.includes(exportName)) throw invalid(key, missingExport(file, exportName, exports));
    const artifact = join(serviceDir, '.serverless', `${key}.zip`);
    const archive = zip(
      await Promise.all(files.map(async (name) => ({ name, content: await readFile(join(outDir, name)) }))),
    );
    await writeFile(artifact, archive);
    definition.handler = `index.${exportName}`;
    definition.package = { ...definition.package, artifact };
    packed.push({ name: key, bytes: archive.length });
  }
  // Otherwise the provider's plugin takes one archive for all functions.
  if (packed.length > 0) service.package = { ...service.package, individually: true };
  return packed;
}

const EXTENSIONS = ['.ts', '.mts', '.tsx', '.js', '.mjs', '.cjs'];

/** `src/handler.handler`: a file without its extension, and what it exports. */
function findHandler(key: string, { handler = '' }: ServerlessFunction, serviceDir: string) {
  const dot = handler.lastIndexOf('.');
  const path = resolve(serviceDir, handler.slice(0, Math.max(0, dot)));
  const file = EXTENSIONS.map((extension) => path + extension).find((candidate) => existsSync(candidate));
  if (dot > 0 && file !== undefined) return { file, exportName: handler.slice(dot + 1) };
  throw invalid(key, `expected <file>.<export> with a file in ${serviceDir}, not '${handler}'`);
}

async function bundleOrExplain(key: string, options: BundleOptions) {
  try {
    return await bundleFunction(options);
  } catch (cause) {
    throw invalid(key, (cause as Error).message, cause);
  }
}

function invalid(key: string, problem: string, cause?: unknown): BroadcastError {
  return new BroadcastError('INVALID_OPTIONS', `functions.${key}.handler: ${problem}`, { cause });
}
