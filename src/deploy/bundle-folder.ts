import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BroadcastError } from '../base/errors.js';

export interface BundleFile {
  readonly name: string;
  readonly text: string;
}

const MANIFEST = { name: 'function', private: true, type: 'module' };

/** The runtime takes code for CommonJS without it (documented). */
const PACKAGE: BundleFile = { name: 'package.json', text: `${JSON.stringify(MANIFEST)}\n` };

/** The platform runs `npm ci` beside a `package.json` (documented), which fails without a lock file. */
const LOCK: BundleFile = {
  name: 'package-lock.json',
  text: `${JSON.stringify({ name: MANIFEST.name, lockfileVersion: 3, packages: { '': { name: MANIFEST.name } } })}\n`,
};

/** What earlier versions wrote. */
const OLD_PACKAGE = '{ "type": "module" }\n';

/** The last line of each `index.js` that a bundle consists of. */
const LAST_LINE = '//# sourceMappingURL=index.js.map\n';

/**
 * Writes `index.js` and its source map with the files that the platform wants beside them, and returns the
 * names of all. Rejects with `INVALID_OPTIONS`, before anything is written, when one of them exists and is
 * not from an earlier bundle.
 */
export async function writeBundle(folder: string, code: readonly BundleFile[]): Promise<string[]> {
  const files = [...code, PACKAGE, LOCK].sort((a, b) => a.name.localeCompare(b.name));
  for (const { name } of files) await refuseForeign(folder, name);
  await mkdir(folder, { recursive: true });
  for (const { name, text } of files) await writeFile(join(folder, name), text);
  return files.map(({ name }) => name);
}

async function refuseForeign(folder: string, name: string): Promise<void> {
  const present = await readFile(join(folder, name), 'utf8').catch((reason: unknown) => {
    if ((reason as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw reason;
  });
  if (present === undefined || isFromBundle(name, present)) return;
  const problem = `${join(folder, name)} is not from an earlier bundle, and would be overwritten`;
  throw new BroadcastError(
    'INVALID_OPTIONS',
    `${problem}: choose another folder for the bundle, such as build`,
  );
}

function isFromBundle(name: string, text: string): boolean {
  switch (name) {
    case 'package.json':
      return text === PACKAGE.text || text === OLD_PACKAGE;
    case 'package-lock.json':
      return text === LOCK.text;
    case 'index.js':
      return text.endsWith(LAST_LINE);
    default:
      // A source map goes with its index.js.
      return true;
  }
}
