/**
 * Samples of the pages that belong together work together: servers with the clients that are shown for them.
 */
import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { createApp, defineContract, type App, type FunctionContext } from 'yc-broadcast';
import { connect, type Client } from 'yc-broadcast/client';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { WebSocket } from 'ws';
import * as z from 'zod/mini';
import { connectEvent } from '../support/events.js';
import { createSampleRunner, sampleWith } from '../support/run-sample.js';
import { until } from '../support/until.js';

const { run, bundle, give, later } = createSampleRunner();

interface Server {
  readonly app: App;
}

type Served = { readonly app: Pick<App, 'handler'> };

/** The local gateway in front of an app. Samples of clients find it where their own address is. */
async function serve({ app }: Served): Promise<Emulator> {
  const emulator = await startEmulator({ routes: { '/ws': app.handler } });
  process.env['YC_BROADCAST_ENDPOINT'] = emulator.endpoint;
  give({ WebSocket });
  return emulator;
}

function open(emulator: Emulator, query = ''): Client {
  return kept(connect({ url: emulator.wsUrl('/ws') + query, WebSocket }));
}

/** Closes a client when the test ends. */
function kept(client: Client): Client {
  later(() => {
    client.close();
  });
  return client;
}

/** Where samples find a queue. */
function useQueue(emulator: Emulator, name: string, variable: string): void {
  const { url, credentials } = emulator.queue(name).access;
  process.env[variable] = url;
  process.env['YC_BROADCAST_QUEUE_ACCESS_KEY_ID'] = credentials.accessKeyId;
  process.env['YC_BROADCAST_QUEUE_SECRET_ACCESS_KEY'] = credentials.secretAccessKey;
}

function at(emulator: Emulator, sample: string): string {
  return sample.replace(/wss:\/\/\w+\.example\/ws/, emulator.wsUrl('/ws'));
}

describe('docs/authentication.md', () => {
  const SESSION = { user: 'anna', name: 'Anna', expiresAt: Date.now() + 600_000 };

  it('lets in who has a session, and signs out with what the page says', async () => {
    give({
      store: memoryStore(),
      sessions: { find: async (id: string | undefined) => (id === 's1' ? SESSION : undefined) },
    });
    const server = await run<Server>(sampleWith('docs/authentication.md', 'sessions.find'), 'app');
    await using emulator = await serve(server);
    expect((await emulator.connect('/ws')).handshake.status).toBe(401);
    const anna = await emulator.connect('/ws', { headers: { Cookie: 'sid=s1' } });
    give({ broadcaster: server.app.broadcaster });
    await run(sampleWith('docs/authentication.md', 'BYE_CODES.removed'));
    expect(await anna.nextJson()).toMatchObject({ type: '$bye', data: { reason: 'signed out' } });
  });

  it("takes the page's tickets, and those of nobody else", async () => {
    process.env['TICKET_SECRET'] = 'of a test';
    const tickets = await run<{ issueTicket(user: string): string; readTicket(ticket?: string): unknown }>(
      sampleWith('docs/authentication.md', '// tickets.ts'),
    );
    give({ store: memoryStore(), readTicket: tickets.readTicket });
    const server = await run<Server>(sampleWith('docs/authentication.md', "query['token']"), 'app');
    await using emulator = await serve(server);
    const statusWith = async (token: string) =>
      (await emulator.connect(`/ws?token=${token}`)).handshake.status;
    const ticket = tickets.issueTicket('anna');
    expect(await statusWith(ticket)).toBe(101);
    expect(await statusWith(`${ticket}x`)).toBe(401);
  });

  it('takes what an authorizer says', async () => {
    give({ store: memoryStore() });
    const { app } = await run<Server>(sampleWith('docs/authentication.md', 'verdict'), 'app');
    const event = connectEvent({ connectedAt: Date.now() });
    const authorized = {
      ...event,
      requestContext: { ...event.requestContext, authorizer: { userId: 'anna' } },
    };
    expect([await app.handler(event), await app.handler(authorized)]).toMatchObject([
      { statusCode: 401 },
      { statusCode: 200 },
    ]);
  });
});

