import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle, sizeOf, startOnce } from '../cold.js';
import { progress } from '../progress.js';
import { rounded, spreadOf, type Spread } from '../statistics.js';
import type { StoreName } from './contenders.js';

/** What loading costs, bundled and minified. */
export interface LoadCost {
  readonly importMs: Spread;
  readonly bundleBytes: number;
}

export interface AdapterCost {
  readonly store: StoreName;
  /** The store alone, until its first call. */
  readonly alone: LoadCost;
  /** The package that it loads with the first call, if any, and what both cost. */
  readonly client?: { readonly package: string; readonly both: LoadCost };
}

interface Adapter {
  readonly store: StoreName;
  readonly factory: string;
  readonly client?: string;
  /** Parts of the client that it can do without. */
  readonly optional?: readonly string[];
}

const ADAPTERS: readonly Adapter[] = [
  { store: 'memory', factory: 'memoryStore' },
  { store: 'redis', factory: 'redisStore', client: 'ioredis' },
  { store: 'postgres', factory: 'postgresStore', client: 'pg', optional: ['pg-native'] },
  { store: 'ydb', factory: 'ydbStore' },
];

/** Nothing is sent. */
const NOWHERE = { origin: 'https://localhost', port: 0 };

/** How long each store takes to import and how large it is, without and with its client. */
export async function measureAdapters(rounds: number): Promise<AdapterCost[]> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-stores-'));
  try {
    const costs: AdapterCost[] = [];
    for (const adapter of ADAPTERS) {
      progress(`stores, importing ${adapter.store}`);
      costs.push(await costOf(adapter, directory, rounds));
    }
    return costs;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function costOf(
  { store, factory, client, optional = [] }: Adapter,
  directory: string,
  rounds: number,
): Promise<AdapterCost> {
  const code = `export { ${factory} } from 'yc-broadcast/stores/${store}';\n`;
  const external = client === undefined ? [] : [client];
  const alone = await load({ code, name: store, external }, directory, rounds);
  if (client === undefined) return { store, alone };
  const both = await load(
    { code: `${code}export * as client from '${client}';\n`, name: `${store}-client`, external: optional },
    directory,
    rounds,
  );
  return { store, alone, client: { package: client, both } };
}

async function load(
  { code, name, external }: { code: string; name: string; external: readonly string[] },
  directory: string,
  rounds: number,
): Promise<LoadCost> {
  // Here, where `yc-broadcast` and the clients can be found.
  const entry = new URL(`${name}-entry.mjs`, import.meta.url).pathname;
  await writeFile(entry, code);
  const module = await bundle(entry, join(directory, `${name}.mjs`), external);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { importMs } = await startOnce({ module, target: NOWHERE, sends: 0 }, process.env);
    times.push(importMs);
  }
  return { importMs: rounded(spreadOf(times)), bundleBytes: await sizeOf(module) };
}
