import { describe, expect, it, jest } from '@jest/globals';
import {
  BroadcastError,
  ClientFacingError,
  createApp,
  defineContract,
  refuse,
  type AppOptions,
  type ConnectionStore,
  type ErrorReport,
  type GatewayResponse,
} from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import * as z from 'zod';
import * as mini from 'zod/mini';
import { connectEvent, disconnectEvent, functionContext, messageEvent } from '../support/events.js';
import { storedConnection } from '../support/people.js';
import { scriptedTransport } from '../support/scripted-transport.js';

const contract = defineContract({
  client: {
    join: z.strictObject({ room: z.string().min(1) }),
    say: { data: z.object({ room: z.string(), text: z.string() }), reply: z.object({ id: z.string() }) },
    upload: { data: z.string(), maxBytes: 60_000 },
  },
  server: {
    said: z.object({ from: z.string().optional(), text: z.string() }),
    welcome: z.object({ you: z.string() }),
  },
});
type Chat = typeof contract;

const now = Date.now();
const soon = { connectedAt: now };

function setUp(options: Partial<AppOptions<Chat>> = {}) {
  const store = memoryStore();
  const transport = scriptedTransport();
  const errors: ErrorReport[] = [];
  const app = createApp<Chat>({
    contract,
    store,
    transport,
    origins: ['https://app.example'],
    onError: (report) => errors.push(report),
    ...options,
  });
  const call = (event: unknown): Promise<GatewayResponse> => app.handler(event, functionContext());
  const say = (body: unknown, connectionId = 'c1'): Promise<GatewayResponse> =>
    call(messageEvent(body, { connectionId, ...soon }));
  return { app, store, transport, errors, call, say };
}

function bodyOf({ body }: GatewayResponse): unknown {
  return body === undefined ? undefined : JSON.parse(body);
}

