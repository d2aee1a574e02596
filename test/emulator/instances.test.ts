/** Functions in instances of their own: processes that share no memory and stand still between calls. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import {
  startEmulator,
  type Emulator,
  type EmulatorOptions,
  type FunctionSource,
  type TestClient,
  type TimelineEntry,
} from 'yc-broadcast/emulator';
import { temporaryProject } from '../support/cli.js';
import { until } from '../support/until.js';

/** A cold start takes as long as the machine is busy. */
const PATIENCE_MS = 30_000;

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
  return client.nextJson(PATIENCE_MS);
}

describe('instances', () => {
  it('have the variables that the runtime sets', async () => {
    const emulator = await start(
      HANDLER(
        'const { _HANDLER, LAMBDA_TASK_ROOT, AWS_LAMBDA_RUNTIME_API } = process.env; return ' +
          '[_HANDLER, LAMBDA_TASK_ROOT, typeof AWS_LAMBDA_RUNTIME_API];',
      ),
      { instances: 1 },
    );
    expect(await ask(emulator)).toEqual(['ws.handler', expect.stringContaining('project-'), 'string']);
  });

  it('answer calls, each with a memory of its own, taking turns', async () => {
    const emulator = await start(HANDLER('return calls;'), { instances: 2 });
    const client = await emulator.connect('/ws');
    for (let turn = 0; turn < 4; turn++) {
      client.send('x');
      await client.nextJson(PATIENCE_MS);
    }
    expect(emulator.instances.list()).toMatchObject([
      { id: 2, generation: 1, served: 2 },
      { id: 1, generation: 1, served: 3 },
    ]);
  });
});

function entriesOf(emulator: Emulator, type: TimelineEntry['type']): readonly TimelineEntry[] {
  return emulator.timeline().filter((entry) => entry.type === type);
}

/** Sends a message on each of several sockets at once, and tells how the calls went. */
async function askTogether(emulator: Emulator, texts: readonly string[]) {
  const clients: TestClient[] = [];
  for (const _text of texts) clients.push(await emulator.connect('/ws'));
  texts.forEach((text, index) => clients[index]?.send(text));
  await emulator.idle();
  return entriesOf(emulator, 'message').map(({ status, reason = '' }) => ({ status, reason }));
}

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

describe('time', () => {
  it('is up for a handler in a loop without end, and the next call is answered', async () => {
    const emulator = await start(HANDLER("if (body === 'loop') for (;;); return calls;"), {
      instances: 1,
      timeoutMs: 300,
    });
    const client = await emulator.connect('/ws');
    client.send('loop');
    await emulator.idle();
    const [{ status, durationMs = 0, reason } = { status: 0 }] = entriesOf(emulator, 'message');
    expect([status, reason]).toEqual([504, 'no answer within 300 ms']);
    expect(durationMs).toBeGreaterThanOrEqual(299);
    console.info(`a busy loop with a limit of 300 ms was ended after ${durationMs.toFixed(0)} ms`);
    await until(() => emulator.instances.list()[0]?.state === 'frozen');
    client.send('x');
    expect(await client.nextJson(PATIENCE_MS)).toBe(1);
    expect(entriesOf(emulator, 'exit')).toMatchObject([{ instance: 1, level: 'error' }]);
  });

  it('takes the other calls of the instance with it', async () => {
    const emulator = await start(HANDLER('await new Promise(() => undefined);'), {
      instances: 1,
      concurrency: 4,
      timeoutMs: 300,
    });
    const calls = await askTogether(emulator, ['a', 'b', 'c', 'd']);
    expect(calls.map(({ status }) => status).sort()).toEqual([502, 502, 502, 504]);
    expect(calls.find(({ status }) => status === 502)?.reason).toContain('another call on it took too long');
    expect(emulator.connections()).toHaveLength(4);
  });

  it('includes the cold start', async () => {
    const emulator = await start(HANDLER('return 1;'), { instances: { min: 1, max: 2 }, coldStartMs: 150 });
    await askTogether(emulator, ['a', 'b']);
    const cold = entriesOf(emulator, 'message').filter(({ coldMs }) => coldMs !== undefined);
    expect(cold).toHaveLength(1);
    expect(cold[0]?.coldMs).toBeGreaterThanOrEqual(149);
    expect(cold[0]?.durationMs).toBeGreaterThanOrEqual(149);
  });
});

