/** From the source of a function to what its instances run, over and over. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEmulator, type Emulator, type FunctionSource, type TimelineEntry } from 'yc-broadcast/emulator';
import { temporaryProject } from '../support/cli.js';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Project {
  readonly emulator: Emulator;
  write(name: string, text: string): void;
  readonly path: string;
  /** The next entry of this type that comes from now on. */
  next(type: TimelineEntry['type']): Promise<TimelineEntry>;
}

async function start(
  files: Readonly<Record<string, string>>,
  entry: string,
  source: Partial<FunctionSource> = {},
): Promise<Project> {
  const { path, remove } = temporaryProject({ 'package.json': '{ "type": "commonjs" }', ...files });
  const waiting = new Set<(entry: TimelineEntry) => void>();
  const emulator = await startEmulator({
    routes: { '/ws': { entry: join(path, entry), instances: 1, watch: true, ...source } },
    onTimeline(seen) {
      for (const tell of waiting) tell(seen);
    },
  });
  cleanUps.push(remove, () => emulator.stop());
  return {
    emulator,
    path,
    write(name, text) {
      writeFileSync(join(path, name), text);
    },
    next: (type) =>
      new Promise((resolve) => {
        const tell = (seen: TimelineEntry): void => {
          if (seen.type !== type) return;
          waiting.delete(tell);
          resolve(seen);
        };
        waiting.add(tell);
      }),
  };
}

const HANDLER = `
import { greeting } from './greeting.js';
interface Event { readonly requestContext: { readonly eventType: string } }
let calls = 0;
export const handler = (event: Event) =>
  ({ statusCode: 200, body: event.requestContext.eventType === 'MESSAGE' ? greeting + ++calls : '' });
`;
const greetingOf = (text: string): string => `export const greeting: string = '${text}';\n`;
const FILES = { 'ws.ts': HANDLER, 'greeting.ts': greetingOf('hello ') };

async function ask(client: Awaited<ReturnType<Emulator['connect']>>): Promise<string> {
  client.send('x');
  return String(await client.next(30_000));
}

function reloads(emulator: Emulator): readonly TimelineEntry[] {
  return emulator.timeline().filter(({ type }) => type === 'reload');
}

