import { once } from 'node:events';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { chosen, STARTERS, type ClientEntry } from './clients/table.js';
import type { ColdJob, ColdStart } from './cold-worker.js';
import { thisMachine, type Machine } from './machine.js';
import { grouped, range, times } from './numbers.js';
import { collectText, start } from './processes.js';
import { progress } from './progress.js';
import type { Section } from './section.js';
import { startBench, type Bench, type ServerKind } from './server/server.js';
import { rounded, spreadOf, type Spread } from './statistics.js';
import { left, right, type Table } from './table.js';

export interface ColdRow {
  readonly name: string;
  readonly label: string;
  readonly isOurs: boolean;
  /** From the start of main; milliseconds. */
  readonly importMs: Spread;
  readonly doneMs: Spread;
  /** From the start of the process. */
  readonly sinceStartMs: Spread;
  readonly cpuMs: Spread;
  readonly peakRssMb: number;
}

export interface ColdResult {
  readonly machine: Machine;
  readonly server: ServerKind;
  readonly sends: number;
  readonly rounds: number;
  readonly bundled: readonly ColdRow[];
  /** As files of `node_modules`, hundreds of them for some. */
  readonly unbundled: readonly ColdRow[];
  /** Minified, in bytes, by client. */
  readonly bundleBytes: Readonly<Record<string, number>>;
  /** Everything that an app needs, `createApp` and the default transport with it: imported, nothing sent. */
  readonly core: { readonly importMs: Spread; readonly bundleBytes: number };
}

const SENDS = 100;

/** What is measured one after the other: a client, as files or as one file. */
interface Candidate {
  readonly name: string;
  readonly label: string;
  readonly isOurs: boolean;
  readonly module: string;
  readonly sends: number;
}

/** From the start of the main module to the answer of the hundredth send. */
export const cold = {
  async measure({ rounds, isQuick, clients, server }) {
    const bench = await startBench(server);
    const starters = chosen(STARTERS, clients);
    try {
      const unbundled = starters.map((entry) => candidate(entry, moduleOf(entry.name)));
      const bundled: Candidate[] = [];
      for (const entry of starters) {
        progress(`bundling ${entry.label}`);
        bundled.push(...(await bundlesOf(entry, bench.directory)));
      }
      const core = await bundledCore(bench.directory);
      // Short and noisy: twice the rounds.
      const runs = isQuick ? rounds : rounds * 2;
      const starts = await measureAll(bench, [...bundled, ...unbundled, core], runs);
      const rowsOf = (candidates: Candidate[]): ColdRow[] =>
        candidates.map((one) => rowOf(one, starts.get(one) ?? []));
      return {
        machine: thisMachine(),
        server: bench.server.name,
        sends: SENDS,
        rounds: runs,
        bundled: rowsOf(bundled),
        unbundled: rowsOf(unbundled),
        bundleBytes: Object.fromEntries(
          await Promise.all(bundled.map(async ({ name, module }) => [name, await sizeOf(module)] as const)),
        ),
        core: {
          importMs: rowOf(core, starts.get(core) ?? []).importMs,
          bundleBytes: await sizeOf(core.module),
        },
      };
    } finally {
      await bench.close();
    }
  },
  tables: ({ bundled, unbundled, bundleBytes, core, server }) => [
    coldTable(`Cold, bundled and minified, server: ${server}`, bundled, bundleBytes, [
      'Milliseconds from the start of main; "100 sent" is when the last answer was in.',
      `createApp and createBroadcaster with the default transport: ${grouped(core.bundleBytes / 1000)} KB ` +
        `minified, imported in ${grouped(core.importMs.median)} ms.`,
    ]),
    coldTable('Cold, as installed', unbundled, {}, []),
  ],
  chart: ({ bundled, bundleBytes, sends }) => ({
    title: `Cold start to ${sends} sends answered, bundled, in ms (less is better)`,
    bars: [...bundled]
      .sort((a, b) => a.doneMs.median - b.doneMs.median)
      .map(({ name, label, doneMs, isOurs }) => ({
        label,
        value: doneMs.median,
        text: `${grouped(doneMs.median)} ms · ${grouped((bundleBytes[name] ?? NaN) / 1000)} KB`,
        isOurs,
      })),
  }),
} satisfies Section<ColdResult>;

function moduleOf(name: string): string {
  return new URL(`clients/${name}.js`, import.meta.url).pathname;
}

function candidate({ name, label, kind }: ClientEntry, module: string): Candidate {
  return { name, label, isOurs: kind === 'ours', module, sends: SENDS };
}

