import { basename, dirname } from 'node:path';
import { build, type BuildOptions, type Metafile } from 'esbuild';
import { MODULE_SETTINGS, REQUIRE_BANNER } from '../emulator/code/compiler.js';
import { writeBundle } from './bundle-folder.js';

export interface BundleOptions {
  /** The TypeScript or JavaScript file that exports the handler. */
  readonly file: string;
  /** What is called. Of a CommonJS file the bundle exports nothing else. @default 'handler' */
  readonly exportName?: string | undefined;
  /**
   * Where the archive's content is written. Files in it that are not from an earlier bundle are never
   * overwritten.
   */
  readonly outDir: string;
  /** Packages that stay outside: a bundle that asks for one of them fails when it does. */
  readonly external?: readonly string[] | undefined;
}

/** What was made, and what is in it. */
export interface FunctionBundle {
  /** As they were written, relative to `outDir`. */
  readonly files: readonly string[];
  /** Of the code, without its source map. */
  readonly bytes: number;
  /** Names that can follow the dot in a function's entry point. */
  readonly exports: readonly string[];
  /** Bytes by package, the largest first; `.` is the project itself. */
  readonly parts: readonly BundlePart[];
}

export interface BundlePart {
  readonly name: string;
  readonly bytes: number;
}

/**
 * Bundles a function as one minified file of ES modules with its source map, and a `package.json` that says
 * so, without which the runtime takes it for CommonJS (documented). What lies in `outDir` is the archive's
 * content. Rejects with esbuild's `BuildFailure`, and with `INVALID_OPTIONS` when `outDir` has a file of that
 * name that is not from a bundle.
 */
export async function bundleFunction({
  file,
  exportName = 'handler',
  outDir,
  external,
}: BundleOptions): Promise<FunctionBundle> {
  let options: Options = buildOptions(file, external ?? []);
  let built = await build(options);
  // The runtime looks for named exports; a bundle of CommonJS would only have a default one.
  if (isCommonJs(built.metafile)) built = await build((options = { ...options, ...named(file, exportName) }));
  // Only those who need it get a `require`: what is CommonJS asks for Node's own modules by it.
  if (hasCommonJs(built.metafile)) built = await build({ ...options, banner: { js: REQUIRE_BANNER } });
  const code = built.outputFiles.map(({ path, text }) => ({ name: basename(path), text }));
  const files = await writeBundle(outDir, code);
  const output = Object.values(built.metafile.outputs).find(({ entryPoint }) => entryPoint !== undefined);
  return {
    files,
    bytes: output?.bytes ?? 0,
    exports: output?.exports ?? [],
    parts: partsOf(output),
  };
}

function buildOptions(file: string, external: readonly string[]) {
  return {
    ...MODULE_SETTINGS,
    entryPoints: { index: file },
    // Nothing is written there: names are taken from it.
    outdir: 'out',
    minify: true,
    sourcemap: 'linked',
    sourcesContent: false,
    target: 'node22',
    external: [...external],
    // As bundlers do: what a program does on a laptop only is left out, and what it imports for that.
    define: { 'process.env.NODE_ENV': '"production"' },
    write: false,
    metafile: true,
  } as const satisfies BuildOptions;
}

type Options = BuildOptions & { readonly write: false; readonly metafile: true };

/** Instead of the file itself, a module that passes on one of its exports. */
function named(file: string, exportName: string) {
  const contents = `export { ${exportName} } from ${JSON.stringify(`./${basename(file)}`)};`;
  return { entryPoints: [], entryNames: 'index', stdin: { contents, resolveDir: dirname(file) } };
}

function isCommonJs({ inputs, outputs }: Metafile): boolean {
  return Object.values(outputs).some(
    ({ entryPoint }) => entryPoint !== undefined && inputs[entryPoint]?.format === 'cjs',
  );
}

function hasCommonJs({ inputs }: Metafile): boolean {
  return Object.values(inputs).some(({ format }) => format === 'cjs');
}

function partsOf(output: Metafile['outputs'][string] | undefined): BundlePart[] {
  const sizes = new Map<string, number>();
  for (const [input, { bytesInOutput }] of Object.entries(output?.inputs ?? {})) {
    const name = packageOf(input);
    sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
  }
  return [...sizes].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes);
}

/** The innermost package, since packages may lie in the folders of others. */
function packageOf(input: string): string {
  const inside = input.split('node_modules/').at(-1);
  const name = inside === input ? undefined : /^(?:@[^/]+\/)?[^/]+/.exec(inside ?? '')?.[0];
  return name ?? '.';
}
