/**
 * What an HTTP request to the same function can and cannot do. Clients choose the headers of their requests.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { createApp, parseEvent, type AppOptions } from 'yc-broadcast';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { messageEvent } from '../support/events.js';
import { storedConnection } from '../support/people.js';
import { scriptedTransport } from '../support/scripted-transport.js';

const NOW = 1_800_000_000_000;
const PREFIX = 'X-Yc-Apigateway-Websocket-';
const running: Emulator[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((emulator) => emulator.stop()));
});

function setUp(options: Partial<AppOptions> = {}) {
  const store = memoryStore({ now: () => NOW });
  const transport = scriptedTransport();
  const app = createApp({
    store,
    transport,
    origins: 'any',
    now: () => NOW,
    onError: () => undefined,
    ...options,
  });
  const seen: string[] = [];
  app.onMessage(({ connection }) => void seen.push(`message of ${connection.user ?? 'nobody'}`));
  app.onDisconnect(() => void seen.push('disconnect'));
  return { app, store, transport, seen };
}

function posing(eventType: string, id: string, more: Readonly<Record<string, string>> = {}) {
  return { [`${PREFIX}Event-Type`]: eventType, [`${PREFIX}Connection-Id`]: id, ...more };
}

describe('an HTTP request with the headers of a websocket event', () => {
  const context = { httpMethod: 'POST', identity: { sourceIp: '203.0.113.7' }, requestId: 'r' };

  it.each([
    ['0.1', { url: '/hook', path: '/hook', httpMethod: 'POST', requestContext: context, params: {} }],
    [
      '1.0',
      { version: '1.0', resource: '/hook', path: '/hook', httpMethod: 'POST', requestContext: context },
    ],
    [
      '2.0',
      { version: '2.0', rawPath: '/hook', requestContext: { http: { method: 'POST', path: '/hook' } } },
    ],
    ['no', { httpMethod: 'POST', path: '/hook' }],
  ])('stays an HTTP request: payload format %s', async (_format, shape) => {
    const { app, store, transport, seen } = setUp();
    await store.put(storedConnection('known', { user: 'ann', expiresAt: NOW + 1000 }));
    const kinds: string[] = [];
    app.onOtherEvent(({ event }) => void kinds.push(event.type));
    const attempts = [
      posing('CONNECT', 'phantom', { [`${PREFIX}Connected-At`]: '9007199254740991' }),
      posing('CONNECT', 'known'),
      posing('MESSAGE', 'known'),
      posing('MESSAGE', 'stranger'),
      posing('DISCONNECT', 'known'),
    ];
    for (const headers of attempts) {
      const multiValueHeaders = Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, [value]]),
      );
      await app.handler({ ...shape, headers, body: 'boo', isBase64Encoded: false });
      await app.handler({ ...shape, headers: {}, multiValueHeaders, body: 'boo', isBase64Encoded: false });
    }
    expect(kinds).toEqual(Array<string>(10).fill('http'));
    expect(await store.get('phantom')).toBeUndefined();
    expect(await store.get('known')).toMatchObject({ user: 'ann' });
    expect(transport.disconnected).toEqual([]);
    expect(seen).toEqual([]);
  });

  it('stays one on the local gateway', async () => {
    const { app, store } = setUp();
    app.onOtherEvent(({ event }) => ({ statusCode: 200, body: event.type }));
    const integration = { type: 'cloud_functions', function_id: 'f' };
    const emulator = await startEmulator({
      spec: { paths: { '/hook': { post: { 'x-yc-apigateway-integration': integration } } } },
      functions: app.handler,
    });
    running.push(emulator);
    const response = await fetch(`${emulator.url}/hook`, {
      method: 'POST',
      headers: posing('CONNECT', 'phantom'),
    });
    expect(await response.text()).toBe('http');
    expect(await store.get('phantom')).toBeUndefined();
  });

  it('is answered with the option to set, where an event without a context is no HTTP request', async () => {
    const { app } = setUp();
    const response = await app.handler({ headers: posing('CONNECT', 'c1') });
    expect(response.statusCode).toBe(400);
    expect(response.body).toContain('trustWebSocketHeaders');
  });

  it('is believed where the app says that nothing but the gateway reaches it', async () => {
    const { app, store, seen } = setUp({ trustWebSocketHeaders: true });
    await app.handler({ headers: posing('CONNECT', 'c1') });
    expect(await store.get('c1')).toBeDefined();
    await app.handler({ headers: posing('MESSAGE', 'c1'), body: 'hello' });
    expect(seen).toEqual(['message of nobody']);
    const event = { headers: posing('MESSAGE', 'c1'), body: '' };
    expect(parseEvent(event, NOW)).toMatchObject({ kind: 'other' });
    expect(parseEvent(event, NOW, { trustWebSocketHeaders: true })).toMatchObject({ kind: 'message' });
  });
});

describe('the time of a connection', () => {
  it.each([
    ['later than now', NOW + 1, NOW],
    ['later than any clock', Number.MAX_SAFE_INTEGER, NOW],
    ['text of 400 digits', '9'.repeat(400), NOW],
    ['before 1970', -5, 0],
    ['now', NOW, NOW],
    ['an hour ago', NOW - 3_600_000, NOW - 3_600_000],
  ])('is bounded by the clock: %s', (_name, connectedAt, expected) => {
    const raw = messageEvent('x');
    const requestContext = { ...raw.requestContext, connectedAt };
    expect(parseEvent({ ...raw, requestContext }, NOW)).toMatchObject({ connectedAt: expected });
  });

  it('is bounded where a header says it, too', async () => {
    const { app, store } = setUp({ trustWebSocketHeaders: true });
    await app.handler({
      headers: posing('CONNECT', 'c1', { [`${PREFIX}Connected-At`]: '9007199254740991' }),
    });
    expect(await store.get('c1')).toMatchObject({ connectedAt: NOW, expiresAt: NOW + 61 * 60_000 });
  });
});