describe('connecting', () => {
  it('stores the connection for 61 minutes and accepts', async () => {
    const { store, call } = setUp();
    expect(await call(connectEvent(soon))).toEqual({ statusCode: 200 });
    expect(await store.get('c1')).toEqual({
      id: 'c1',
      user: undefined,
      attributes: {},
      connectedAt: now,
      expiresAt: now + 61 * 60_000,
    });
  });

  it('accepts origins in the list and clients without an origin', async () => {
    const { call } = setUp();
    expect(await call(connectEvent({ ...soon, headers: { Origin: 'https://app.example' } }))).toMatchObject({
      statusCode: 200,
    });
    expect(await call(connectEvent({ ...soon, connectionId: 'c2' }))).toMatchObject({ statusCode: 200 });
  });

  it.each([
    'https://app.example.evil.com',
    'https://sub.app.example',
    'http://app.example',
    'https://app.example:8443',
    'null',
  ])('refuses a page from %s and stores nothing', async (origin) => {
    const { store, call } = setUp();
    expect(await call(connectEvent({ ...soon, headers: { origin } }))).toMatchObject({ statusCode: 403 });
    expect(await store.get('c1')).toBeUndefined();
  });

  it.each(['capacitor://localhost', 'chrome-extension://abcdefghijklmnopabcdefghijklmnop'])(
    'accepts the page of an app that is listed: %s',
    async (origin) => {
      const { call } = setUp({ origins: [origin] });
      expect(await call(connectEvent({ ...soon, headers: { origin } }))).toMatchObject({ statusCode: 200 });
    },
  );

  it.each([
    ['past', now - 1, 0],
    ['seconds', Math.floor(now / 1000) + 3600, 1],
    ['no number', NaN, 0],
  ])('refuses with 401 whose identity has expired already: %s', async (_name, expiresAt, reported) => {
    const { store, call, errors } = setUp({ authenticate: () => ({ user: 'ann', expiresAt }) });
    expect(await call(connectEvent(soon))).toMatchObject({ statusCode: 401 });
    expect(await store.get('c1')).toBeUndefined();
    expect(errors).toHaveLength(reported);
    if (reported > 0) expect(String(errors[0]?.error)).toContain('got seconds; multiply by 1000');
  });

  it('accepts every origin when told so', async () => {
    const { call } = setUp({ origins: 'any' });
    expect(await call(connectEvent({ ...soon, headers: { Origin: 'null' } }))).toMatchObject({
      statusCode: 200,
    });
  });

  it('keeps user and attributes from authenticate on', async () => {
    const { store, call } = setUp({
      authenticate: ({ cookies, query }) => ({
        user: cookies.get('sid') ?? '',
        attributes: { lang: query['lang'] ?? '' },
        expiresAt: now + 5000,
      }),
    });
    await call(
      connectEvent({ ...soon, query: { lang: 'ru' }, headers: { Cookie: 'a=1; sid=ann%40x; b="2"' } }),
    );
    expect(await store.get('c1')).toMatchObject({
      user: 'ann@x',
      attributes: { lang: 'ru' },
      expiresAt: now + 5000,
    });
    expect(await store.count({ user: 'ann@x' })).toBe(1);
  });

  it('refuses with 401 whom authenticate does not know', async () => {
    const { store, call, errors } = setUp({ authenticate: () => undefined });
    expect(await call(connectEvent(soon))).toMatchObject({ statusCode: 401 });
    expect(await store.get('c1')).toBeUndefined();
    expect(errors).toEqual([]);
  });

  it('refuses with 500 and says nothing of the reason when a hook breaks', async () => {
    const { app, call, errors } = setUp();
    app.onConnect(() => {
      throw new Error('password is hunter2');
    });
    const response = await call(connectEvent(soon));
    expect(response.statusCode).toBe(500);
    expect(response.body).not.toContain('hunter2');
    expect(errors).toMatchObject([{ during: 'connect', requestId: 'r1' }]);
  });

  it('refuses as the hook says', async () => {
    const { app, store, call } = setUp();
    app.onConnect(() => refuse(409, 'one tab only'));
    const response = await call(connectEvent(soon));
    expect(response.statusCode).toBe(409);
    expect(response.body).toContain('one tab only');
    expect(await store.get('c1')).toBeUndefined();
  });

  it('lets the hook add to the identity, join rooms and send a first message', async () => {
    const { app, store, call } = setUp({
      authenticate: () => ({ user: 'ann', attributes: { plan: 'free' } }),
    });
    app.onConnect(async ({ user, attributes, join, request }) => {
      await join(request.pathParameters['room'] ?? '');
      return {
        attributes: { ...attributes, name: 'Ann' },
        message: { type: 'welcome', data: { you: user ?? '' } },
      };
    });
    const response = await call(connectEvent(soon));
    expect(response).toMatchObject({ statusCode: 200, headers: { 'Content-Type': 'application/json' } });
    expect(bodyOf(response)).toMatchObject({ type: 'welcome', data: { you: 'ann' } });
    expect(await store.get('c1')).toMatchObject({ user: 'ann', attributes: { plan: 'free', name: 'Ann' } });
    expect(await store.rooms('c1')).toEqual(['lobby']);
  });

  it('answers with the first subprotocol that both sides speak', async () => {
    const { call } = setUp({ subprotocols: ['chat.v1', 'chat.v2'] });
    const offered = { 'Sec-Websocket-Protocol': 'soap, chat.v2, chat.v1' };
    expect(await call(connectEvent({ ...soon, headers: offered }))).toEqual({
      statusCode: 200,
      headers: { 'Sec-Websocket-Protocol': 'chat.v2' },
    });
    expect(await call(connectEvent({ ...soon, connectionId: 'c2' }))).toEqual({ statusCode: 200 });
  });

  it('does not bring back a connection whose disconnect came first', async () => {
    const { store, call } = setUp();
    await call(disconnectEvent(soon));
    expect((await call(connectEvent(soon))).statusCode).toBe(410);
    expect(await store.get('c1')).toBeUndefined();
  });

  it('refuses with 503 when the store is down', async () => {
    const store: ConnectionStore = {
      ...memoryStore(),
      put: () => Promise.reject(new BroadcastError('STORE_UNAVAILABLE', 'down')),
    };
    const { call, errors } = setUp({ store });
    expect(await call(connectEvent(soon))).toMatchObject({ statusCode: 503 });
    expect(errors).toHaveLength(1);
  });
});

