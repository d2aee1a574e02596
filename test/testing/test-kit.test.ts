/**
 * The kit for users' own handlers: it drives them as the gateway does, and each of its expectations fails
 * when it should.
 */
import { describe, expect, it } from '@jest/globals';
import type { SendFault } from 'yc-broadcast/emulator';
import { AssertionError } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createApp, defineContract, parseEvent, refuse, type GatewayEvent } from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { createTestKit, transportContract, type KitWorld, type TestKitOptions } from 'yc-broadcast/testing';
import { restTransport } from 'yc-broadcast/transports/rest';
import * as z from 'zod';
import { temporaryProject } from '../support/cli.js';
import { sent } from '../support/sent.js';

const contract = defineContract({
  client: {
    join: z.object({ room: z.string() }),
    say: {
      data: z.object({ room: z.string(), text: z.string() }),
      reply: z.object({ delivered: z.number(), stale: z.number() }),
    },
    kick: z.object({ id: z.string() }),
    ping: z.undefined(),
  },
  server: { welcome: z.object({ user: z.string() }), said: z.object({ from: z.string(), text: z.string() }) },
});

/** A chat as users write it: everything that a test replaces comes in. */
function createChat({ transport, now }: KitWorld) {
  const app = createApp({
    contract,
    store: memoryStore({ now }),
    transport,
    origins: ['https://chat.example'],
    subprotocols: ['chat.v1'],
    broadcast: { minDelayMs: 1, maxDelayMs: 2, timeoutMs: 100 },
    authenticate: ({ query }) => (query['user'] === undefined ? undefined : { user: query['user'] }),
  });
  app.onConnect(({ user, request }) => {
    if (request.query['banned'] !== undefined) return refuse(410, 'banned');
    return { message: { type: 'welcome', data: { user } } };
  });
  app.on('join', ({ data, connection }) => connection.join(data.room));
  app.on('say', async ({ data, connection, to }) => {
    const others = to(data.room).except(connection);
    return sent(await others.send('said', { from: connection.user, text: data.text }));
  });
  app.on('kick', ({ data }) => transport.disconnect(data.id, { timeoutMs: 1000 }));
  app.on('ping', () => undefined);
  app.onDisconnect(async ({ rooms, connection, to }) => {
    for (const room of rooms) await to(room).send('said', { from: connection.user, text: 'bye' });
  });
  return app;
}

async function room(options?: TestKitOptions) {
  const kit = createTestKit(createChat, options);
  const anna = await kit.connect('/ws', { query: { user: 'anna' } });
  const boris = await kit.connect('/ws', { query: { user: 'boris' } });
  for (const person of [anna, boris]) {
    await person.expectBroadcast('welcome');
    await person.push('join', { room: 'lobby' });
  }
  return { kit, anna, boris };
}

/** The message of the assertion that has to fail. */
async function complaintOf(expectation: Promise<unknown>): Promise<string> {
  const error: unknown = await expectation.then(
    () => new Error('the expectation held'),
    (reason: unknown) => reason,
  );
  if (error instanceof AssertionError) return error.message;
  throw error;
}

/** A handler without a contract that sends back what it is sent. */
const echo = (event: {
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  readonly requestContext: { readonly eventType: string };
}) => {
  const { body, isBase64Encoded = false, requestContext } = event;
  if (requestContext.eventType !== 'MESSAGE') return { statusCode: 200 };
  const headers = isBase64Encoded ? {} : { 'Content-Type': 'text/plain' };
  return { statusCode: 200, headers, body, isBase64Encoded };
};

