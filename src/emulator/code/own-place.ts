import { readFile, stat } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Loader, OnLoadResult, Plugin } from 'esbuild';

/**
 * Lets each module know its own place although it is compiled into one file elsewhere, so that it finds the
 * files beside it: `import.meta.url`, `.dirname` and `.filename`, and in CommonJS `__dirname` and
 * `__filename`, are those of its source. Compiled add-ons (`.node`) stay where they are.
 */
export function ownPlace(): Plugin {
  /**
   * Files of packages, by their path: they rarely change, and a reload must not read thousands of them again.
   */
  const packages = new Map<string, { readonly changedMs: number; readonly loaded: OnLoadResult }>();

  async function load(path: string): Promise<OnLoadResult | undefined> {
    if (!path.includes('/node_modules/')) return withPlace(path, await readFile(path, 'utf8'));
    const { mtimeMs: changedMs } = await stat(path);
    const known = packages.get(path);
    if (known?.changedMs === changedMs) return known.loaded;
    const text = await readFile(path, 'utf8');
    const { contents = text, loader = loaderOf(path) } = withPlace(path, text) ?? {};
    const loaded = { contents: `${String(contents)}\n${EMPTY_MAP}`, loader };
    packages.set(path, { changedMs, loaded });
    return loaded;
  }

  return {
    name: 'own-place',
    setup(build) {
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, ({ path }) => load(path));
      build.onResolve({ filter: /\.node$/ }, async ({ path, kind, pluginData, ...from }) => {
        if (pluginData === SEEN) return undefined;
        const found = await build.resolve(path, { kind, pluginData: SEEN, ...from });
        return found.errors.length > 0 ? undefined : { path: found.path, external: true };
      });
    },
  };
}

/** The code of packages has no place in the source map: it would be ten times as large. */
const EMPTY_MAP = `//# sourceMappingURL=data:application/json;base64,${Buffer.from(
  '{"version":3,"sources":[""],"mappings":"A"}',
).toString('base64')}`;

/** Keeps a resolution from asking itself. */
const SEEN = Symbol('seen');

/** `undefined` when the file does not ask where it is: esbuild loads it by itself then. */
function withPlace(path: string, text: string): OnLoadResult | undefined {
  const asksForUrl = /\bimport\.meta\.(?:url|dirname|filename)\b/.test(text);
  const asksForFolder = /\b__(?:dir|file)name\b/.test(text) && !declaresPlace(text);
  if (!asksForUrl && !asksForFolder) return undefined;
  const places = { url: pathToFileURL(path).href, dirname: dirname(path), filename: path };
  const known = text.replaceAll(
    /\bimport\.meta\.(url|dirname|filename)\b/g,
    (_all, name: keyof typeof places) => JSON.stringify(places[name]),
  );
  const header = `var __dirname = ${JSON.stringify(dirname(path))}, __filename = ${JSON.stringify(path)}; `;
  const contents = asksForFolder && !known.startsWith('#!') ? header + known : known;
  return { contents, loader: loaderOf(path) };
}

function declaresPlace(text: string): boolean {
  return /\b(?:const|let|var)\s+__(?:dir|file)name\b/.test(text);
}

function loaderOf(path: string): Loader {
  switch (extname(path)) {
    case '.ts':
    case '.mts':
    case '.cts':
      return 'ts';
    case '.tsx':
      return 'tsx';
    case '.jsx':
      return 'jsx';
    default:
      return 'js';
  }
}