describe('limits', () => {
  it('let calls wait for an instance, and refuse what is too much with 429', async () => {
    const emulator = await start(
      HANDLER('await new Promise((resolve) => setTimeout(resolve, 100)); return 1;'),
      {
        instances: 1,
        requestsLimit: 2,
      },
    );
    const calls = await askTogether(emulator, ['a', 'b', 'c', 'd', 'e']);
    expect(calls.map(({ status }) => status).sort()).toEqual([200, 200, 429, 429, 429]);
    expect(calls.find(({ status }) => status === 429)?.reason).toContain('requestsLimit');
  });

  it('refuse a handshake with 429', async () => {
    const code = `export const handler = () => new Promise((resolve) => setTimeout(resolve, 100, { statusCode: 200 }));`;
    const emulator = await start(code, { instances: 1, requestsLimit: 1 });
    const clients = await Promise.all([emulator.connect('/ws'), emulator.connect('/ws')]);
    expect(clients.map(({ handshake }) => handshake.status).sort()).toEqual([101, 429]);
  });

  it.each([
    ['objects', 'const kept = []; for (;;) kept.push(new Array(1000).fill(body));'],
    // V8 cannot stop at these: it ends the whole process that they are in.
    ['one large object', 'const kept = []; kept.length = 2 ** 31; kept.fill(body); return kept;'],
    ['text', "const kept = []; for (;;) kept.push(JSON.parse(JSON.stringify(['x'.repeat(1e6)])));"],
    ['buffers', 'globalThis.kept = Buffer.alloc(100 * 1024 * 1024, 1); return 1;'],
  ])('of memory end the instance, not the gateway or its sockets: %s', async (_what, message) => {
    const emulator = await start(HANDLER(`if (body === 'eat') { ${message} } return calls;`), {
      instances: 1,
      memoryMb: 64,
      timeoutMs: 60_000,
    });
    const client = await emulator.connect('/ws');
    client.send('eat');
    await emulator.idle();
    expect(entriesOf(emulator, 'message')).toMatchObject([
      { status: 502, reason: 'its instance is gone: out of memory: it needs more than 64 MB' },
    ]);
    client.send('x');
    expect(await client.nextJson(PATIENCE_MS)).toBe(1);
    expect(emulator.connections()).toHaveLength(1);
  });

  // With the map inline and read in the instance it takes more than 64 MB; without it 30.
  it('of memory do not count the source map, although stacks have the lines of the source', async () => {
    const lines = Array.from(
      { length: 40_000 },
      (_none, index) => `export const f${index} = () => { throw new Error('boom'); };`,
    );
    const { path, remove } = temporaryProject({ 'big.ts': lines.join('\n') });
    cleanUps.push(remove);
    const entry = `${join(path, 'big.ts')}#f39998`;
    const emulator = await startEmulator({ routes: { '/ws': { entry, instances: 1, memoryMb: 48 } } });
    cleanUps.push(() => emulator.stop());
    await emulator.connect('/ws');
    expect(entriesOf(emulator, 'connect')).toMatchObject([
      { status: 502, reason: expect.stringMatching(/^Error: boom\n.*big\.ts:39999:/) },
    ]);
    expect(entriesOf(emulator, 'exit')).toEqual([]);
  });

  it('of memory do not count garbage', async () => {
    const emulator = await start(
      HANDLER('for (let i = 0; i < 8; i++) Buffer.alloc(20e6, 1); return calls;'),
      {
        instances: 1,
      },
    );
    expect(await ask(emulator)).toBe(2);
    expect(entriesOf(emulator, 'exit')).toEqual([]);
  });
});