describe('messages', () => {
  async function chatting(options: Partial<AppOptions<Chat>> = {}) {
    const setup = setUp(options);
    setup.app.on('join', ({ data, connection }) => connection.join(data.room));
    setup.app.on('say', async ({ data, connection, to }) => {
      const report = await to(data.room)
        .except(connection)
        .send('said', { from: connection.user, text: data.text });
      return { id: report.id };
    });
    for (const id of ['c1', 'c2', 'c3']) await setup.store.put(storedConnection(id, { user: `user-${id}` }));
    return setup;
  }

  it('reach the others in the room, and the reply goes back in the response', async () => {
    const { say, transport } = await chatting();
    await say({ type: 'join', data: { room: 'lobby' } }, 'c1');
    await say({ type: 'join', data: { room: 'lobby' } }, 'c2');
    const response = await say({ type: 'say', data: { room: 'lobby', text: 'hi' }, id: 'm1' });
    expect(response).toMatchObject({ statusCode: 200, headers: { 'Content-Type': 'application/json' } });
    expect(bodyOf(response)).toEqual({ type: 'reply', replyTo: 'm1', data: { id: expect.any(String) } });
    expect([...transport.received.keys()]).toEqual(['c2']);
    expect(JSON.parse(transport.received.get('c2')?.[0] ?? '')).toMatchObject({
      type: 'said',
      data: { from: 'user-c1', text: 'hi' },
    });
  });

  it('that are answered with a delivery report show its counts, not its cursor or its failures', async () => {
    const { app, store, say } = setUp({
      broadcast: { retries: 0, includeIds: true },
      transport: scriptedTransport(() => 'FORBIDDEN'),
    });
    app.on('join', ({ data, to }) => to(data.room).send('said', { text: 'somebody came' }));
    await store.put(storedConnection('c1'));
    await store.put(storedConnection('secret-id'));
    await store.join('secret-id', 'r');
    const response = await say({ type: 'join', data: { room: 'r' }, id: 'm1' });
    expect(response.body).not.toContain('secret-id');
    expect(bodyOf(response)).toEqual({
      type: 'reply',
      replyTo: 'm1',
      data: {
        id: expect.any(String),
        recipients: 1,
        delivered: 0,
        stale: 0,
        failed: 1,
        skipped: 0,
        kind: 'sent',
        complete: true,
      },
    });
  });

  it('get an empty reply only if the client waits for one', async () => {
    const { say } = await chatting();
    expect(await say({ type: 'join', data: { room: 'r' } })).toEqual({ statusCode: 200 });
    expect(bodyOf(await say({ type: 'join', data: { room: 'r' }, id: '7' }))).toEqual({
      type: 'reply',
      replyTo: '7',
    });
  });

  it.each([
    ['no JSON', 'hello', { code: 'INVALID_MESSAGE', message: 'expected one JSON object' }],
    ['a list', '[]', { code: 'INVALID_MESSAGE' }],
    ['no type', { data: 1 }, { code: 'INVALID_MESSAGE', path: ['type'] }],
    ['an unknown type', { type: 'dance' }, { code: 'UNKNOWN_TYPE', path: ['type'] }],
    ['a type that every object has', { type: 'constructor' }, { code: 'UNKNOWN_TYPE' }],
    [
      'a field that fails the schema',
      { type: 'say', data: { room: 'r' } },
      { code: 'INVALID_MESSAGE', path: ['data', 'text'] },
    ],
    ['no data', { type: 'join' }, { code: 'INVALID_MESSAGE', path: ['data'] }],
    [
      'an unknown field',
      { type: 'join', data: { room: 'r', admin: true } },
      { code: 'INVALID_MESSAGE', path: ['data'] },
    ],
    ['an id that is too long', { type: 'join', data: { room: 'r' }, id: 'x'.repeat(65) }, { path: ['id'] }],
    ['bytes', new Uint8Array([1]), { code: 'INVALID_MESSAGE' }],
  ])('with %s get an error reply with code and path', async (_name, body, error) => {
    const { say, errors } = await chatting();
    const response = await say(body);
    expect(response).toMatchObject({ statusCode: 200, headers: { 'Content-Type': 'application/json' } });
    expect(bodyOf(response)).toMatchObject({ type: 'error', error });
    expect(errors).toEqual([]);
  });

  it('repeat the id in an error, so that the client knows which message it was', async () => {
    const { say } = await chatting();
    expect(bodyOf(await say({ type: 'say', data: {}, id: 'm9' }))).toMatchObject({
      type: 'error',
      replyTo: 'm9',
    });
  });

  it('over the size limit are refused, over that of their type as well', async () => {
    const { app, say } = await chatting({ maxMessageBytes: 1000 });
    app.on('upload', ({ data }) => data.length);
    const tooLarge = { type: 'error', error: { code: 'PAYLOAD_TOO_LARGE' } };
    expect(bodyOf(await say({ type: 'say', data: { room: 'r', text: 'я'.repeat(500) } }))).toMatchObject(
      tooLarge,
    );
    expect(bodyOf(await say({ type: 'upload', data: 'x'.repeat(50_000), id: '1' }))).toMatchObject({
      data: 50_000,
    });
    expect(bodyOf(await say({ type: 'upload', data: 'x'.repeat(60_000) }))).toMatchObject(tooLarge);
    expect(bodyOf(await say('x'.repeat(200_000)))).toMatchObject(tooLarge);
  });

  it('do not touch the store when they are malformed', async () => {
    const get = jest.fn<ConnectionStore['get']>();
    const { say } = setUp({ store: { ...memoryStore(), get } });
    await say('garbage');
    expect(get).not.toHaveBeenCalled();
  });

  it('of a connection that the store has lost tell the client to connect again', async () => {
    const { say } = await chatting();
    expect(bodyOf(await say({ type: 'join', data: { room: 'r' } }, 'stranger'))).toMatchObject({
      error: { code: 'CONNECTION_STALE', message: expect.stringContaining('connect again') },
    });
  });

  it('whose handler breaks get an error without details, and the app is told', async () => {
    const { app, store, call, errors } = setUp();
    await store.put(storedConnection('c1'));
    app.on('join', () => {
      throw new Error('secret path /etc');
    });
    const response = await call(messageEvent({ type: 'join', data: { room: 'r' }, id: '1' }, soon));
    expect(bodyOf(response)).toEqual({
      type: 'error',
      replyTo: '1',
      error: { code: 'INTERNAL', message: 'the server failed to handle this' },
    });
    expect(errors).toMatchObject([{ during: "message 'join'" }]);
  });

  it('can be answered with an error of the application', async () => {
    const { app, store, say, errors } = setUp();
    await store.put(storedConnection('c1'));
    app.on('join', () => {
      throw new ClientFacingError('ROOM_FULL', 'This room is full', ['data', 'room']);
    });
    expect(bodyOf(await say({ type: 'join', data: { room: 'r' } }))).toMatchObject({
      error: { code: 'ROOM_FULL', message: 'This room is full', path: ['data', 'room'] },
    });
    expect(errors).toEqual([]);
  });

  it('whose reply breaks the contract are an error of the server', async () => {
    const { app, store, say, errors } = setUp();
    await store.put(storedConnection('c1'));
    // @ts-expect-error: the contract says that the id is a string
    app.on('say', () => ({ id: 7 }));
    expect(bodyOf(await say({ type: 'say', data: { room: 'r', text: '' } }))).toMatchObject({
      error: { code: 'INTERNAL' },
    });
    expect(String(errors[0]?.error)).toMatch(/the reply to 'say' does not fit the contract at 'id'/);
  });

  it('may only join rooms that authorize allows', async () => {
    const { say, store } = await chatting({
      authorize: ({ connection, room }) => room === `home-${connection.user ?? ''}`,
    });
    expect(bodyOf(await say({ type: 'join', data: { room: 'other' } }))).toMatchObject({
      error: { code: 'FORBIDDEN' },
    });
    await say({ type: 'join', data: { room: 'home-user-c1' } });
    expect(await store.rooms('c1')).toEqual(['home-user-c1']);
  });
});

