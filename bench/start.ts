import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFunction } from '../src/deploy/function-bundle.js';
import { startOnce } from './cold.js';
import { thisMachine, type Machine } from './machine.js';
import { grouped, range } from './numbers.js';
import { progress } from './progress.js';
import type { Section } from './section.js';
import { rounded, spreadOf, type Spread } from './statistics.js';
import { left, right, type Table } from './table.js';

export interface ExampleStart {
  readonly name: string;
  readonly bundleBytes: number;
  /**
   * From the first line of a process to the handler of the imported bundle, in milliseconds, by version of
   * Node.js.
   */
  readonly readyMs: Readonly<Record<string, Spread>>;
}

export interface StartResult {
  readonly machine: Machine;
  readonly rounds: number;
  readonly examples: readonly ExampleStart[];
}

const EXAMPLES = ['chat', 'notifications', 'live-board'];

/**
 * What the functions find in the cloud. Nothing is asked of that database and that queue before the first
 * call.
 */
const ENVIRONMENT = {
  ORIGINS: 'https://example.org',
  YC_BROADCAST_YDB_ENDPOINT: 'https://docapi.serverless.yandexcloud.net/ru-central1/cloud/database',
  YC_BROADCAST_QUEUE_URL_LIVE: 'https://message-queue.api.cloud.yandex.net/cloud/id/live',
  YC_BROADCAST_QUEUE_ACCESS_KEY_ID: 'key',
  YC_BROADCAST_QUEUE_SECRET_ACCESS_KEY: 'secret',
  NOTIFY_SECRET: 'secret',
  OPERATOR_KEY: 'key',
};
const NOWHERE = { origin: 'https://localhost', port: 0 };

/**
 * What a cold start of the examples costs: their bundles, as `yc-broadcast bundle` makes them, imported until
 * ready.
 */
export const start: Section<StartResult> = {
  async measure({ root, rounds, isQuick, nodes = [process.execPath] }) {
    const directory = await mkdtemp(join(tmpdir(), 'bench-start-'));
    // Short and noisy: many more rounds.
    const runs = isQuick ? rounds : rounds * 5;
    try {
      const examples: ExampleStart[] = [];
      for (const name of EXAMPLES) {
        progress(`start: ${name}`);
        const outDir = join(directory, name);
        const { bytes } = await bundleFunction({ file: join(root, 'examples', name, 'handler.ts'), outDir });
        const readyMs = await timesOf(join(outDir, 'index.js'), nodes, runs);
        examples.push({ name, bundleBytes: bytes, readyMs });
      }
      return { machine: thisMachine(), rounds: runs, examples };
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
  tables: (result) => [table(result)],
};

async function timesOf(
  module: string,
  nodes: readonly string[],
  rounds: number,
): Promise<Record<string, Spread>> {
  const times = new Map(nodes.map((node) => [versionOf(node), { node, ms: [] as number[] }]));
  for (let round = 0; round < rounds; round++) {
    for (const { node, ms } of times.values()) {
      const job = { module, target: NOWHERE, sends: 0 };
      ms.push((await startOnce(job, { ...process.env, ...ENVIRONMENT }, node)).importMs);
    }
  }
  return Object.fromEntries([...times].map(([version, { ms }]) => [version, rounded(spreadOf(ms))]));
}

function versionOf(node: string): string {
  return execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().replace(/^v/, '');
}

function table({ examples }: StartResult): Table {
  const versions = Object.keys(examples[0]?.readyMs ?? {});
  return {
    title: 'Start of the examples, as they are deployed',
    columns: [
      left('example'),
      right('KB'),
      ...versions.flatMap((version) => [right(`ms, Node ${version}`), right('min–max')]),
    ],
    rows: examples.map(({ name, bundleBytes, readyMs }) => [
      name,
      grouped(bundleBytes / 1000),
      ...versions.flatMap((version) => {
        const spread = readyMs[version] ?? spreadOf([]);
        return [grouped(spread.median), range(spread)];
      }),
    ]),
    notes: ['From the first line of a process until the bundle is imported and its handler is there.'],
  };
}