describe('docs/client.md', () => {
  const page = sampleWith('docs/client.md', "client.join('lobby')");

  it('shows a client that a server of its contract answers', async () => {
    const app = createApp({
      contract: defineContract({
        client: {
          say: {
            data: z.object({ room: z.string(), text: z.string() }),
            reply: z.object({ delivered: z.number() }),
          },
          typing: z.undefined(),
        },
        server: { said: z.object({ from: z.string(), text: z.string() }) },
      }),
      store: memoryStore(),
      origins: 'any',
      authenticate: ({ query }) => ({ user: query['token'] ?? '' }),
      rooms: { join: true, history: { maxEntries: 10, maxAgeMs: 60_000 } },
    });
    const typing: unknown[] = [];
    app.on('typing', ({ connection }) => void typing.push(connection.user));
    app.on('say', async ({ data, connection, to }) => {
      await to(data.room).send('said', { from: connection.user, text: data.text });
      return { delivered: 1 };
    });
    await using emulator = await serve({ app });
    const shown: string[][] = [];
    const banners: unknown[] = [];
    give({
      fetchTicket: async () => 'anna',
      show: (...line: string[]) => shown.push(line),
      showBanner: (text: unknown) => banners.push(text),
      reload: () => undefined,
    });
    const { client } = await run<{ client: Client; delivered: number }>(
      at(emulator, page),
      'client',
      'delivered',
    );
    kept(client);
    await until(() => shown.length > 0 && typing.length > 0);
    expect({ shown, typing }).toEqual({ shown: [['anna', 'hello']], typing: ['anna'] });
  });
});

describe('docs/rooms.md', () => {
  it('lets members in and hear what is said, and takes a person out', async () => {
    const store = memoryStore();
    give({
      store,
      sessions: { find: async (id: string) => ({ user: id }) },
      isMember: async (user: string, room: string) => user === 'anna' && room === 'team-7',
    });
    const server = await run<Server>(sampleWith('docs/rooms.md', 'isMember'), 'app');
    await using emulator = await serve(server);
    const anna = await emulator.connect('/ws', { headers: { Cookie: 'sid=anna' } });
    anna.send({ type: '$join', data: { room: 'team-7' }, id: 'j1' });
    expect(await anna.nextJson()).toMatchObject({ type: 'reply' });
    anna.send({ type: 'say', data: { room: 'team-7', text: 'hello' } });
    expect(await anna.nextJson()).toMatchObject({ type: 'said', data: { from: 'anna', text: 'hello' } });
    give({ broadcaster: server.app.broadcaster });
    await run(sampleWith('docs/rooms.md', 'store.leave'));
    expect(await anna.nextJson()).toMatchObject({ type: 'removed', data: { room: 'team-7' } });
    expect((await store.list({ room: 'team-7' }, { limit: 10 })).connections).toEqual([]);
  });
});

describe('docs/history.md', () => {
  it('lets clients in and gives them what they missed', async () => {
    const printed: unknown[] = [];
    give({ console: { ...console, log: (value: unknown) => printed.push(value) } });
    const server = await run<Server>(sampleWith('docs/history.md', 'maxEntries:'), 'app');
    expect(printed).toMatchObject([{ offset: 1 }]);
    await using emulator = await serve(server);
    const room = open(emulator).join('public-news');
    const heard: unknown[] = [];
    room.on('said', (data) => heard.push(data));
    await room.joined;
    await server.app.broadcaster.to('public-news').send('said', { text: 'again' });
    await until(() => heard.length > 0);
    expect(heard).toEqual([{ text: 'again' }]);
  });

  it('says goodbye to whoever is there', async () => {
    await run(sampleWith('docs/history.md', 'BYE_CODES.restarting'));
  });
});

it("docs/once.md's order is answered", async () => {
  await using emulator = await serve(await run<Server>(sampleWith('docs/once.md', 'once: true'), 'app'));
  expect(await open(emulator).request('order', { item: 'tea' })).toEqual({ number: 17 });
});

