import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFunction } from '../../deploy/function-bundle.js';
import { zip } from '../../deploy/zip.js';
import { probeFile } from '../run/local.js';

/** The archive of the probe function. */
export async function probeArchive({ withLock }: { readonly withLock: boolean }): Promise<Buffer> {
  const outDir = await mkdtemp(join(tmpdir(), 'yc-broadcast-conformance-'));
  try {
    const { files } = await bundleFunction({ file: probeFile(), outDir });
    const wanted = files.filter((name) => withLock || name !== 'package-lock.json');
    return zip(
      await Promise.all(wanted.map(async (name) => ({ name, content: await readFile(join(outDir, name)) }))),
    );
  } finally {
    await rm(outDir, { recursive: true, force: true });
  }
}