describe('between calls', () => {
  const LATER = 'setTimeout(() => console.log("later"), 20); return calls;';

  async function linesAfter(ms: number, source: Partial<FunctionSource>): Promise<string[]> {
    const lines: string[] = [];
    const emulator = await start(
      HANDLER(LATER),
      { instances: 1, ...source },
      {
        onOutput: ({ text }) => lines.push(text.trim()),
      },
    );
    const client = await emulator.connect('/ws');
    client.send('x');
    await client.nextJson(PATIENCE_MS);
    // Silence takes its time; a line is there when it is there.
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
    else await until(() => lines.length > 0);
    const before = [...lines];
    client.send('x');
    await client.nextJson(PATIENCE_MS);
    return [...before, '|', ...lines.slice(before.length)];
  }

  it('an instance stands still, and what fell due happens before the next call', async () => {
    expect(await linesAfter(200, {})).toEqual(['|', 'later']);
  });

  it('an instance runs on for as long as it was told to', async () => {
    expect(await linesAfter(0, { freezeAfterMs: 150 })).toEqual(['later', '|']);
    expect(await linesAfter(0, { freezeAfterMs: 'off' })).toEqual(['later', '|']);
  });

  it('says what a call has left behind, and by name whom it still asks', async () => {
    const emulator = await start(
      HANDLER(
        `
        if (body === 'timer') setTimeout(() => undefined, 60_000);
        if (body === 'interval') { setInterval(() => undefined, 60_000); setInterval(() => undefined, 60_000); }
        if (body === 'fetch') void fetch(process.env.YC_BROADCAST_ENDPOINT + '/secret').catch(() => undefined);
        if (body === 'get') get(process.env.YC_BROADCAST_ENDPOINT + '/secret').on('error', () => undefined);
        if (body === 'file') void readFile(new URL(import.meta.url));
      `,
        "import { get } from 'node:http'; import { readFile } from 'node:fs/promises';",
      ),
      { instances: 1 },
    );
    const client = await emulator.connect('/ws');
    const host = `127.0.0.1:${emulator.port}`;
    for (const text of ['timer', 'interval', 'fetch', 'get', 'file']) {
      client.send(text);
      await client.nextJson(PATIENCE_MS);
    }
    await expect(emulator.assertNoUnawaited()).rejects.toThrow(
      '#1 not finished when the call returned: 1 timer',
    );
    const found = entriesOf(emulator, 'unawaited').map(({ reason = '' }) => reason);
    expect(found).toEqual([
      expect.stringContaining(': 1 timer;'),
      expect.stringContaining(': 2 timers;'),
      expect.stringContaining(`1 request to ${host}`),
      expect.stringContaining(`1 request to ${host}`),
      expect.stringContaining('1 file operation'),
    ]);
    expect(found.join()).not.toContain('secret');
  });

  it('has nothing to say of a call that has awaited everything', async () => {
    const emulator = await start(
      HANDLER(
        `
        await new Promise((resolve) => setTimeout(resolve, 5));
        clearTimeout(setTimeout(() => undefined, 60_000));
        setInterval(() => undefined, 60_000).unref();
        await (await fetch(process.env.YC_BROADCAST_ENDPOINT)).text();
        await readFile(new URL(import.meta.url));
        await Promise.race([new Promise(() => undefined), 1]);
      `,
        "import { readFile } from 'node:fs/promises'; setInterval(() => undefined, 10);",
      ),
      { instances: 1 },
    );
    await ask(emulator);
    await ask(emulator);
    await emulator.assertNoUnawaited();
  });

  it('cannot vouch for a handler of this process', async () => {
    await using emulator = await startEmulator({ routes: { '/ws': () => ({ statusCode: 200 }) } });
    await expect(emulator.assertNoUnawaited()).rejects.toThrow('needs functions that run in instances');
  });

  it('an instance that was not needed for long ends, down to the fewest', async () => {
    const emulator = await start(
      HANDLER('await new Promise((resolve) => setTimeout(resolve, 50)); return 1;'),
      { instances: { min: 1, max: 3 }, evictAfterMs: 60_000 },
      { clock: 'manual' },
    );
    await askTogether(emulator, ['a', 'b', 'c']);
    expect(emulator.instances.list()).toHaveLength(3);
    await emulator.clock.advance('59s');
    expect(emulator.instances.list()).toHaveLength(3);
    await emulator.clock.advance('2s');
    expect(emulator.instances.list()).toHaveLength(1);
  });
});

