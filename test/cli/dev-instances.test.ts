/** What `dev` shows of instances and of changes of the source. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { startCli, temporaryProject } from '../support/cli.js';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const HANDLER = `
import { memoryStore } from 'yc-broadcast/stores/memory';
import { word } from './word.js';

memoryStore();
export const handler = async (event: { body?: string }) => {
  if (event.body !== undefined) console.log('heard %s\\nand wrote it down', event.body);
  if (event.body === 'later') setTimeout(() => undefined, 60_000);
  return { statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body: event.body && word + process.env.MOOD };
};
`;

async function startDev(...args: readonly string[]) {
  const { path, remove } = temporaryProject({
    'package.json': '{}',
    'ws.ts': HANDLER,
    'word.ts': `export const word: string = 'very ';`,
    '.env': 'MOOD=well',
  });
  const cli = startCli(['dev', join(path, 'ws.ts'), '--port', '0', ...args]);
  cleanUps.push(remove, async () => {
    cli.signal('SIGKILL');
    await cli.exited;
  });
  const [, port = ''] = await cli.printed(/127\.0\.0\.1:(\d+)/);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  await once(socket, 'open');
  const ask = async (text: string): Promise<string> => {
    socket.send(text);
    const [data] = (await once(socket, 'message')) as [Buffer];
    return data.toString();
  };
  return { ...cli, path, socket, ask };
}

describe('dev', () => {
  it('shows which instance took a call, what it printed and what it left behind', async () => {
    const { ask, printed, output } = await startDev();
    expect(output()).toMatch(/Instances +2 to 10, 1 call each, 10 s, 128 MB, frozen between calls/);
    expect(output()).toMatch(/⚠ NOTICE .*memoryStore\(\) is in use.*dev --instances 1.*dev --store/);
    expect([await ask('a'), await ask('b')]).toEqual(['very well', 'very well']);
    await printed(/→ MESSAGE .*200 .*#1 warm {2}1 B text/);
    await printed(/→ MESSAGE .*200 .*#2 warm {2}1 B text/);
    await printed(/^#\d │ heard a\n#\d │ and wrote it down\n/m);
    await ask('later');
    await printed(
      /⚠ UNAWAITED .*#\d {2}not finished when the call returned: 1 timer; frozen until the next call/,
    );
  });

  it('takes up a change on the same socket, and prints a mistake once', async () => {
    const { ask, printed, output, path, socket } = await startDev('--instances', '1');
    expect(await ask('a')).toBe('very well');
    writeFileSync(join(path, 'word.ts'), `export const word: string = 'quite ';`);
    await printed(/⟳ RELOAD .*ms generation 2 {2}word\.ts/);
    expect(await ask('b')).toBe('quite well');

    writeFileSync(join(path, 'word.ts'), 'export const word = ;');
    await printed(/⟳ RELOAD .*the old code keeps running: .*cannot be compiled:[\s\S]*word\.ts:1:20/);
    expect(await ask('c')).toBe('quite well');
    writeFileSync(join(path, '.env'), 'MOOD=badly');
    await printed(/cannot be compiled/);
    // In one step, as editors save: the change of .env is compiled meanwhile, and must not read half a file.
    writeFileSync(join(path, 'word.ts~'), `export const word: string = 'not so ';`);
    renameSync(join(path, 'word.ts~'), join(path, 'word.ts'));
    await printed(/generation 3/);
    expect(await ask('d')).toBe('not so badly');
    expect(output().match(/cannot be compiled/g)).toHaveLength(1);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    expect(output()).not.toContain('NOTICE');
  });

  it('keeps the code as it is with --no-watch, and prints in JSON what functions print', async () => {
    const { ask, printed, output, path } = await startDev(
      '--no-watch',
      '--format',
      'json',
      '--instances',
      '1',
    );
    writeFileSync(join(path, 'word.ts'), `export const word: string = 'quite ';`);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await ask('a')).toBe('very well');
    await printed(/{"type":"output","instance":1,"stream":"stdout","text":"heard a\\nand wrote it down\\n"}/);
    for (const line of output().trim().split('\n')) JSON.parse(line);
  });
});

describe('dev says in one line what is wrong', () => {
  it.each([
    ['--instances', 'few', "--instances: expected a number or a range such as 2-4, got 'few'"],
    ['--instances', '3-2', 'min is more than max'],
    ['--concurrency', '17', 'the platform takes 16 at most'],
    ['--freeze', 'soon', "--freeze: expected a time such as 500ms, 10s or 1m, got 'soon'"],
  ])('with %s %s', async (option, value, message) => {
    const cli = startCli(['dev', 'package.json', '--port', '0', option, value]);
    expect(await cli.exited).not.toBe(0);
    expect(cli.output()).toContain(message);
    expect(cli.output().trim().split('\n')).toHaveLength(1);
  });
});
