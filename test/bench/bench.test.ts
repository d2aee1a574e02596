/**
 * The bench runs, what it writes adds up, and the README says what was recorded. Nothing here depends on
 * time.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { barChart } from '../../bench/chart.js';
import { parseCommand } from '../../bench/command.js';
import { costOfChatHour, costOfMillion } from '../../bench/cost.js';
import {
  figuresOf,
  withCosts,
  withHttp2Figures,
  withFigures,
  withMeasured,
  withObserverFigures,
  withStoreFigures,
} from '../../bench/figures.js';
import { checkCounts, type LoadRow } from '../../bench/load.js';
import { loadNotes } from '../../bench/load-table.js';
import { grouped, range, times } from '../../bench/numbers.js';
import type { Summary } from '../../bench/results.js';
import { spreadOf, type Spread } from '../../bench/statistics.js';
import { OPERATION_NAMES } from '../../bench/stores/operations.js';
import type { StoresResult } from '../../bench/stores/result.js';
import { storesTables } from '../../bench/stores/tables.js';
import { startTripCounter } from '../../bench/stores/trip-counter.js';
import { left, markdown, plainText, right } from '../../bench/table.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const RUN_MS = 240_000;

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function runBench(...args: string[]): Promise<Outcome> {
  try {
    const output = await promisify(execFile)(process.execPath, [join(root, 'scripts/run-bench.js'), ...args]);
    return { code: 0, ...output };
  } catch (reason) {
    return reason as Outcome;
  }
}

async function summaryIn(directory: string): Promise<Summary> {
  return JSON.parse(await readFile(join(directory, 'summary.json'), 'utf8')) as Summary;
}

function expectOrdered({ min, median, max }: Spread): void {
  expect(min).toBeGreaterThan(0);
  expect(median).toBeGreaterThanOrEqual(min);
  expect(max).toBeGreaterThanOrEqual(median);
}

function expectToAddUp(row: LoadRow): void {
  expect(row.failed).toBe(0);
  expect(row.sends).toBeGreaterThan(0);
  // A broadcast on a busy machine retries; whoever does not retry is answered as often as it sent.
  if (row.name === 'broadcast') expect(row.answered).toBeGreaterThanOrEqual(row.sends);
  else expect(row.answered).toBe(row.sends);
  expectOrdered(row.sendsPerSecond);
  expectOrdered(row.cpuMicrosPerSend);
}

describe('a quick run', () => {
  let directory: string;
  let outcome: Outcome;
  let summary: Summary;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bench-test-'));
    const clients = 'broadcast,rest,sdk3';
    outcome = await runBench('--quick', '--server', 'node', '--clients', clients, '--out', directory);
    if (outcome.code !== 0) throw new Error(outcome.stderr);
    summary = await summaryIn(directory);
  }, RUN_MS);

  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('measures each client without and with latency, and counts what the server counts', () => {
    const runs = summary.sends?.runs ?? [];
    expect(runs.map(({ delayMs, rows }) => [delayMs, ...rows.map(({ name }) => name)])).toEqual([
      [0, 'rest', 'sdk3'],
      [20, 'rest', 'sdk3'],
    ]);
    for (const { rows } of runs) rows.forEach(expectToAddUp);
  });

  it('cannot be faster than window ÷ latency', () => {
    const [, delayed] = summary.sends?.runs ?? [];
    // A timer may fire a millisecond early.
    for (const { sendsPerSecond } of delayed?.rows ?? [])
      expect(sendsPerSecond.max).toBeLessThan(100 / 0.019);
  });

  it('measures whole broadcasts', () => {
    const rows = summary.pipeline?.rows ?? [];
    expect(rows.map(({ name }) => name)).toEqual(['broadcast', 'sdk3']);
    rows.forEach(expectToAddUp);
    expect((rows[0]?.sends ?? 0) % (summary.pipeline?.room ?? 0)).toBe(0);
  });

  it('measures cold starts, bundled and not', () => {
    const { bundled = [], unbundled = [], bundleBytes = {}, core } = summary.cold ?? {};
    expect(bundled.map(({ name }) => name)).toEqual(['broadcast', 'sdk3', 'sdk3-cjs']);
    expect(unbundled.map(({ name }) => name)).toEqual(['broadcast', 'sdk3']);
    for (const rows of [bundled, unbundled]) {
      for (const { importMs, doneMs, sinceStartMs } of rows) {
        expectOrdered(importMs);
        expect(doneMs.min).toBeGreaterThan(importMs.min);
        expect(sinceStartMs.min).toBeGreaterThan(doneMs.min);
      }
    }
    expect(bundleBytes['sdk3']).toBeGreaterThan(500_000);
    expect(core?.bundleBytes).toBeGreaterThan(10_000);
  });

  it('measures the start of the examples as they are deployed', () => {
    const examples = summary.start?.examples ?? [];
    expect(examples.map(({ name }) => name)).toEqual(['chat', 'notifications', 'live-board']);
    for (const { bundleBytes, readyMs } of examples) {
      expect(bundleBytes).toBeGreaterThan(100_000);
      expectOrdered(readyMs[process.versions.node] ?? spreadOf([]));
    }
    expect(figuresOf(summary)).toContain(` KB and is imported and ready in `);
  });

  it('measures the engine next to its alternatives', () => {
    const rows = summary.engine?.rows ?? [];
    expect(rows.map(({ name }) => name)).toEqual([
      ...['broadcaster', 'loop', 'p-limit', 'p-retry', 'map-limit'],
      ...['logs', 'telemetry', 'telemetry-spans'],
    ]);
    for (const { cpuMicrosPerRecipient } of rows) expectOrdered(cpuMicrosPerRecipient);
  });

  it('prints every client in 80 columns', () => {
    for (const label of ['restTransport', 'official SDK 3.2', 'createBroadcaster', 'bare loop'])
      expect(outcome.stdout).toContain(label);
    const tableLines = outcome.stdout.split('\n').filter((line) => !line.startsWith('Written to'));
    expect(tableLines.filter((line) => line.length > 80)).toEqual([]);
  });

  it('gives the README its figures', () => {
    const rest = summary.sends?.runs[0]?.rows[0];
    const figures = figuresOf(summary);
    const rate = grouped(rest?.sendsPerSecond.median ?? NaN);
    expect(figures).toMatch(new RegExp(`\\| restTransport +\\| +${rate} \\|`));
    expect(figures).toContain(`${grouped(summary.engine?.rows[0]?.rssGrowthMb.median ?? NaN)} MB of memory`);
    expect(figures).toContain(
      `Cold, bundled: 100 sends answered ${grouped(summary.cold?.bundled[0]?.doneMs.median ?? NaN)} ms`,
    );
  });

  it('writes tables and charts with the figures of the summary', async () => {
    expect((await readdir(directory)).sort()).toEqual([
      'cold.svg',
      'sends.svg',
      'summary.json',
      'summary.md',
    ]);
    const rest = summary.sends?.runs[0]?.rows[0];
    const figure = grouped(rest?.cpuMicrosPerSend.median ?? NaN);
    expect(await readFile(join(directory, 'sends.svg'), 'utf8')).toContain(`>${figure} µs · `);
    expect(await readFile(join(directory, 'summary.md'), 'utf8')).toMatch(
      new RegExp(`\\| restTransport .* ${figure} \\|`),
    );
  });
});

it(
  'keeps the parts of earlier runs, and uses the server that this machine has',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bench-test-'));
    try {
      await runBench('engine', '--quick', '--out', directory);
      const { code, stderr } = await runBench(
        'sends',
        '--quick',
        '--clients',
        'rest,sdk3',
        '--out',
        directory,
      );
      expect(stderr).toBe('');
      expect(code).toBe(0);
      const { engine, sends } = await summaryIn(directory);
      expect(engine?.rows).toHaveLength(8);
      sends?.runs.flatMap(({ rows }) => rows).forEach(expectToAddUp);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
  RUN_MS,
);

describe('the command line', () => {
  it.each([
    [['speed'], 'There is no bench called speed.'],
    [['--clients', 'rest,curl'], '--clients: there is no curl, only grpc, rest, '],
    [['--server', 'apache'], '--server: expected nginx or node'],
    [['--rounds', '0'], '--rounds: expected 1 or more'],
    [['--quick', '--record'], '--record: a quick run measures nothing worth keeping'],
    [['--clients', 'rest', '--record'], '--record: the README compares all clients, not some'],
    [['--fast'], "Unknown option '--fast'"],
  ])('refuses %j and says why', (args, mistake) => {
    const complaint = parseCommand(args);
    expect(complaint).toContain(mistake);
    expect(complaint).toContain('npm run bench -- [sends]');
  });

  it('takes names in any order, and nothing for all', () => {
    expect(parseCommand(['cold', 'sends'])).toMatchObject({ names: ['sends', 'cold'] });
    expect(parseCommand([])).toMatchObject({ names: ['sends', 'pipeline', 'cold', 'start', 'engine'] });
    expect(parseCommand(['stores'])).toMatchObject({ names: ['stores'] });
    expect(parseCommand(['all'])).toMatchObject({
      names: ['sends', 'pipeline', 'cold', 'start', 'engine', 'stores', 'gateway', 'fanout', 'simulate'],
    });
    expect(parseCommand(['--render'])).toMatchObject({ names: [], isRecorded: true });
    expect(parseCommand(['--rounds', '3', '--server', 'node'])).toMatchObject({
      options: { rounds: 3, server: 'node', isQuick: false },
      isRecorded: false,
    });
  });

  it('ends with 2 when it is wrong', async () => {
    expect(await runBench('speed')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('a count', () => {
  it('that the server does not confirm stops the bench', () => {
    expect(() => {
      checkCounts('eager', { sends: 100, failed: 0 }, 99);
    }).toThrow('eager: counted 100 sends, the server 99');
  });

  it('of nothing at all stops the bench', () => {
    expect(() => {
      checkCounts('idle', { sends: 0, failed: 0 }, 0);
    }).toThrow('idle: sent nothing');
  });

  it('that the server confirms is fine, failures or not', () => {
    checkCounts('good', { sends: 100, failed: 0 }, 100);
    checkCounts('retrying', { sends: 100, failed: 0 }, 104);
    checkCounts('unlucky', { sends: 98, failed: 2, reason: 'Error: reset' }, 99);
  });
});

describe('what a reader has to know', () => {
  const spread = spreadOf([1000]);
  const row: LoadRow = {
    name: 'rest',
    label: 'restTransport',
    kind: 'ours',
    sends: 98,
    failed: 0,
    answered: 98,
    sendsPerSecond: spread,
    cpuMicrosPerSend: spread,
    peakRssMb: 80,
    clientShare: 0.99,
    serverShare: 0.5,
  };

  const notesOn = (more: Partial<LoadRow>, delayMs = 0): string =>
    loadNotes([{ ...row, ...more }], 'nginx', delayMs).join('\n');

  it('is that the server was the limit', () => {
    expect(notesOn({ serverShare: 0.97 })).toContain('The server was the limit for restTransport');
    expect(notesOn({})).not.toContain('limit');
  });

  it('is that neither side had its core, unless there was latency to wait for', () => {
    const mistrust = 'busy with something else during restTransport';
    expect(notesOn({ clientShare: 0.3 })).toContain(mistrust);
    expect(notesOn({ clientShare: 0.3 }, 20)).not.toContain(mistrust);
    expect(notesOn({ clientShare: 0.95 })).not.toContain(mistrust);
  });

  it('is that sends failed or were retried', () => {
    expect(notesOn({ failed: 2, reason: 'Error: reset' })).toContain(
      'restTransport: 2.0 of 100 failed: Error: reset',
    );
    expect(notesOn({ answered: 138 })).toContain('restTransport: retried 40 sends.');
    expect(notesOn({})).not.toContain('retried');
  });
});

describe('figures', () => {
  it('are medians, with the extremes beside them', () => {
    expect(spreadOf([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5 });
    expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
  });

  it('are dashes where everything failed', () => {
    const nothing = spreadOf([]);
    expect([grouped(nothing.median), range(nothing), times(nothing.median)]).toEqual(['–', '–', '–']);
  });

  it('stand in aligned tables', () => {
    const table = {
      columns: [left('client'), right('µs')],
      rows: [
        ['a', '7'],
        ['bb', '1,234'],
      ],
    };
    expect(markdown(table)).toBe(
      ['| client |    µs |', '| ------ | ----: |', '| a      |     7 |', '| bb     | 1,234 |'].join('\n'),
    );
    expect(plainText({ title: 'T', notes: ['n'], ...table }).split('\n')).toEqual([
      ...['T', '', 'client     µs', '──────  ─────', 'a           7', 'bb      1,234', '- n'],
    ]);
  });

  it('are drawn in proportion', () => {
    const bar = { text: '', isOurs: false };
    const svg = barChart({
      title: 'a < b',
      bars: [
        { ...bar, label: 'one', value: 100 },
        { ...bar, label: 'two', value: 50 },
      ],
    });
    const widths = [...svg.matchAll(/<rect class="bar" [^>]*width="([\d.]+)"/g)].map(([, width]) =>
      Number(width),
    );
    expect(widths[0]).toBe(2 * (widths[1] ?? NaN));
    expect(svg).toContain('a &lt; b');
  });
});

describe('stores', () => {
  const cost = { perSecond: spreadOf([4321]), roundTrips: 3 };
  const result: StoresResult = {
    machine: { day: '2026-01-02', node: '22.0.0', cpu: 'a CPU', cores: 2, pinned: true },
    rounds: 1,
    members: 10_000,
    rows: [
      {
        name: 'ydb',
        operations: Object.fromEntries(OPERATION_NAMES.map((name) => [name, cost])) as Record<
          (typeof OPERATION_NAMES)[number],
          typeof cost
        >,
        listing: { members: 20_000, perSecond: 5000, heapGrowthMb: 0.4, rssGrowthMb: 12 },
      },
      { name: 'redis', missing: 'redis-server is not installed: apt-get install redis-server' },
    ],
    adapters: [{ store: 'ydb', alone: { importMs: spreadOf([30]), bundleBytes: 51_000 } }],
  };

  it('stand side by side, with what is missing and what is only a stand-in', () => {
    const text = storesTables(result).map(plainText).join('\n');
    expect(text).toMatch(/^put +4,321 +missing$/m);
    expect(text).toMatch(/^put +3\.0 +missing$/m);
    expect(text).toMatch(/^ydb +20,000 +5,000 +0\.4 +12$/m);
    expect(text).toMatch(/^ydb +30 +51 /m);
    expect(text).toContain('redis: redis-server is not installed: apt-get install redis-server');
    expect(text).toContain('a slow stand-in');
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('have their recorded figures on their page, and nothing else', async () => {
    const page = await readFile(join(root, 'docs/stores.md'), 'utf8');
    expect(withStoreFigures(page, await recordedSummary())).toBe(page);
    const filled = withStoreFigures(page, { stores: result });
    expect(filled).toContain('4,321');
    expect(withStoreFigures(filled, {})).toBe(withStoreFigures(page, {}));
  });

  it('are charged one round trip for what they send without waiting, on any connection', async () => {
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const counter = await startTripCounter(`redis://127.0.0.1:${(echo.address() as AddressInfo).port}`);
    const port = Number(new URL(counter.address).port);
    const [one, two] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    try {
      await Promise.all([once(one, 'connect'), once(two, 'connect')]);
      expect(counter.trips()).toBe(0);
      const answers = [once(one, 'data'), once(two, 'data')];
      one.write('a');
      two.write('b');
      await Promise.all(answers);
      expect(counter.trips()).toBe(1);
      one.write('c');
      await once(one, 'data');
      expect(counter.trips()).toBe(2);
    } finally {
      await counter.close();
      echo.close();
    }
  });
});

async function recordedSummary(): Promise<Summary> {
  return summaryIn(join(root, 'bench/results')).catch((reason: unknown) => {
    if ((reason as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw reason;
  });
}

describe('the README', () => {
  const page = `Fast.

<!-- bench:begin, written by \`npm run bench -- --record\` -->

42 µs

<!-- bench:end -->

More.`;

  it('says what was recorded, and nothing else', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    expect(withFigures(readme, await recordedSummary())).toBe(readme);
  });

  it('loses figures that nobody recorded', () => {
    const emptied = withFigures(page, {});
    expect(emptied).not.toContain('42');
    expect(withFigures(emptied, {})).toBe(emptied);
    expect(emptied).toMatch(/^Fast\.[^]*More\.$/);
  });

  it('needs a place for figures', () => {
    expect(() => withFigures('# A page', {})).toThrow('README.md needs the lines <!-- bench:begin');
  });
});

describe('the cost of a million deliveries', () => {
  it('is time and memory while the share of the core is the limit', () => {
    // A sixteenth of a core: 400 µs for each, 400 s in all, with an eighth of a GB.
    expect(costOfMillion(25, 128)).toMatchObject({
      sendsPerSecond: 2500,
      isLimitedByPackets: false,
      seconds: 400,
    });
    expect(costOfMillion(25, 128).gbHours).toBeCloseTo((400 / 3600) * 0.125);
    expect(costOfMillion(25, 128).usd).toBeCloseTo((400 / 3600) * 0.125 * 0.0531);
  });

  it('grows with the memory from where packets are the limit', () => {
    const [small, large] = [costOfMillion(25, 512), costOfMillion(25, 1024)];
    expect(small).toMatchObject({ isLimitedByPackets: true, seconds: large.seconds });
    expect(large.usd / small.usd).toBeCloseTo(2);
  });

  it('counts the calls that ten minutes each make necessary', () => {
    const { seconds, gbHours, usd } = costOfMillion(500, 128);
    expect(seconds).toBe(8000);
    expect(usd - gbHours * 0.0531).toBeCloseTo((14 * 0.1555) / 1_000_000);
  });

  it('gives docs/http2.md what the HTTP/2 client buys', async () => {
    const page = await readFile(join(root, 'docs/http2.md'), 'utf8');
    expect(withHttp2Figures(page, await recordedSummary())).toBe(page);
    expect(page).toMatch(/\| grpcTransport +\| +\d+ \| +1\.0× \|/);
    expect(withHttp2Figures(page, {})).not.toContain('grpcTransport  ');
  });

  it('is what the page on cost says', async () => {
    const page = await readFile(new URL('../../docs/cost.md', import.meta.url), 'utf8');
    expect(withCosts(page, await recordedSummary())).toBe(page);
  });

  it('is computed by the library with the same figure', async () => {
    const module = await readFile(
      new URL('../../src/queue/lanes/measured-figures.ts', import.meta.url),
      'utf8',
    );
    expect(withMeasured(module, await recordedSummary())).toBe(module);
    expect(module).toMatch(/CPU_MICROS_PER_SEND = [\d.]+;/);
  });
});

it('what watching costs is what its page says, once that was measured', async () => {
  const page = await readFile(new URL('../../docs/observability.md', import.meta.url), 'utf8');
  const recorded = await recordedSummary();
  expect(withObserverFigures(page, recorded)).toBe(page);
  const { engine } = recorded;
  if (engine === undefined) throw new Error('nothing was recorded of the engine');
  const cpuMicrosPerRecipient = { median: 123.4, min: 123, max: 124 };
  const row = { label: '', recipients: 1, cpuMicrosPerRecipient, rssGrowthMb: cpuMicrosPerRecipient };
  const names = ['broadcaster', 'logs', 'telemetry', 'telemetry-spans'];
  const filled = { ...recorded, engine: { ...engine, rows: names.map((name) => ({ ...row, name })) } };
  expect(withObserverFigures(page, filled)).toMatch(/\| `logs\(\)` +\| +123 \| +1\.0× \|/);
});

it('an hour of chat counts handshakes and messages, and rounds each call up', () => {
  expect(costOfChatHour({ users: 10, roomSize: 5, memoryMb: 1024 })).toMatchObject({
    deliveries: 3000,
    gatewayRequests: 610,
    calls: 620,
    gbHours: (620 * 0.1) / 3600,
  });
});