describe('a test kit', () => {
  it('brings broadcasts to the others, and the reply to the one who spoke', async () => {
    const { anna, boris } = await room();
    await anna.push('say', { room: 'lobby', text: 'hello' });
    const said = await boris.expectBroadcast('said', { text: 'hello' });
    expect(said).toEqual({ from: 'anna', text: 'hello' });
    const reply = await anna.expectReply('say', { delivered: 1 });
    expect(reply.stale).toBe(0);
    await anna.expectNothing();
    await boris.expectNothing();
  });

  it('lets expectations be made in any order, and be asked of pushes that are not awaited', async () => {
    const { anna, boris } = await room();
    const pushes = ['one', 'two'].map((text) => anna.push('say', { room: 'lobby', text }));
    await boris.expectBroadcast('said', { text: 'two' });
    await boris.expectBroadcast('said', { text: expect.stringMatching(/^o/) });
    await Promise.all(pushes);
    await boris.expectNothing();
  });

  it('shows handlers the events and the context that the gateway gives them', async () => {
    const events: GatewayEvent[] = [];
    const contexts: { token: unknown; remaining: number; payload: unknown }[] = [];
    const kit = createTestKit(
      () =>
        (
          event: unknown,
          context: { token: unknown; getRemainingTimeInMillis(): number; getPayload(): unknown },
        ) => {
          events.push(parseEvent(event));
          contexts.push({
            token: context.token,
            remaining: context.getRemainingTimeInMillis(),
            payload: context.getPayload(),
          });
          return { statusCode: 200 };
        },
      { paths: ['/rooms/{room}'], token: 't1.mine', timeoutMs: 5000 },
    );
    const headers = { Origin: 'https://chat.example', Cookie: 'sid=1' };
    const client = await kit.connect('/rooms/a%20b', { query: { x: '1' }, headers, subprotocols: ['s'] });
    await client.send('text');
    await client.send(Uint8Array.of(0, 255));
    await client.disconnect(1001, 'gone');
    expect(events).toMatchObject([
      {
        kind: 'connect',
        connectionId: client.id,
        query: { x: '1' },
        pathParameters: { room: 'a b' },
        subprotocols: ['s'],
      },
      { kind: 'message', body: 'text' },
      { kind: 'message', body: Buffer.of(0, 255) },
      { kind: 'disconnect', connectionId: client.id, code: 1001, reason: 'gone' },
    ]);
    for (const event of events) {
      if (event.kind === 'other') throw new Error('no websocket event');
      expect(event.headers.get('cookie')).toBe('sid=1');
    }
    expect(contexts[0]).toMatchObject({
      token: { access_token: 't1.mine' },
      remaining: 5000,
      payload: { httpMethod: 'GET' },
    });
  });

  it('gives frames to handlers without a contract, text and bytes as the gateway tells them apart', async () => {
    const kit = createTestKit(() => echo);
    const client = await kit.connect();
    await client.send('text');
    await client.send(Buffer.of(1, 2));
    expect(client.unread()).toEqual(['text', Buffer.of(1, 2)]);
    await client.expectFrame(Uint8Array.of(1, 2));
    expect(await client.expectFrame()).toBe('text');
    await client.expectNothing();
  });

  it('chooses the subprotocol that the handler chose', async () => {
    const kit = createTestKit(createChat);
    const options = { query: { user: 'a' }, subprotocols: ['other', 'chat.v1'] };
    expect((await kit.connect('/ws', options)).subprotocol).toBe('chat.v1');
    expect((await kit.connect('/ws', { query: { user: 'b' } })).subprotocol).toBeUndefined();
  });

  it('shows what a refused handshake is told', async () => {
    const kit = createTestKit(createChat);
    const { body } = await kit.expectRefused(410, '/ws', { query: { user: 'a', banned: '' } });
    expect(JSON.parse(body)).toEqual({ error: { code: 'REFUSED', message: 'banned' } });
    await kit.expectRefused(401, '/ws');
    await kit.expectRefused(403, '/ws', {
      query: { user: 'a' },
      headers: { Origin: 'https://evil.example' },
    });
    await kit.expectRefused(404, '/elsewhere');
    expect(kit.connections()).toEqual([]);
  });

  it('answers mistakes of a client as the app does', async () => {
    const { anna } = await room();
    await anna.send('{"type":"say","data":{"room":1}}');
    expect(await anna.expectError('INVALID_MESSAGE')).toMatchObject({ path: ['data', 'room'] });
    await anna.send('{"type":"nonsense"}');
    await anna.expectError('UNKNOWN_TYPE');
    await anna.expectNothing();
  });

  it('tells the handler of a client that leaves, and not of one whose event is lost', async () => {
    const { kit, anna, boris } = await room();
    boris.drop();
    expect(kit.connections()).toEqual([anna.id]);
    await anna.expectNothing();
    await anna.push('say', { room: 'lobby', text: 'anybody?' });
    await anna.expectReply('say', { delivered: 0, stale: 1 });
    const clara = await kit.connect('/ws', { query: { user: 'clara' } });
    await clara.push('join', { room: 'lobby' });
    await anna.disconnect();
    await clara.expectBroadcast('said', { from: 'anna', text: 'bye' });
    await expect(anna.push('ping')).rejects.toThrow(/is closed \(with 1000 by the client\)/);
  });

  it('closes connections that a handler closes', async () => {
    const { anna, boris } = await room();
    await anna.push('kick', { id: boris.id });
    expect(await boris.expectClosed(1000)).toBe(1000);
    await anna.expectBroadcast('said', { from: 'boris', text: 'bye' });
  });

  it('closes connections that are silent for 10 minutes or live for 60', async () => {
    const { kit, anna, boris } = await room();
    await kit.clock.advance('9m59s');
    anna.ping();
    await kit.clock.advance('1s');
    expect(kit.connections()).toEqual([anna.id]);
    await boris.expectClosed(1001);
    await anna.expectBroadcast('said', { from: 'boris', text: 'bye' });
    for (let minutes = 10; minutes < 55; minutes += 5) {
      await kit.clock.advance('5m');
      await anna.push('ping');
    }
    await kit.clock.advance('4m59s');
    expect(kit.connections()).toEqual([anna.id]);
    await kit.clock.advance(1000);
    await anna.expectClosed(1001);
  });

  it('closes a connection whose client sends more than a frame may hold', async () => {
    const { anna, boris } = await room();
    await anna.send('x'.repeat(32_768));
    await anna.expectError('INVALID_MESSAGE');
    await anna.send('x'.repeat(32_769));
    await anna.expectClosed(1009);
    await boris.expectBroadcast('said', { from: 'anna', text: 'bye' });
  });

  it('makes sends go wrong', async () => {
    const { kit, anna, boris } = await room();
    kit.faults.add({ on: 'send', status: 503, times: 2 });
    await anna.push('say', { room: 'lobby', text: 'third time lucky' });
    await anna.expectReply('say', { delivered: 1 });
    await boris.expectBroadcast('said', { text: 'third time lucky' });
    kit.faults.add({ on: 'send', connection: boris.id, status: 404, times: 1 });
    await anna.push('say', { room: 'lobby', text: 'lost' });
    await anna.expectReply('say', { delivered: 0, stale: 1 });
    await boris.expectNothing();
  });

  it('can cut a socket at a send, lose an answer, and be slow', async () => {
    const { kit, anna, boris } = await room();
    kit.faults.add({ on: 'send', status: 'answer-lost', times: 1 });
    await anna.push('say', { room: 'lobby', text: 'twice' });
    await anna.expectReply('say', { delivered: 1 });
    await boris.expectBroadcast('said', { text: 'twice' });
    await boris.expectBroadcast('said', { text: 'twice' });
    kit.faults.add({ on: 'send', delayMs: 20, times: 1 });
    const begun = performance.now();
    await anna.push('say', { room: 'lobby', text: 'slow' });
    await anna.expectReply('say', { delivered: 1 });
    await boris.expectBroadcast('said', { text: 'slow' });
    expect(performance.now() - begun).toBeGreaterThan(15);
    kit.faults.add({ on: 'send', status: 'gone', times: 1 });
    await anna.push('say', { room: 'lobby', text: 'lost' });
    await anna.expectReply('say', { delivered: 0, stale: 1 });
    await boris.expectClosed(1006);
  });

  it('refuses faults of what it does not have', async () => {
    const { kit } = await room();
    const fault = { on: 'connect', status: 503 } as unknown as SendFault;
    expect(() => kit.faults.add(fault)).toThrow('faults.add.on: the test kit has faults of sends');
  });

  it('moves the time of the store along with its own', async () => {
    const { kit, anna } = await room();
    await kit.clock.advance('61m');
    await anna.expectClosed();
    const late = await kit.connect('/ws', { query: { user: 'late' } });
    await late.push('join', { room: 'lobby' });
    await late.push('say', { room: 'lobby', text: 'hello?' });
    await late.expectReply('say', { delivered: 0, stale: 0 });
  });

  it('ends calls that take too long, as the platform does', async () => {
    const kit = createTestKit(
      () => (event: { requestContext: { eventType: string } }) =>
        event.requestContext.eventType === 'MESSAGE' ? new Promise(() => undefined) : { statusCode: 200 },
    );
    const client = await kit.connect();
    const sent = client.send('x');
    sent.catch(() => undefined);
    await kit.clock.advance('10s');
    await expect(sent).rejects.toThrow('the handler failed on a message: no answer within 10000 ms');
  });
});

