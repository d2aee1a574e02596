/** Lines of the platform's structured logs: what each says, how important it is, what it leaves out. */
import { describe, expect, it } from '@jest/globals';
import {
  BroadcastError,
  ClientFacingError,
  createApp,
  defineContract,
  type ConnectionStore,
} from 'yc-broadcast';
import { hashId, logs, type LogsOptions } from 'yc-broadcast/logs';
import { memoryStore } from 'yc-broadcast/stores/memory';
import * as z from 'zod';
import { connectEvent, disconnectEvent, functionContext, messageEvent } from '../support/events.js';
import { scriptedTransport, type Script } from '../support/scripted-transport.js';

const contract = defineContract({
  client: { say: z.object({ text: z.string() }), fail: z.object({}), full: z.object({}) },
  server: { said: z.object({ text: z.string() }) },
});

type Line = Record<string, unknown>;

function startApp(options: LogsOptions = {}, script?: Script, store: ConnectionStore = memoryStore()) {
  const lines: Line[] = [];
  const log = logs({ write: (line) => lines.push(JSON.parse(line) as Line), ...options });
  const app = createApp({
    contract,
    store,
    transport: scriptedTransport(script),
    origins: 'any',
    authenticate: ({ connectionId }) => ({ user: `u-${connectionId}` }),
    broadcast: { retries: 0 },
    observe: [log],
    onError: log.onError,
  });
  app.onConnect(({ join }) => join('lobby'));
  app.on('say', async ({ data, to }) => {
    await to('lobby').send('said', data);
  });
  app.on('fail', () => Promise.reject(new TypeError('nobody should read this')));
  app.on('full', () => Promise.reject(new ClientFacingError('ROOM_FULL', 'no')));
  const call = (event: unknown) => app.handler(event, functionContext());
  return {
    app,
    log,
    lines,
    connect: (connectionId: string) => call(connectEvent({ connectionId, connectedAt: Date.now() })),
    send: (type: string, connectionId = 'a') =>
      call(messageEvent({ type, data: type === 'say' ? { text: 'hello' } : {} }, { connectionId })),
    disconnect: (connectionId: string) => call(disconnectEvent({ connectionId, code: 1006 })),
  };
}

function manyWords(): string[] {
  return Array.from({ length: 2400 }, (_, n) => `word-${n}`);
}

const id = (text: string): string => hashId('d4efunction', text);

describe('the line of a call', () => {
  it('says what it was, how it ended, whose it was and how long it took', async () => {
    const { lines, connect, send, disconnect } = startApp();
    await connect('a');
    await send('say');
    await disconnect('a');
    const common = {
      level: 'INFO',
      line: 'invocation',
      route: '/ws/{room}',
      outcome: 'ok',
      connection: id('a'),
      requestId: 'r1',
      functionVersion: 'd4eversion',
      durationMs: expect.any(Number),
    };
    expect(lines.filter(({ line }) => line === 'invocation')).toEqual([
      {
        ...common,
        message: expect.stringMatching(/^connect: ok, [\d.]+ ms$/),
        event: 'connect',
        status: 200,
        coldStart: true,
        user: id('u-a'),
      },
      {
        ...common,
        message: expect.stringMatching(/^message say: ok, [\d.]+ ms$/),
        event: 'message',
        type: 'say',
        user: id('u-a'),
      },
      { ...common, message: expect.stringMatching(/^disconnect: ok/), event: 'disconnect', closeCode: 1006 },
    ]);
  });

  it('is a warning when the client was refused, and an error when something is broken', async () => {
    const { lines, connect, send } = startApp();
    await connect('a');
    for (const type of ['full', 'unknown', 'fail']) await send(type);
    const calls = lines.filter(({ line }) => line === 'invocation').slice(1);
    expect(calls.map(({ level, type, outcome, code }) => [level, type, outcome, code])).toEqual([
      ['WARN', 'full', 'refused', 'ROOM_FULL'],
      ['WARN', undefined, 'refused', 'UNKNOWN_TYPE'],
      ['ERROR', 'fail', 'error', 'INTERNAL'],
    ]);
  });
});