describe('a change of the source', () => {
  it('of an imported file reaches the next message, on the same socket', async () => {
    const { emulator, write, next } = await start(FILES, 'ws.ts');
    const client = await emulator.connect('/ws');
    expect([await ask(client), await ask(client)]).toEqual(['hello 1', 'hello 2']);
    const reloaded = next('reload');
    const savedAt = performance.now();
    write('greeting.ts', greetingOf('good day '));
    expect(await reloaded).toMatchObject({ generation: 2, reason: 'greeting.ts', level: 'info' });
    console.info(`from saving a file to new code: ${(performance.now() - savedAt).toFixed(0)} ms`);
    expect(await ask(client)).toBe('good day 1');
    expect(emulator.instances.list()).toMatchObject([{ id: 2, generation: 2 }]);
  });

  it('is seen however an editor saves, and in files that came later', async () => {
    const { emulator, path, write, next } = await start(FILES, 'ws.ts');
    const client = await emulator.connect('/ws');
    mkdirSync(join(path, 'words'));
    let reloaded = next('reload');
    write('words/more.ts', greetingOf('more '));
    write('greeting.ts', `export { greeting } from './words/more.js';\n`);
    await reloaded;
    expect(await ask(client)).toBe('more 1');
    reloaded = next('reload');
    write('words/more.ts~', greetingOf('moved '));
    renameSync(join(path, 'words/more.ts~'), join(path, 'words/more.ts'));
    await reloaded;
    expect(await ask(client)).toBe('moved 1');
  });

  it('leaves a call under way on the old code', async () => {
    const slow = `export const handler = async (event) => {
      if (event.requestContext.eventType === 'MESSAGE') await new Promise((resolve) => setTimeout(resolve, 300));
      return { statusCode: 200, body: event.requestContext.eventType === 'MESSAGE' ? 'old' : '' };
    };`;
    const { emulator, write, next } = await start({ 'ws.mjs': slow }, 'ws.mjs');
    const [first, second] = [await emulator.connect('/ws'), await emulator.connect('/ws')];
    first.send('x');
    const reloaded = next('reload');
    write('ws.mjs', slow.replace("'old'", "'new'").replace('300', '0'));
    await reloaded;
    expect(await ask(second)).toBe('new');
    expect(String(await first.next(30_000))).toBe('old');
    await emulator.idle();
    expect(emulator.instances.list()).toMatchObject([{ generation: 2 }]);
  });

  it('that does not compile leaves the old code, and is told once', async () => {
    const { emulator, write, next } = await start(FILES, 'ws.ts');
    const client = await emulator.connect('/ws');
    const told = next('reload');
    write('greeting.ts', 'export const greeting = ;\n');
    const { level, reason } = await told;
    expect(level).toBe('error');
    expect(reason).toMatch(
      /the old code keeps running: .*ws\.ts cannot be compiled:[\s\S]*greeting\.ts:1:24/,
    );
    expect(await ask(client)).toBe('hello 1');

    write('ws.ts', `${HANDLER}\n// saved once more\n`);
    write('greeting.ts', 'export const greeting = ;\n');
    const reloaded = next('reload');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(reloads(emulator)).toHaveLength(1);
    write('greeting.ts', greetingOf('well '));
    expect(await reloaded).toMatchObject({ level: 'info', generation: 2 });
    expect(await ask(client)).toBe('well 1');
  });

  it('that failed to load leaves the old code', async () => {
    const { emulator, write, next } = await start(FILES, 'ws.ts');
    const client = await emulator.connect('/ws');
    const told = next('reload');
    write('greeting.ts', `export const greeting = ''; throw new Error('not today');\n`);
    expect((await told).reason).toMatch(/failed to load:\nError: not today\n.*greeting\.ts:1/);
    expect(emulator.timeline().filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(await ask(client)).toBe('hello 1');
  });

  it('finds a file that was missing as soon as it is there', async () => {
    const { emulator, path, write, next } = await start(FILES, 'ws.ts');
    const client = await emulator.connect('/ws');
    let told = next('reload');
    rmSync(join(path, 'greeting.ts'));
    expect((await told).reason).toContain('Could not resolve "./greeting.js"');
    told = next('reload');
    write('greeting.ts', greetingOf('back '));
    expect(await told).toMatchObject({ level: 'info' });
    expect(await ask(client)).toBe('back 1');
  });

  it('is not looked for unless it is asked to', async () => {
    const { emulator, write } = await start(FILES, 'ws.ts', { watch: false });
    const client = await emulator.connect('/ws');
    write('greeting.ts', greetingOf('good day '));
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect([await ask(client), reloads(emulator)]).toEqual(['hello 1', []]);
  });

  it('leaves no more behind after many than after one', async () => {
    const { emulator, path, write, next } = await start(FILES, 'ws.ts');
    for (let edit = 0; edit < 10; edit++) {
      const reloaded = next('reload');
      write('greeting.ts', greetingOf(`edit ${edit} `));
      await reloaded;
    }
    expect(emulator.instances.list()).toHaveLength(1);
    expect(readdirSync(join(path, '.yc-broadcast'))).toHaveLength(1);
    await emulator.stop();
    expect(readdirSync(join(path, '.yc-broadcast'))).toEqual([]);
  });
});

describe('.env files', () => {
  const ENV = `export const handler = (event) => ({ statusCode: 200,
    body: event.requestContext.eventType === 'MESSAGE' ? [process.env.A, process.env.B, process.env.PATH].join() : '' });`;

  it('set variables that the environment has not, the later file wins, and a change is taken up', async () => {
    const files = { 'ws.mjs': ENV, '.env': 'A=1\nB="2 # 3"\nPATH=/nowhere\n', '.env.local': 'A=4\n' };
    const { emulator, write, next } = await start(files, 'ws.mjs', { envFiles: ['.env', '.env.local'] });
    const client = await emulator.connect('/ws');
    const path = process.env['PATH'] ?? '';
    expect(await ask(client)).toBe(`4,2 # 3,${path}`);
    const reloaded = next('reload');
    write('.env.local', 'A=5\n');
    expect(await reloaded).toMatchObject({ reason: '.env.local', generation: 1 });
    expect(await ask(client)).toBe(`5,2 # 3,${path}`);
  });
});

describe('an entry', () => {
  it.each<[string, Record<string, string>, string]>([
    ['TypeScript', { 'f.ts': 'export const handler = (): object => ({ statusCode: 418 });' }, 'f.ts'],
    ['an ES module', { 'f.mjs': 'export const handler = () => ({ statusCode: 418 });' }, 'f.mjs'],
    ['CommonJS', { 'f.cjs': 'exports.handler = () => ({ statusCode: 418 });' }, 'f.cjs'],
    [
      'CommonJS that requires',
      {
        'f.js': `const { createHash } = require('node:crypto'); const { code } = require('./code.js');
          module.exports = { handler: () => ({ statusCode: createHash('md5') && code }) };`,
        'code.js': 'exports.code = 418;',
      },
      'f.js',
    ],
    [
      'an ES module with await at the top',
      {
        'f.mjs':
          'const code = await Promise.resolve(418); export const handler = () => ({ statusCode: code });',
      },
      'f.mjs',
    ],
    ['another export', { 'f.ts': 'export const other = () => ({ statusCode: 418 });' }, 'f.ts#other'],
  ])('may be %s', async (_what, files, entry) => {
    const { emulator } = await start(files, entry);
    expect((await emulator.connect('/ws')).handshake.status).toBe(418);
  });

  it('is known by the lines of its source when it throws', async () => {
    const { emulator } = await start(
      {
        'f.ts': `interface Nothing { readonly a?: number }\nexport const handler = (_event: Nothing) => {\n  throw new Error('boom');\n};\n`,
      },
      'f.ts',
    );
    await emulator.connect('/ws');
    expect(emulator.timeline()[0]?.reason).toMatch(/^Error: boom\n\s+at .*\/f\.ts:3:9\)?$/);
  });

  it('that cannot be loaded fails the start, and leaves nothing behind', async () => {
    await expect(start({ 'f.ts': "throw new Error('no config');" }, 'f.ts')).rejects.toThrow(
      /f\.ts failed to load:\nError: no config\n.*f\.ts:1/,
    );
  });
});