describe('a test kit fails the test', () => {
  it('when the handler throws', async () => {
    const kit = createTestKit(() => (event: { requestContext: { eventType: string } }) => {
      if (event.requestContext.eventType !== 'CONNECT') throw new Error('boom');
      return { statusCode: 200 };
    });
    const client = await kit.connect();
    await expect(client.send('x')).rejects.toThrow(/the handler failed on a message: Error: boom/);
    await expect(client.disconnect()).rejects.toThrow(/the handler failed on a disconnect: Error: boom/);
  });

  it('when connecting is refused', async () => {
    const kit = createTestKit(createChat);
    expect(await complaintOf(kit.connect())).toMatch(
      /^expected \/ws to accept the handshake, but it refused: 401 .*UNAUTHENTICATED/,
    );
    const failing = createTestKit(() => () => {
      throw new Error('boom');
    });
    expect(await complaintOf(failing.connect())).toMatch(/it refused: 502 Error: boom/);
  });

  it('when connecting is accepted, or refused with another status', async () => {
    const kit = createTestKit(createChat);
    const query = { user: 'a' };
    expect(await complaintOf(kit.expectRefused(401, '/ws', { query }))).toBe(
      'expected /ws to refuse the handshake with 401, but it accepted',
    );
    expect(await complaintOf(kit.expectRefused(403))).toMatch(/with 403, but it refused: 401 /);
  });

  it('when a reply is another one', async () => {
    const { anna } = await room();
    await anna.push('say', { room: 'nobody', text: 'hello' });
    expect(await complaintOf(anna.expectReply('say', { delivered: 1 }))).toMatch(
      /^expected a reply to 'say' with \{ delivered: 1 \}, which has not arrived; unread:[^]*\n {2}reply to 'say' \{[^]*\n {4}delivered: expected 1, got 0$/,
    );
    expect(await complaintOf(anna.expectReply('ping'))).toMatch(/expected a reply to 'ping', which has not/);
    await anna.expectReply('say', { delivered: 0 });
  });

  it('when a broadcast has not come, or another one', async () => {
    const { anna, boris } = await room();
    await boris.expectReply('join');
    expect(await complaintOf(boris.expectBroadcast('said'))).toBe(
      "expected 'said', which has not arrived; nothing is unread",
    );
    await anna.push('say', { room: 'lobby', text: 'hello' });
    expect(await complaintOf(boris.expectBroadcast('said', { text: 'bye' }))).toBe(
      "expected 'said' with { text: 'bye' }, which has not arrived; unread:\n" +
        "  'said' { from: 'anna', text: 'hello' }\n    text: expected 'bye', got 'hello'",
    );
    expect(await complaintOf(boris.expectBroadcast('said', { text: expect.any(Number) }))).toContain(
      "text: expected Any<Number>, got 'hello'",
    );
    expect(await complaintOf(boris.expectBroadcast('welcome'))).toContain("expected 'welcome'");
    await boris.expectBroadcast('said', { text: 'hello' });
    expect(await complaintOf(boris.expectBroadcast('said', { text: 'hello' }))).toContain(
      'nothing is unread',
    );
  });

  it('when an error has not come, or another one', async () => {
    const { anna } = await room();
    await anna.push('ping');
    expect(await complaintOf(anna.expectError('INTERNAL'))).toMatch(
      /^expected the error INTERNAL, which has not/,
    );
    await anna.push('kick', { id: 'nobody' });
    expect(await complaintOf(anna.expectError('INTERNAL', 'kick'))).toMatch(
      /code: expected 'INTERNAL', got 'CONNECTION_STALE'$/,
    );
    expect(await complaintOf(anna.expectError('CONNECTION_STALE', 'say'))).toContain("to 'say'");
    await anna.expectError('CONNECTION_STALE', 'kick');
  });

  it('when something has come although nothing should', async () => {
    const { anna, boris } = await room();
    const push = anna.push('say', { room: 'lobby', text: 'hello' });
    expect(await complaintOf(boris.expectNothing())).toBe(
      "expected nothing; unread:\n  'said' { from: 'anna', text: 'hello' }",
    );
    await push;
    await anna.push('kick', { id: 'nobody' });
    expect(await complaintOf(anna.expectNothing())).toMatch(/error to 'kick'/);
    await anna.send('{}');
    await anna.expectError('CONNECTION_STALE');
    expect(await complaintOf(anna.expectNothing())).toMatch(/error to something else/);
  });

  it('when a frame has not come', async () => {
    const kit = createTestKit(() => () => ({ statusCode: 200 }));
    const client = await kit.connect();
    expect(await complaintOf(client.expectFrame())).toBe(
      'expected a frame, which has not arrived; nothing is unread',
    );
    expect(await complaintOf(client.expectFrame('x'))).toContain("expected the frame 'x'");
  });

  it('when a connection is open, or closed by the client, or with another code', async () => {
    const { kit, anna, boris } = await room();
    expect(await complaintOf(anna.expectClosed())).toMatch(
      /^expected the server to close .*, but it is open/,
    );
    await kit.transport.disconnect(boris.id, { timeoutMs: 1000 });
    expect(await complaintOf(boris.expectClosed(1001))).toMatch(
      /with 1001, but it was closed with 1000 by Disc/,
    );
    await anna.disconnect();
    expect(await complaintOf(anna.expectClosed())).toMatch(/but it was closed with 1000 by the client/);
  });

  it('when a handler never ends', async () => {
    const kit = createTestKit(
      () => (event: { requestContext: { eventType: string } }) =>
        event.requestContext.eventType === 'MESSAGE' ? new Promise(() => undefined) : { statusCode: 200 },
      { patienceMs: 20 },
    );
    const client = await kit.connect();
    void client.send('x');
    expect(await complaintOf(client.expectNothing())).toBe(
      'after 20 ms still in progress: 1 handler calls, 0 sends',
    );
  });

  it.each<[string, unknown, unknown, string]>([
    ['a missing field', {}, { a: 1 }, 'a: expected 1, got undefined'],
    ['no object', null, { a: 1 }, 'expected { a: 1 }, got null'],
    ['a deep field', { a: [{ b: 1 }] }, { a: [{ b: 2 }] }, 'a.0.b: expected 2, got 1'],
    ['a shorter list', { a: [1] }, { a: [1, 2] }, 'a: expected 2 elements, got 1'],
    ['no list', { a: 1 }, { a: [1] }, 'a: expected [ 1 ], got 1'],
  ])('when data has %s', async (_what, data, pattern, complaint) => {
    const anything = defineContract({ client: {}, server: { news: z.unknown() } });
    const kit = createTestKit(({ transport }) =>
      createApp({ contract: anything, store: memoryStore(), origins: 'any', transport }).onConnect(() => ({
        message: { type: 'news', data },
      })),
    );
    const client = await kit.connect();
    expect(await complaintOf(client.expectBroadcast('news', pattern as never))).toMatch(
      new RegExp(`\\n {4}${complaint.replace(/[[\]{}.]/g, '\\$&')}$`),
    );
    await client.expectBroadcast('news', data);
  });
});

describe('a test kit knows the contract', () => {
  it('and with it the compiler', async () => {
    const { anna, boris } = await room();
    // @ts-expect-error: no such message
    await anna.push('shout', {});
    // @ts-expect-error: the contract says that the text is a string
    await anna.push('say', { room: 'lobby', text: 1 });
    // @ts-expect-error: the contract wants data
    await anna.push('join');
    // @ts-expect-error: the server sends no such message
    await complaintOf(boris.expectBroadcast('whispered'));
    // @ts-expect-error: the message has no such field
    await complaintOf(boris.expectBroadcast('said', { txt: '' }));
    // @ts-expect-error: the reply's field is a number
    await complaintOf(anna.expectReply('say', { delivered: '1' }));
    await boris.expectNothing();
  });
});

describe('a test kit works with node:test', () => {
  it.each([
    ['hello', 0, /# pass 1/],
    ['bye', 1, /expected the frame 'bye'.*; unread:\s+frame 'hello'/],
  ])('which says so when %s is expected', async (expected, exitCode, output) => {
    const { path, remove } = temporaryProject({
      'kit.test.mjs': `
        import { test } from 'node:test';
        import { createTestKit } from 'yc-broadcast/testing';
        const headers = { 'Content-Type': 'text/plain' };
        test('echo', async () => {
          const kit = createTestKit(() => ({ body }) => ({ statusCode: 200, headers, body }));
          const client = await kit.connect();
          await client.send('hello');
          await client.expectFrame('${expected}');
        });`,
    });
    try {
      const args = ['--test', '--test-reporter=tap', join(path, 'kit.test.mjs')];
      const child = spawnSync(process.execPath, args, {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'] },
      });
      expect(child.stdout).toMatch(output);
      expect(child.status).toBe(exitCode);
    } finally {
      remove();
    }
  });
});

describe('a test kit refuses', () => {
  it('an app that has another transport', () => {
    const transport = restTransport();
    expect(() => createTestKit(() => createApp({ store: memoryStore(), origins: 'any', transport }))).toThrow(
      /the app does not use the kit's transport; pass `transport` on to createApp/,
    );
  });

  it.each([
    ['an app', createApp({ store: memoryStore(), origins: 'any' })],
    ['its handler', createApp({ store: memoryStore(), origins: 'any' }).handler],
    ['a function that returns nothing', () => undefined],
    ['nothing', undefined],
  ])('%s in the place of a function that makes one', (_name, made) => {
    expect(() => createTestKit(made as never)).toThrow(
      'INVALID_OPTIONS: createTestKit: expected a function that returns an app or a handler: ({ transport }) =>',
    );
  });

  it.each<[unknown, RegExp]>([
    [{ paths: [] }, /createTestKit\.paths/],
    [{ paths: ['ws'] }, /createTestKit\.paths\.0/],
    [{ timeoutMs: 0 }, /createTestKit\.timeoutMs/],
    [{ path: '/ws' }, /Unrecognized key: "path"/],
  ])('options such as %j', (options, message) => {
    expect(() => createTestKit(createChat, options as TestKitOptions)).toThrow(message);
  });

  it('to move the clock by something that is no time', async () => {
    const kit = createTestKit(createChat);
    await expect(kit.clock.advance('soon')).rejects.toThrow(
      /^INVALID_OPTIONS: advance: expected milliseconds/,
    );
  });
});

describe('the transport of a test kit', () => {
  const backend = {
    lacks: ['tokens'] as const,
    async open() {
      const kit = createTestKit(() => () => ({ statusCode: 200 }));
      return {
        transport: kit.openTransport,
        async connect() {
          const client = await kit.connect();
          return {
            id: client.id,
            next: () => client.expectFrame(),
            pending: client.unread,
            leave: () => client.disconnect(),
            /** Asked for after the transport has closed it; nothing is on its way for long here. */
            get closed() {
              return client.expectClosed();
            },
          };
        },
        fault: kit.faults.add,
        shutDown: async () => {
          kit.shutDown();
        },
        close: async () => undefined,
      };
    },
  };
  const cases = transportContract(backend);
  it.each(cases.filter(({ skip }) => !skip))('$name', ({ run }) => run());

  it('asks for no token, and so has nothing to do with one rule', () => {
    const names = cases.filter(({ skip }) => skip).map(({ name }) => name);
    expect(names).toEqual([expect.stringMatching(/^a wrong token is refused.*lacks tokens\)$/)]);
  });
});
