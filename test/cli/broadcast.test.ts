import { afterEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { startEmulator, type Emulator, type TestClient } from 'yc-broadcast/emulator';
import { createProgressLine } from '../../src/cli/terminal/progress-line.js';
import { runCli, startCli, temporaryProject, type RunningCli } from '../support/cli.js';

const cleanUps: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/**
 * Opens the connections that the environment names, in a store of its own, as another process would find
 * them.
 */
const OPS = `
import { createBroadcaster, defineContract } from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import * as z from 'zod';

const store = memoryStore();
for (const id of process.env['IDS']!.split(',')) {
  await store.put({ id, user: 'u1', attributes: {}, connectedAt: Date.now(), expiresAt: Date.now() + 60_000 });
  await store.join(id, 'news');
}
const contract = defineContract({ client: {}, server: { headline: z.object({ title: z.string() }) } });
export const broadcaster = createBroadcaster({ store, contract, broadcast: { retries: 0, concurrency: 1 } });
export const app = { broadcaster };
export const other = 1;
`;

async function setUp(count: number): Promise<{
  emulator: Emulator;
  clients: TestClient[];
  file: string;
  start(...args: string[]): RunningCli;
}> {
  const emulator = await startEmulator({ routes: { '/ws': () => ({ statusCode: 200 }) } });
  cleanUps.push(emulator.stop);
  const clients = await Promise.all(Array.from({ length: count }, () => emulator.connect('/ws')));
  const { path, remove } = temporaryProject({ 'ops.ts': OPS });
  cleanUps.push(remove);
  const file = join(path, 'ops.ts');
  const ids = [...clients.map(({ id }) => id), 'lost'].sort();
  const env = { IDS: ids.join(','), YC_BROADCAST_ENDPOINT: emulator.endpoint, YC_TOKEN: 'a-secret-token' };
  return { emulator, clients, file, start: (...args) => startCli(['broadcast', ...args], env) };
}

async function ended(cli: RunningCli): Promise<{ code: number | null; output: string }> {
  return { code: await cli.exited, output: cli.output() };
}

describe('broadcast', () => {
  it('sends a message of the contract to a room and shows the report', async () => {
    const { clients, file, start } = await setUp(3);
    const { code, output } = await ended(
      start(file, 'room:news', '--type', 'headline', '--data', '{"title":"Hi"}'),
    );
    expect(output).toMatch(/^ {2}delivered +3 {3}in \d/m);
    expect(output).toMatch(/^ {2}stale +1 {3}1 removed from the store$/m);
    expect(output).toMatch(/^ {2}failed +0$/m);
    expect(output).toMatch(/^ {2}skipped +0$/m);
    expect(output).not.toContain('a-secret-token');
    expect(output.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(code).toBe(0);
    for (const client of clients) {
      expect(await client.nextJson()).toMatchObject({ type: 'headline', data: { title: 'Hi' } });
    }
  });

  it('takes an app, a user, everyone, text and bytes, and prints JSON', async () => {
    const { clients, file, start } = await setUp(1);
    const [client] = clients as [TestClient];
    const text = await ended(start(`${file}#app`, 'user:u1', '--text', 'hello', '--format', 'json'));
    expect(JSON.parse(text.output)).toMatchObject({ recipients: 2, delivered: 1, stale: 1, complete: true });
    expect(await client.next()).toBe('hello');
    const bytes = await ended(start(file, 'all', '--file', file));
    expect(bytes.code).toBe(0);
    expect(String(await client.next())).toBe(OPS);
  });

  it('tells what it would take, without sending', async () => {
    const { clients, file, start } = await setUp(2);
    const { code, output } = await ended(
      start(file, 'all', '--type', 'headline', '--data', '{"title":"Hi"}', '--forecast', '--within', '10s'),
    );
    expect(output).toMatch(/^ {2}recipients +3$/m);
    expect(output).toMatch(/^ {2}seconds +1 {3}at \d+\/s, an estimate/m);
    expect(output).toContain('fits into the time');
    expect(code).toBe(0);
    expect(clients.map((client) => client.received())).toEqual([0, 0]);
  });

  it('says where it stopped, and goes on there', async () => {
    const { clients, file, start } = await setUp(3);
    const stopped = await ended(
      start(file, 'room:news', '--text', 'x', '--within', '0ms', '--format', 'json'),
    );
    expect(stopped.code).toBe(3);
    const { cursor, delivered } = JSON.parse(stopped.output) as { cursor: string; delivered: number };
    expect(delivered).toBe(0);
    const text = await ended(start(file, 'room:news', '--text', 'x', '--within', '0ms'));
    expect(text.output).toContain('the deadline was reached');
    expect(text.output).toContain(`--resume ${cursor.slice(0, 20)}`);
    const resumed = await ended(start(file, '--resume', cursor, '--text', 'x', '--format', 'json'));
    expect(JSON.parse(resumed.output)).toMatchObject({ delivered: 3, complete: true });
    expect(clients.map((client) => client.received())).toEqual([1, 1, 1]);
  });

  it('names the field that does not fit the contract, and sends nothing', async () => {
    const { emulator, file, start } = await setUp(1);
    const { code, output } = await ended(start(file, 'all', '--type', 'headline', '--data', '{"title":1}'));
    expect(output).toMatch(/^yc-broadcast: data of 'headline' does not fit the contract at 'title': .*\n$/);
    expect(code).toBe(1);
    expect(emulator.timeline().filter(({ type }) => type === 'send')).toEqual([]);
  });

  it('names what a file exports instead of a broadcaster', async () => {
    const { file, start } = await setUp(1);
    const { code, output } = await ended(start(`${file}#other`, 'all', '--text', 'x'));
    expect(output).toContain(
      "does not export an app or broadcaster as 'other'; it exports app, broadcaster, other.",
    );
    expect(code).toBe(1);
  });

  it.each<[string, string[], string]>([
    ['no file', [], 'missing <entry>; see yc-broadcast broadcast --help'],
    [
      'no audience',
      ['package.json', '--text', 'x'],
      'missing <audience>; expected room:NAME, user:NAME, connection:ID or all',
    ],
    [
      'an unknown audience',
      ['package.json', 'everybody', '--text', 'x'],
      'missing <audience>; expected room:NAME, user:NAME, connection:ID or all',
    ],
    [
      'an empty room',
      ['package.json', 'room:', '--text', 'x'],
      'missing <audience>; expected room:NAME, user:NAME, connection:ID or all',
    ],
    ['no message', ['package.json', 'all'], 'missing message; give one of --type, --text and --file'],
    [
      'two messages',
      ['package.json', 'all', '--text', 'x', '--type', 'y'],
      'missing message; give one of --type, --text and --file',
    ],
    ['bad JSON', ['package.json', 'all', '--type', 'y', '--data', '{'], '--data: not valid JSON: {'],
    ['data without a type', ['package.json', 'all', '--text', 'y', '--data', '1'], '--data requires --type'],
    [
      'a forecast of raw text',
      ['package.json', 'all', '--text', 'y', '--forecast'],
      '--forecast needs a message with --type',
    ],
    [
      'a cursor and an audience',
      ['package.json', 'all', '--resume', 'c', '--text', 'y'],
      '--resume already determines the audience; omit <audience>',
    ],
    [
      'a time that is none',
      ['package.json', 'all', '--text', 'y', '--within', 'soon'],
      "--within: expected a time such as 500ms, 10s or 1m, got 'soon'",
    ],
  ])('is refused with %s', async (_what, args, problem) => {
    expect(await runCli('broadcast', ...args)).toEqual({ code: 2, output: `yc-broadcast: ${problem}\n` });
  });

  it('has help that fits 80 columns', async () => {
    const { output } = await runCli('broadcast', '--help');
    expect(output).toContain('Examples');
    expect(output).toMatch(/\n {2}--resume <cursor> /);
    expect(output.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});

describe('the progress line', () => {
  const progress = { delivered: 20, stale: 4, failed: 1, done: 25, total: 100, elapsedMs: 500 };

  it('shows share, counts, pace and time left in a terminal, and takes itself away', () => {
    const written: string[] = [];
    const line = createProgressLine({ isTTY: true, columns: 80, write: (text) => written.push(text) });
    line?.show(progress);
    line?.clear();
    expect(written).toEqual([
      `\r\u001b[K  ${'█'.repeat(6)}${'░'.repeat(18)} 25%  25 of 100  50/s  2 s left  1 failed`,
      '\r\u001b[K',
    ]);
  });

  it('does not exceed the terminal, nor a hundred per cent, and does without a total', () => {
    const written: string[] = [];
    const line = createProgressLine({ isTTY: true, columns: 40, write: (text) => written.push(text) });
    line?.show({ ...progress, done: 200 });
    line?.show({ ...progress, total: undefined });
    expect(written[0]).toHaveLength('\r\u001b[K'.length + 39);
    expect(written[0]).toContain('█'.repeat(24));
    expect(written[1]).toContain('25 done  50/s');
  });

  it('is not there when nobody watches', () => {
    expect(createProgressLine({ write: () => undefined })).toBeUndefined();
  });
});