describe('the line of a broadcast', () => {
  it('has the counts of its report and the codes of its failures', async () => {
    const { lines, connect, send } = startApp({}, (connectionId) => {
      if (connectionId === 'b') return 'FORBIDDEN';
      return connectionId === 'c' ? 'CONNECTION_STALE' : 'ok';
    });
    for (const connectionId of ['a', 'b', 'c']) await connect(connectionId);
    await send('say');
    const [line] = lines.filter((one) => one['line'] === 'broadcast');
    expect(line).toMatchObject({
      level: 'WARN',
      message: expect.stringMatching(/^broadcast to a room: 1 of 3 delivered, 1 stale, 1 failed, \d+ ms$/),
      to: 'room',
      room: id('lobby'),
      delivered: 1,
      stale: 1,
      failed: 1,
      codes: { FORBIDDEN: 1 },
      stoppedBy: 'done',
      requestId: 'r1',
    });
  });

  it('says to whom, and never the name', async () => {
    const { lines, connect, app } = startApp();
    await connect('a');
    lines.length = 0;
    const { to, toUser, toConnection, toAll } = app.broadcaster;
    for (const audience of [to('lobby'), toUser('u-a'), toConnection('a'), toAll()])
      await audience.sendRaw('hi');
    expect(lines).toMatchObject([
      { message: expect.stringMatching(/^broadcast to a room: 1 of 1/), to: 'room', room: id('lobby') },
      { message: expect.stringMatching(/^broadcast to a user: 1 of 1/), to: 'user', user: id('u-a') },
      {
        message: expect.stringMatching(/^broadcast to a connection: 1 of 1/),
        to: 'connection',
        connection: id('a'),
      },
      { message: expect.stringMatching(/^broadcast to all: 1 of 1/), to: 'all' },
    ]);
  });

  it('is an error when it could not begin', async () => {
    const store = {
      ...memoryStore(),
      list: () => Promise.reject(new BroadcastError('STORE_UNAVAILABLE', 'down')),
    };
    const { lines, app } = startApp({}, undefined, store);
    await expect(app.broadcaster.toAll().sendRaw('hi')).rejects.toThrow('down');
    expect(lines).toEqual([
      {
        level: 'ERROR',
        message: 'broadcast to all: refused STORE_UNAVAILABLE',
        line: 'broadcast',
        to: 'all',
        code: 'STORE_UNAVAILABLE',
      },
    ]);
  });
});

describe('the line of an error', () => {
  it('has the code and the place, and no message', async () => {
    const { lines, connect, send } = startApp();
    await connect('a');
    await send('fail');
    const [line] = lines.filter((one) => one['line'] === 'error');
    expect(line).toMatchObject({
      level: 'ERROR',
      message: "message 'fail': UNKNOWN",
      code: 'UNKNOWN',
      error: 'TypeError',
    });
    expect(line?.['stack']).toMatch(/^ +at .*logs\.test\.ts:\d+:\d+\)?\n/);
    expect(JSON.stringify(lines)).not.toContain('nobody should read');
  });

  it('shows those on demand, without what stood in the event', async () => {
    const { lines, app, connect } = startApp({ errorMessages: true });
    app.onDisconnect(({ connection, reason }) => {
      throw new Error(`no row for ${connection.id}: "${reason ?? ''}"`);
    });
    await connect('conn-1');
    const gone = { connectionId: 'conn-1', reason: 'swordfish' };
    await app.handler(disconnectEvent(gone), functionContext());
    expect(lines.at(-1)).toMatchObject({
      message: 'disconnect: UNKNOWN: no row for […]: "[…]"',
      error: 'Error',
    });
  });

  it('is written of a message that is nested 8,000 deep, or full of words, and the client is answered', async () => {
    const { app, lines, connect } = startApp({ errorMessages: true });
    await connect('a');
    const deep = `{"type":"fail","data":{"a":${'['.repeat(8000)}${']'.repeat(8000)}}}`;
    const wordy = JSON.stringify({ type: 'fail', data: { list: manyWords() } });
    for (const body of [deep, wordy]) {
      lines.length = 0;
      const startedAt = performance.now();
      const response = await app.handler(messageEvent(body, { connectionId: 'a' }), functionContext());
      expect(performance.now() - startedAt).toBeLessThan(2000);
      expect(response.body).toContain('INTERNAL');
      const line = lines.find((one) => one['line'] === 'error');
      expect(line).toMatchObject({ error: 'TypeError', during: "message 'fail'" });
      expect(JSON.stringify(line)).not.toContain('nobody should read this');
    }
  });

  it('shows no line of a message that looks like one of a stack', async () => {
    const { app, lines, connect, send } = startApp();
    app.use(() => {
      throw new Error('said\n    at secret (/etc/passwd:1:1)');
    });
    await connect('a');
    await send('say');
    const text = lines.map((line) => JSON.stringify(line)).join();
    expect(text).not.toContain('secret');
    expect(text).toContain('logs.test');
  });

  it('has the system code behind it, too', async () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const down = new BroadcastError('STORE_UNAVAILABLE', 'Redis: no answer from :6379 to sid=s3cr3t-cookie', {
      cause,
    });
    const { lines, app } = startApp({ errorMessages: true }, undefined, {
      ...memoryStore(),
      put: () => Promise.reject(down),
    });
    const headers = { Cookie: 'sid=s3cr3t-cookie; theme=dark' };
    await app.handler(connectEvent({ headers, connectedAt: Date.now() }), functionContext());
    expect(lines.at(-1)).toMatchObject({
      message: 'connect: STORE_UNAVAILABLE: Redis: no answer from :6379 to sid=[…]',
      cause: 'Error ECONNREFUSED',
    });
  });
});