it("docs/presence.md's server shows its people to docs/client.md's page", async () => {
  await using emulator = await serve(await run<Server>(sampleWith('docs/presence.md', 'presence('), 'app'));
  const lists: string[] = [];
  const room = open(emulator, '?user=anna&name=Anna').join('lobby');
  give({ room, showList: (text: string) => lists.push(text), showNotice: () => undefined });
  await run(sampleWith('docs/client.md', 'watchPresence(room)'));
  await open(emulator, '?user=boris&name=Boris').join('lobby').joined;
  await until(() => lists.includes('anna, boris'));
});

it("docs/big-rooms.md's worker does what its app dispatches, which is watched to the end", async () => {
  const store = memoryStore();
  const late: { app?: App } = {};
  await using emulator = await startEmulator({
    routes: { '/ws': (event: unknown, context: FunctionContext) => late.app?.handler(event, context) },
    queues: { jobs: {} },
    triggers: [
      {
        queue: 'jobs',
        function: (event: unknown, context: FunctionContext) => late.app?.worker(event, context),
      },
    ],
  });
  useQueue(emulator, 'jobs', 'YC_BROADCAST_QUEUE_URL');
  process.env['YC_BROADCAST_ENDPOINT'] = emulator.endpoint;
  const printed: unknown[][] = [];
  give({ store, title: 'Hi', console: { ...console, log: (...values: unknown[]) => printed.push(values) } });
  const page = sampleWith('docs/big-rooms.md', 'broadcaster.watch');
  const [server = ''] = page.split('const { broadcaster } = app;');
  late.app = (await run<Server>(server, 'app')).app;
  const reader = await emulator.connect('/ws');
  await store.join(reader.id, 'news');
  await run(page);
  expect(printed.at(-1)?.slice(0, 3)).toEqual([1, 'of', 1]);
  expect(await reader.nextJson()).toMatchObject({ type: 'headline', data: { title: 'Hi' } });
});

describe('docs/queue.md', () => {
  it("brings a queue's messages to a worker, again when it is killed", async () => {
    const bodies: unknown[] = [];
    const printed: unknown[] = [];
    give({
      app: { handler: () => ({ statusCode: 200 }) },
      worker: async ({ messages }: { messages: readonly unknown[] }) => void bodies.push(...messages),
      console: { ...console, log: (value: unknown) => printed.push(value) },
    });
    await run(sampleWith('docs/queue.md', 'redrive:'));
    expect(bodies.length).toBeGreaterThanOrEqual(2);
    expect(printed).toMatchObject([{ visible: 0, inFlight: 0 }]);
  });

  it("sends what the page's native lane shows", async () => {
    await using emulator = await startEmulator({
      routes: { '/ws': () => ({ statusCode: 200 }) },
      queues: { live: {} },
      triggers: [{ queue: 'live', broadcast: '/ws' }],
    });
    useQueue(emulator, 'live', 'YC_BROADCAST_QUEUE_URL_LIVE');
    const scores: number[][] = [];
    give({ WebSocket, show: (...score: number[]) => scores.push(score) });
    const page = sampleWith('docs/queue.md', 'nativeLane()');
    const { client } = await run<{ client: Client }>(at(emulator, page), 'client');
    await until(() => emulator.connections().length > 0);
    await run(sampleWith('docs/queue.md', 'pathBroadcaster('));
    await until(() => scores.length > 0);
    kept(client);
    expect(scores).toEqual([[2, 1]]);
  });
});

describe('docs/testing.md', () => {
  it.each([
    ['the test of node:test', 'boris.drop()'],
    ['the local gateway in a test', "clock: 'manual'"],
    ['requests, timers and queues', 'kit.trigger'],
    ['when things go wrong', 'kit.faults.add'],
    ['handlers without this library', 'you said hello'],
  ])('runs: %s', (_name, text) => {
    const file = bundle(sampleWith('docs/testing.md', text), 'docs/testing.md');
    const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
    expect({ status, said: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, said: '' });
  });
});