/**
 * As ES modules; the SDK as CommonJS too, since that is what esbuild makes of it unless it is told otherwise.
 */
async function bundlesOf(entry: ClientEntry, directory: string): Promise<Candidate[]> {
  const file = join(directory, entry.name);
  const modules = candidate(entry, await bundle(moduleOf(entry.name), `${file}.mjs`));
  if (entry.kind !== 'sdk') return [modules];
  const name = `${entry.name}-cjs`;
  const label = `${entry.label.replace('official ', '')}, CommonJS`;
  return [modules, candidate({ ...entry, name, label }, await bundle(moduleOf(entry.name), `${file}.cjs`))];
}

/** Clients that are CommonJS ask for Node's modules by `require`, which ES modules do not have. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/**
 * Bundles as a function's code is: as CommonJS if the file's name ends so, else as ES modules, which Node.js
 * imports in half the time. What is `external` stays outside. Returns the file.
 */
export async function bundle(
  entry: string,
  outfile: string,
  external: readonly string[] = [],
): Promise<string> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    ...(outfile.endsWith('.cjs') ? { format: 'cjs' } : { format: 'esm', banner: { js: REQUIRE } }),
    logLevel: 'error',
    // Optional tracing, loaded by the SDK only when it is asked for.
    external: ['nice-grpc-opentelemetry', ...external],
  });
  return outfile;
}

async function bundledCore(directory: string): Promise<Candidate> {
  const entry = new URL('core-entry.mjs', import.meta.url).pathname;
  await writeFile(entry, "export { createApp, createBroadcaster } from 'yc-broadcast';\n");
  const module = await bundle(entry, join(directory, 'core.mjs'));
  return { name: 'core', label: 'core', isOurs: true, module, sends: 0 };
}

export async function sizeOf(file: string): Promise<number> {
  return (await stat(file)).size;
}

async function measureAll(
  { server, env }: Bench,
  candidates: readonly Candidate[],
  rounds: number,
): Promise<Map<Candidate, ColdStart[]>> {
  const { port } = server;
  const target = { origin: `https://localhost:${port}`, port };
  const starts = new Map<Candidate, ColdStart[]>(candidates.map((one) => [one, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const one of candidates) {
      progress(`cold start, round ${round} of ${rounds}: ${one.label}`);
      const result = await startOnce({ module: one.module, target, sends: one.sends }, env);
      if (result.accepted !== one.sends)
        throw new Error(`${one.label}: ${result.accepted} of ${one.sends} sends were accepted`);
      starts.get(one)?.push(result);
    }
  }
  return starts;
}

/** Imports the module in a process of its own, and sends what the job asks for. */
export async function startOnce(
  job: ColdJob,
  env: NodeJS.ProcessEnv,
  node: string = process.execPath,
): Promise<ColdStart> {
  const worker = new URL('cold-worker.js', import.meta.url).pathname;
  const child = start('client', node, [worker, JSON.stringify(job)], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const complaints = collectText(child);
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${job.module} ended with ${String(code)}: ${complaints()}`);
  return JSON.parse(text) as ColdStart;
}

function rowOf({ name, label, isOurs }: Candidate, starts: readonly ColdStart[]): ColdRow {
  const spread = (of: (start: ColdStart) => number): Spread => rounded(spreadOf(starts.map(of)));
  return {
    name,
    label,
    isOurs,
    importMs: spread(({ importMs }) => importMs),
    doneMs: spread(({ doneMs }) => doneMs),
    sinceStartMs: spread(({ sinceStartMs }) => sinceStartMs),
    cpuMs: spread(({ cpuMs }) => cpuMs),
    peakRssMb: spread(({ peakRssBytes }) => peakRssBytes / 1e6).median,
  };
}

function coldTable(
  title: string,
  rows: readonly ColdRow[],
  bundleBytes: ColdResult['bundleBytes'],
  notes: readonly string[],
): Table {
  const ours = rows.find(({ isOurs }) => isOurs)?.doneMs.median ?? NaN;
  return {
    title,
    columns: [
      left('client'),
      right('import'),
      right('100 sent'),
      right('min–max'),
      right('× ours'),
      right('CPU ms'),
      right('RSS MB'),
      right('KB'),
    ],
    rows: rows.map((row) => [
      row.label,
      grouped(row.importMs.median),
      grouped(row.doneMs.median),
      range(row.doneMs),
      times(row.doneMs.median / ours),
      grouped(row.cpuMs.median),
      grouped(row.peakRssMb),
      grouped((bundleBytes[row.name] ?? NaN) / 1000),
    ]),
    notes,
  };
}