describe('lines', () => {
  it('are left out below a level, also by a variable', async () => {
    const quiet = startApp({ level: 'WARN' });
    await quiet.connect('a');
    await quiet.send('full');
    expect(quiet.lines.map(({ level }) => level)).toEqual(['WARN']);

    process.env['YC_BROADCAST_LOG_LEVEL'] = 'ERROR';
    try {
      const quieter = startApp();
      await quieter.connect('a');
      await quieter.send('full');
      await quieter.send('fail');
      expect(quieter.lines.map(({ level }) => level)).toEqual(['ERROR', 'ERROR']);
      process.env['YC_BROADCAST_LOG_LEVEL'] = 'loud';
      expect(() => logs()).toThrow(/YC_BROADCAST_LOG_LEVEL/);
    } finally {
      delete process.env['YC_BROADCAST_LOG_LEVEL'];
    }
  });

  it('carry a stream name and what else is asked for, and are one line of 64 KB at most', () => {
    const lines: string[] = [];
    const { logger } = logs({
      streamName: 'chat',
      fields: () => ({ traceId: 't1' }),
      write: (line) => lines.push(line),
    });
    logger.info('two\nlines', { big: 10n, error: new Error('nobody should read this') });
    logger.info('too long', { text: 'я'.repeat(40_000) });
    const circle: Record<string, unknown> = {};
    circle['circle'] = circle;
    logger.fatal('circular', circle);
    expect(lines.every((line) => !line.includes('\n') && Buffer.byteLength(line) <= 65_536)).toBe(true);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        traceId: 't1',
        big: '10',
        error: { name: 'Error' },
        level: 'INFO',
        message: 'two\nlines',
        stream_name: 'chat',
      },
      { level: 'INFO', message: 'too long', stream_name: 'chat', cut: true },
      { level: 'FATAL', message: 'circular', stream_name: 'chat', cut: true },
    ]);
  });

  it('name the same id in the same way, and differently under another key', async () => {
    const [first, second, other] = [startApp(), startApp(), startApp({ hashKey: 'own' })];
    for (const { connect } of [first, second, other]) await connect('a');
    const [a, b, c] = [first, second, other].map(({ lines }) => lines[0]?.['connection']);
    expect(a).toBe(b);
    expect(a).toMatch(/^[0-9a-f]{12}$/);
    expect(c).toBe(hashId('own', 'a'));
    expect(c).not.toBe(a);
  });

  it('refuse options that do not exist', () => {
    expect(() => logs({ levl: 'INFO' } as never)).toThrow(/INVALID_OPTIONS: logs/);
    expect(() => logs({ streamName: 'x'.repeat(64) })).toThrow(/logs\.streamName/);
  });
});