describe('an instance that ends in the middle of calls', () => {
  const HANG = "if (body === 'hang') await new Promise(() => undefined);";

  it.each([
    ['process.exit()', 'process.exit(3);', 'the function ended its process with code 3'],
    ['process.abort()', 'process.abort();', 'its process was ended by SIGABRT'],
    ['a native crash', "process.kill(process.pid, 'SIGSEGV');", 'its process was ended by SIGSEGV'],
    [
      'an exception outside of the call',
      "setTimeout(() => { throw new Error('late'); }); await new Promise(() => undefined);",
      'Error: late',
    ],
    [
      'a rejection that nobody handles',
      "void Promise.reject(new Error('unhandled')); await new Promise(() => undefined);",
      'Error: unhandled',
    ],
  ])('by %s aborts them; the sockets stay and another takes its place', async (_how, message, reason) => {
    const emulator = await start(HANDLER(`if (body === 'end') { ${message} } ${HANG} return 'well';`), {
      instances: 1,
      concurrency: 2,
    });
    const calls = await askTogether(emulator, ['hang', 'end']);
    expect(calls).toMatchObject([
      { status: 502, reason: expect.stringContaining(reason) },
      { status: 502, reason: expect.stringContaining(reason) },
    ]);
    expect(emulator.connections()).toHaveLength(2);
    expect(await ask(emulator)).toBe('well');
    expect(emulator.instances.list()).toMatchObject([{ id: 2 }]);
  });

  it('by hand is told apart from a crash', async () => {
    const emulator = await start(HANDLER(`${HANG} return calls;`), { instances: 1 });
    const client = await emulator.connect('/ws');
    client.send('hang');
    await until(() => emulator.instances.list()[0]?.state === 'busy');
    emulator.instances.kill(1);
    await emulator.idle();
    expect(entriesOf(emulator, 'exit')).toMatchObject([
      { instance: 1, level: 'warning', reason: 'killed by hand' },
    ]);
    expect(entriesOf(emulator, 'message')).toMatchObject([{ status: 502 }]);
    client.send('x');
    expect(await client.nextJson(PATIENCE_MS)).toBe(1);
    expect(() => {
      emulator.instances.kill(1);
    }).toThrow('no instance #1');
  });

  it('while a handshake waits for it refuses that with 502', async () => {
    const emulator = await start('export const handler = () => process.exit(1);', { instances: 1 });
    const { handshake } = await emulator.connect('/ws');
    expect(handshake.status).toBe(502);
  });
});

describe('what a function finds', () => {
  it('is its environment and what was loaded before it, none of which leaks to others', async () => {
    const { path, remove } = temporaryProject({ 'first.mjs': 'globalThis.first = process.env.COLOUR;' });
    cleanUps.push(remove);
    const emulator = await start(
      HANDLER('return [process.env.COLOUR, globalThis.first, process.env.YC_BROADCAST_ENDPOINT];'),
      { env: { COLOUR: 'green' }, preload: [join(path, 'first.mjs')] },
    );
    expect(await ask(emulator)).toEqual(['green', 'green', emulator.endpoint]);
    expect(process.env['COLOUR']).toBeUndefined();
  });

  it('of a memory store is the warning that it is for one instance, once', async () => {
    const code = HANDLER(
      'return 1;',
      "import { memoryStore } from 'yc-broadcast/stores/memory'; memoryStore(); memoryStore();",
    );
    const two = await start(code, { instances: 2 });
    await ask(two);
    expect(entriesOf(two, 'notice')).toMatchObject([
      { level: 'warning', reason: expect.stringContaining('dev --instances 1') },
    ]);
    const one = await start(code, { instances: 1 });
    await ask(one);
    expect(entriesOf(one, 'notice')).toEqual([]);
  });

  it('is shared by the routes that name the same file with the same settings', async () => {
    const { path, remove } = temporaryProject({ 'ws.mjs': HANDLER('return calls;') });
    cleanUps.push(remove);
    const source = { entry: join(path, 'ws.mjs'), instances: 1 };
    await using emulator = await startEmulator({ routes: { '/a': source, '/b': { ...source } } });
    expect(emulator.instances.list()).toHaveLength(1);
  });
});

describe('restart()', () => {
  it('starts all instances afresh; calls under way end where they are', async () => {
    const emulator = await start(
      HANDLER('await new Promise((resolve) => setTimeout(resolve, 100)); return calls;'),
      { instances: 1 },
    );
    const client = await emulator.connect('/ws');
    client.send('x');
    await until(() => emulator.instances.list()[0]?.state === 'busy');
    await emulator.instances.restart();
    expect(await client.nextJson(PATIENCE_MS)).toBe(2);
    client.send('x');
    expect(await client.nextJson(PATIENCE_MS)).toBe(1);
    expect(emulator.instances.list()).toMatchObject([{ id: 2, generation: 1 }]);
  });
});

describe('settings', () => {
  it.each<[string, object, string]>([
    ['no such file', { entry: 'nothing.ts' }, "there is no file 'nothing.ts'"],
    ['fewest above most', { instances: { min: 3, max: 2 } }, 'min is more than max'],
    ['more at a time than the platform takes', { concurrency: 17 }, 'the platform takes 16 at most'],
    ['an option that does not exist', { freezeMs: 1 }, 'freezeMs'],
  ])('are refused: %s', async (_what, source, message) => {
    await expect(start(HANDLER('return 1;'), source as Partial<FunctionSource>)).rejects.toThrow(message);
  });
});
