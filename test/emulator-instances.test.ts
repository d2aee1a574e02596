/** Functions in instances of their own: worker threads that share no memory and stand still between calls. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import {
  startEmulator,
  type Emulator,
  type EmulatorOptions,
  type FunctionSource,
} from 'yc-broadcast/emulator';
import { temporaryProject } from './support/cli.js';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A handler with the body of a message at hand; what it returns is the reply. */
const HANDLER = (message: string, before = ''): string => `
${before}
let calls = 0;
export async function handler(event, context) {
  calls++;
  const { body, requestContext: { eventType, connectionId } } = event;
  if (eventType !== 'MESSAGE') return { statusCode: 200 };
  const answer = await (async () => { ${message} })();
  return { statusCode: 200, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(answer ?? null) };
}
`;

async function start(
  code: string,
  source: Partial<FunctionSource> = {},
  options: Partial<EmulatorOptions> = {},
): Promise<Emulator> {
  const { path, remove } = temporaryProject({ 'ws.mjs': code });
  const entry = join(path, 'ws.mjs');
  const emulator = await startEmulator({ routes: { '/ws': { entry, ...source } }, ...options });
  cleanUps.push(remove, () => emulator.stop());
  return emulator;
}

async function ask(emulator: Emulator, text = 'x'): Promise<unknown> {
  const client = await emulator.connect('/ws');
  client.send(text);
  return client.nextJson();
}

describe('instances', () => {
  it('answer calls, each with a memory of its own, taking turns', async () => {
    const emulator = await start(HANDLER('return calls;'), { instances: 2 });
    const client = await emulator.connect('/ws');
    for (let turn = 0; turn < 4; turn++) {
      client.send('x');
      await client.nextJson();
    }
    expect(emulator.instances.list()).toMatchObject([
      { id: 2, generation: 1, served: 2 },
      { id: 1, generation: 1, served: 3 },
    ]);
  });
});

describe('a call', () => {
  it('that throws is a 502 with the line of the source', async () => {
    const emulator = await start(HANDLER("throw new Error('boom');"));
    const client = await emulator.connect('/ws');
    client.send('x');
    await emulator.idle();
    const [entry] = emulator.timeline().filter(({ type }) => type === 'message');
    expect(entry).toMatchObject({ status: 502, level: 'error' });
    expect(entry?.reason).toMatch(/^Error: boom\n\s+at .*ws\.mjs:8:/);
    expect(entry?.reason).not.toContain('worker eval');
  });

  it('has the documented context, and time that runs', async () => {
    const emulator = await start(
      HANDLER(
        'return [context.memoryLimitInMB, context.getRemainingTimeInMillis(), context.getPayload().body];',
      ),
      { timeoutMs: 5000, memoryMb: 256 },
    );
    const [memory, remaining, body] = (await ask(emulator, 'hello')) as [string, number, string];
    expect([memory, body]).toEqual(['256', 'hello']);
    expect(remaining).toBeGreaterThan(3000);
    expect(remaining).toBeLessThanOrEqual(5000);
  });
});