describe('the connection in a handler', () => {
  it('leaves rooms, changes attributes and closes', async () => {
    const { app, store, transport, say } = setUp();
    await store.put(storedConnection('c1'));
    app.on('join', async ({ data, connection }) => {
      await connection.join(data.room);
      await connection.join('second');
      await connection.leave(data.room);
      await connection.setAttributes({ seen: await connection.rooms() });
      await connection.disconnect();
    });
    expect(await say({ type: 'join', data: { room: 'first' } })).toEqual({ statusCode: 200 });
    expect(await store.get('c1')).toMatchObject({ attributes: { seen: ['second'] } });
    expect(transport.disconnected).toEqual(['c1']);
  });
});

describe('an app without a contract', () => {
  function raw() {
    const store = memoryStore();
    const app = createApp({ store, transport: scriptedTransport(), origins: 'any' });
    return { app, store };
  }

  it.each<[string, unknown, Partial<GatewayResponse>]>([
    ['text', 'hi', { headers: { 'Content-Type': 'text/plain' }, body: 'hi' }],
    [
      'bytes',
      new Uint8Array([1, 2]),
      { headers: { 'Content-Type': 'application/octet-stream' }, body: 'AQI=', isBase64Encoded: true },
    ],
    ['an object', { a: 1 }, { headers: { 'Content-Type': 'application/json' }, body: '{"a":1}' }],
    ['nothing', undefined, {}],
  ])('replies with %s', async (_name, result, response) => {
    const { app, store } = raw();
    await store.put(storedConnection('c1'));
    app.onMessage(() => result);
    expect(await app.handler(messageEvent('x', soon))).toEqual({ statusCode: 200, ...response });
  });

  it('gives the handler text and bytes as they came', async () => {
    const { app, store } = raw();
    await store.put(storedConnection('c1'));
    const bodies: unknown[] = [];
    app.onMessage(({ body }) => void bodies.push(body));
    await app.handler(messageEvent('{"not":"parsed"', soon));
    await app.handler(messageEvent(new Uint8Array([7]), soon));
    expect(bodies).toEqual(['{"not":"parsed"', new Uint8Array([7])]);
  });

  it('refuses handlers for types', () => {
    // @ts-expect-error: there is no contract
    expect(() => raw().app.on('say', () => undefined)).toThrow(/INVALID_OPTIONS: on\('say'\)/);
  });
});

