/** Samples that belong together work together: the README's handler on the local gateway, and the README's clients of it. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import type { Client } from 'yc-broadcast/client';
import { startEmulator, type FunctionHandler } from 'yc-broadcast/emulator';
import { WebSocket } from 'ws';
import { samplesOf } from '../support/code-samples.js';
import { until } from '../support/until.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'test/artefacts/pairs');
const samples = samplesOf(join(root, 'README.md')).map(({ code }) => code);

/** The sample that says this. Its name is for files. */
function sampleWith(text: string): string {
  const found = samples.find((code) => code.includes(text));
  if (found === undefined) throw new Error(`the README has no sample with ${text}`);
  return found;
}

/** Runs a program and resolves with what it exports. */
async function run<T>(name: string, code: string): Promise<T> {
  mkdirSync(folder, { recursive: true });
  const [source, outfile] = [join(folder, `${name}.ts`), join(folder, `${name}.mjs`)];
  writeFileSync(source, code);
  buildSync({
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    // These have to be those that the test has.
    external: ['ws', 'esbuild'],
    supported: { using: false },
    logLevel: 'silent',
  });
  return (await import(`${pathToFileURL(outfile).href}?${Math.random()}`)) as T;
}

const undo: (() => void)[] = [];

/** Gives samples something to find in the global scope. */
function setGlobal(name: string, value: unknown): void {
  const before: unknown = Reflect.get(globalThis, name);
  Reflect.set(globalThis, name, value);
  undo.push(() => Reflect.set(globalThis, name, before));
}

afterEach(() => {
  for (const step of undo.splice(0).reverse()) step();
});

const handlerSample = sampleWith('export const handler');

describe("the README's handler", () => {
  it("answers the README's client, which shows what is said, once", async () => {
    const { handler } = await run<{ handler: FunctionHandler }>('handler', handlerSample);
    await using emulator = await startEmulator({ routes: { '/ws': handler } });
    process.env['YC_BROADCAST_ENDPOINT'] = emulator.endpoint;
    const shown: string[] = [];
    setGlobal('show', (text: string) => shown.push(text));
    setGlobal('WebSocket', WebSocket);
    const page = sampleWith("client.join('lobby')").replace('wss://chat.example/ws', emulator.wsUrl('/ws'));
    const { client } = await run<{ client: Client }>('page', `${page}export { client };\n`);
    undo.push(() => {
      client.close();
    });
    await until(() => shown.length > 0);
    await emulator.idle();
    expect(shown).toEqual(['hello']);
  });

  it("reaches the clients of the README's test", async () => {
    const { handler } = await run<{ handler: FunctionHandler }>('handler', handlerSample);
    setGlobal('handler', handler);
    const printed: unknown[] = [];
    setGlobal('console', { ...console, log: (value: unknown) => printed.push(value) });
    await run('testing', sampleWith('await using gateway'));
    expect(printed).toMatchObject([
      { type: 'reply' },
      { type: 'said', data: { text: 'hello' }, room: 'lobby' },
    ]);
  });
});
