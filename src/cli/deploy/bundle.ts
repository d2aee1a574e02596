import { resolve } from 'node:path';
import { formatMessages, type BuildFailure } from 'esbuild';
import { bundleFunction, type BundlePart, type FunctionBundle } from '../../deploy/function-bundle.js';
import { CliError, usageError, type Command } from '../command.js';
import { flagsHelp, many, one, parseFlags } from '../flags/flags.js';
import { text } from '../flags/values.js';
import { parseEntry, type CodeEntry } from '../../emulator/code/entry.js';
import { missingExport } from '../../emulator/code/exports.js';

const FLAGS = {
  out: one(
    text('<folder>'),
    'output folder; files that are not from an earlier bundle are never overwritten (default build)',
  ),
  external: many(text('<name>'), 'leave out a package that the function does not need'),
};

const HELP = `yc-broadcast bundle <entry>: build the bundle to deploy

Writes the content of the function's archive: index.js, minified, its source
map, a package.json that marks it as an ES module, and a lock file. The bundle
contains all dependencies. process.env.NODE_ENV is 'production' in it, and code
that this rules out is removed.

  <entry>             file.ts or file.ts#export
                                                       (default export: handler)
${flagsHelp(FLAGS)}

Examples
  yc-broadcast bundle src/handler.ts
  yc-broadcast bundle src/handler.ts --external pg --external ioredis
  cd build && zip ../function.zip *
`;

export const bundle: Command = {
  help: HELP,
  async run(args) {
    const { entry, out, external } = parseBundleOptions(args);
    const name = entry.exportName ?? 'handler';
    const bundled = await bundleOrExplain(entry, name, resolve(out), external);
    if (!bundled.exports.includes(name))
      throw new CliError(missingExport(entry.written, name, bundled.exports));
    process.stdout.write(report(bundled, out, name));
    return 0;
  },
};

function parseBundleOptions(args: readonly string[]) {
  const { flags, words } = parseFlags(FLAGS, args);
  const [written, ...more] = words;
  if (written === undefined || more.length > 0)
    throw usageError('missing <entry>; try: yc-broadcast bundle src/handler.ts');
  const { out = 'build', external = [] } = flags;
  return { entry: parseEntry(written), out, external };
}

async function bundleOrExplain(
  { file, written }: CodeEntry,
  exportName: string,
  outDir: string,
  external: readonly string[],
): Promise<FunctionBundle> {
  try {
    return await bundleFunction({ file, exportName, outDir, external });
  } catch (reason) {
    const { errors } = reason as Partial<BuildFailure>;
    if (errors === undefined) throw reason;
    const text = (await formatMessages(errors, { kind: 'error', terminalWidth: 80 })).join('').trimEnd();
    throw new CliError(`${written} cannot be bundled:\n${text}`);
  }
}

/** A package above it is worth a look: a cold start pays for every byte. */
const LARGE_BYTES = 100_000;
const SHOWN_PARTS = 6;

/** The project's own code and this library: what cannot be left out is nothing to be warned of. */
const NEEDED = new Set(['.', 'yc-broadcast']);

function report({ bytes, files, parts }: FunctionBundle, out: string, name: string): string {
  const width = Math.max(...parts.slice(0, SHOWN_PARTS).map((part) => part.name.length));
  const shown = parts.slice(0, SHOWN_PARTS).map((part) => `  ${part.name.padEnd(width)}  ${kilobytes(part)}`);
  const rest = parts.slice(SHOWN_PARTS).reduce((sum, part) => sum + part.bytes, 0);
  if (rest > 0) shown.push(`  ${'others'.padEnd(width)}  ${kilobytes({ name: 'others', bytes: rest })}`);
  return [
    `${out}/index.js  ${kilobytes({ name: '', bytes }).trim()}, with ${listed(files.slice(1))}`,
    ...shown,
    ...parts.filter(({ name: part, bytes: size }) => !NEEDED.has(part) && size > LARGE_BYTES).map(warning),
    `entry point: index.${name} (runtime nodejs22)`,
    '',
  ].join('\n');
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

function warning(part: BundlePart): string {
  return `warning: ${part.name} adds ${kilobytes(part).trim()}; every cold start loads it`;
}

function kilobytes({ bytes }: BundlePart): string {
  return `${(bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0).padStart(6)} KB`;
}