describe('disconnecting', () => {
  it('removes the connection and tells the hook what was known of it', async () => {
    const { app, store, call } = setUp();
    const seen: unknown[] = [];
    app.onDisconnect(
      ({ connection, rooms, code, reason }) => void seen.push([connection.user, rooms, code, reason]),
    );
    await store.put(storedConnection('c1', { user: 'ann' }));
    await store.join('c1', 'lobby');
    expect(await call(disconnectEvent({ ...soon, code: 1006, reason: 'gone' }))).toEqual({ statusCode: 200 });
    expect(seen).toEqual([['ann', ['lobby'], 1006, 'gone']]);
    expect(await store.get('c1')).toBeUndefined();
    expect(await store.count({ room: 'lobby' })).toBe(0);
  });

  it('removes the connection although the hook breaks', async () => {
    const { app, store, call, errors } = setUp();
    app.onDisconnect(() => Promise.reject(new Error('boom')));
    await store.put(storedConnection('c1'));
    expect(await call(disconnectEvent(soon))).toEqual({ statusCode: 200 });
    expect(await store.get('c1')).toBeUndefined();
    expect(errors).toMatchObject([{ during: 'disconnect' }]);
  });

  it('does not call the hook for a connection that was never stored', async () => {
    const { app, call } = setUp();
    const hook = jest.fn<() => void>();
    app.onDisconnect(hook);
    await call(disconnectEvent(soon));
    expect(hook).not.toHaveBeenCalled();
  });
});

describe('use', () => {
  it('wraps every websocket event, the first one outermost, and may answer itself', async () => {
    const { app, call } = setUp();
    const log: string[] = [];
    app.use(async ({ event }, next) => {
      log.push(`a ${event.kind}`);
      const response = await next();
      log.push(`a ${response.statusCode}`);
      return response;
    });
    app.use(async ({ event }, next) => {
      log.push(`b ${event.kind}`);
      return event.kind === 'message' ? { statusCode: 200, body: 'limited' } : next();
    });
    await call(connectEvent(soon));
    expect(await call(messageEvent('x', soon))).toEqual({ statusCode: 200, body: 'limited' });
    expect(log).toEqual(['a connect', 'b connect', 'a 200', 'a message', 'b message', 'a 200']);
  });

  it('that throws becomes an error for the client, not for the platform', async () => {
    const { app, call } = setUp();
    app.use(() => Promise.reject(new Error('boom')));
    expect(bodyOf(await call(messageEvent('x', soon)))).toMatchObject({
      type: 'error',
      error: { code: 'INTERNAL' },
    });
    expect(await call(connectEvent(soon))).toMatchObject({ statusCode: 500 });
  });
});

describe('onError', () => {
  it('that throws rejects no call, and both errors are written the default way', async () => {
    const write = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const { app, call } = setUp({
      onError: () => {
        throw new Error('of onError');
      },
    });
    app.use(() => Promise.reject(new TypeError('of a middleware')));
    expect(await call(connectEvent(soon))).toMatchObject({ statusCode: 500 });
    expect(
      write.mock.calls.map(([line]) => (JSON.parse(String(line)) as { message: string }).message),
    ).toEqual(['connect: UNKNOWN', 'onError: UNKNOWN']);
    write.mockRestore();
  });

  it('by default prints no text that looks like a line of a stack', async () => {
    const write = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const { app, call } = setUp({ onError: undefined });
    app.use(() => Promise.reject(new Error('said\n    at secret (/etc/passwd:1:1)')));
    await call(connectEvent(soon));
    expect(String(write.mock.calls[0]?.[0])).toContain('app.test');
    expect(String(write.mock.calls[0]?.[0])).not.toContain('secret');
    write.mockRestore();
  });
});

describe('other events', () => {
  const timer = {
    messages: [{ event_metadata: { event_type: 'yandex.cloud.events.serverless.triggers.TimerMessage' } }],
  };

  it('are handed on with the tools to broadcast', async () => {
    const { app, store, transport, call } = setUp();
    await store.put(storedConnection('c1'));
    app.onOtherEvent(async ({ event, toAll }) => {
      await toAll().send('said', { text: event.type });
      return { statusCode: 202 };
    });
    expect(await call({ httpMethod: 'POST', path: '/publish', headers: {} })).toEqual({ statusCode: 202 });
    expect(transport.received.get('c1')?.[0]).toContain('http');
  });

  it('without a hook get a 404, or reject when answering would lose them', async () => {
    const { call } = setUp();
    expect(await call({ httpMethod: 'GET', path: '/', headers: {} })).toMatchObject({ statusCode: 404 });
    expect(await call({})).toMatchObject({ statusCode: 400 });
    await expect(call(timer)).rejects.toThrow(/INVALID_EVENT: a timer event came/);
  });

  it.each([['CONNECT'], ['DISCONNECT'], ['DANCE']])(
    'that are malformed get a 400 that names the field: %s',
    async (eventType) => {
      const { call } = setUp();
      const response = await call({ requestContext: { eventType } });
      expect(response.statusCode).toBe(400);
      expect(response.body).toContain('INVALID_EVENT');
      expect(response.body).toContain('requestContext.');
    },
  );

  it.each([
    ['its context', { requestContext: { eventType: 'MESSAGE' } }],
    ['a header', { headers: { 'x-yc-apigateway-websocket-event-type': 'MESSAGE' } }],
  ])('that are malformed messages by %s get an error message, with status 200', async (_by, event) => {
    const { call, errors } = setUp({ trustWebSocketHeaders: true });
    const response = await call(event);
    expect(response).toMatchObject({ statusCode: 200, headers: { 'Content-Type': 'application/json' } });
    expect(bodyOf(response)).toMatchObject({
      type: 'error',
      error: { code: 'INVALID_EVENT', message: expect.stringContaining('requestContext.connectionId') },
    });
    expect(errors).toHaveLength(1);
  });
});

describe('createApp', () => {
  it.each([
    [{ origins: undefined }, /createApp\.origins: is required/],
    [
      { origins: ['https://app.example/'] },
      /createApp\.origins\.0: 'https:\/\/app\.example\/' is not an origin/,
    ],
    [{ origins: ['https://чат.рф'] }, /browsers send 'https:\/\/xn--80a0bn\.xn--p1ai', so write that/],
    [{ origins: ['https://APP.example'] }, /browsers send 'https:\/\/app\.example', so write that/],
    [{ origins: ['https://*.example'] }, /'https:\/\/\*\.example' has a wildcard; list each origin in full/],
    [{ origins: ['wss://app.example'] }, /'wss:\/\/app\.example' is not an origin; write scheme/],
    [{ origins: ['null'] }, /'null' is not an origin/],
    [{ store: undefined }, /createApp\.store: expected a connection store/],
    [{ orgins: [] }, /createApp: Unrecognized key: "orgins"/],
    [{ maxMessageBytes: 131_073 }, /createApp\.maxMessageBytes/],
    [{ broadcast: { concurency: 3 } }, /createApp\.broadcast: Unrecognized key: "concurency"/],
    [{ queue: {} }, /createApp\.queue: is an option of broadcast: broadcast: \{ fanout: queueFanout/],
    [{ maxPerSecond: 5 }, /createApp\.maxPerSecond: is an option of broadcast/],
    [{ history: {} }, /createApp\.history: is an option of rooms: rooms: \{ history: … \}/],
  ])('refuses %p', (wrong, message) => {
    expect(() => setUp(wrong as Partial<AppOptions<Chat>>)).toThrow(message);
  });

  it('refuses a second handler for the same thing, and one for an unknown type', () => {
    const { app } = setUp();
    app.on('join', () => undefined).onConnect(() => undefined);
    expect(() => app.on('join', () => undefined)).toThrow(/on\('join'\): already set/);
    expect(() => app.onConnect(() => undefined)).toThrow(/onConnect: already set/);
    // @ts-expect-error: not in the contract
    expect(() => app.on('dance', () => undefined)).toThrow(/no such type/);
  });

  it('takes a contract of zod/mini', async () => {
    const small = defineContract({
      client: { add: { data: mini.object({ a: mini.number() }), reply: mini.number() } },
      server: {},
    });
    const store = memoryStore();
    await store.put(storedConnection('c1'));
    const app = createApp({ contract: small, store, transport: scriptedTransport(), origins: 'any' });
    app.on('add', ({ data }) => data.a + 1);
    const say = async (data: unknown) => bodyOf(await app.handler(messageEvent({ type: 'add', data })));
    expect(await say({ a: 1 })).toEqual({ type: 'reply', data: 2 });
    expect(await say({ a: 'x' })).toMatchObject({ error: { code: 'INVALID_MESSAGE', path: ['data', 'a'] } });
  });

  it('refuses a contract that uses names of the protocol', () => {
    for (const type of ['reply', 'error', '$welcome']) {
      expect(() => defineContract({ client: { [type]: z.string() }, server: {} })).toThrow(
        /is reserved by the protocol/,
      );
    }
  });

  it.each([
    [undefined, 'contract.client: expected an object of schemas by name, or {} when there is none'],
    [{ client: {} }, 'contract.server: expected an object of schemas by name, or {} when there is none'],
    [{ server: {} }, 'contract.client: expected an object of schemas by name, or {} when there is none'],
    [{ client: {}, server: {}, sever: {} }, 'contract.sever: there is no such part; a contract has client,'],
  ])('refuses a contract such as %j', (contract, problem) => {
    expect(() => defineContract(contract as never)).toThrow(`INVALID_OPTIONS: ${problem}`);
  });
});
