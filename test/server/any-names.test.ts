/**
 * Any room, user, type and id: through client, local gateway, server and each store together, a name is never
 * taken for a property, another name, or a part of a path.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { createApp, defineContract, presence, type App, type ConnectionStore } from 'yc-broadcast';
import { connect, type Client } from 'yc-broadcast/client';
import { watchPresence } from 'yc-broadcast/client/presence';
import { startEmulator } from 'yc-broadcast/emulator';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { postgresStore } from 'yc-broadcast/stores/postgres';
import { redisStore } from 'yc-broadcast/stores/redis';
import { ydbStore } from 'yc-broadcast/stores/ydb';
import { restTransport } from 'yc-broadcast/transports/rest';
import * as z from 'zod/mini';
import { describeWithPostgres } from '../support/postgres-server.js';
import { describeWithRedis, startRedis } from '../support/redis-server.js';
import { sent } from '../support/sent.js';
import { until } from '../support/until.js';

const RUNS = Number(process.env['YC_BROADCAST_NAME_RUNS'] ?? 12);

const PROPERTIES = [
  ...Object.getOwnPropertyNames(Object.prototype),
  'prototype',
  'then',
  'toJSON',
  '0',
  '-1',
];
const ODD = [
  ...[
    'ы'.repeat(512),
    'x'.repeat(1024),
    '👩‍👩‍👧',
    '\u{10ffff}',
    '\u2028',
    '\ufffd',
    '\ufeffx',
    'a\u0301',
    '\u00e1',
  ],
  ...[
    '/',
    '../a',
    'a/b?c#d%00%2f',
    ':',
    '{}',
    '*',
    '|',
    '"\\',
    "'; --",
    ' ',
    ' a',
    'a ',
    '\n',
    '$'.repeat(3),
  ],
];
const anything = fc.string({ minLength: 1, maxLength: 60, unit: 'binary' });
const name = fc
  .oneof(fc.constantFrom(...PROPERTIES, ...ODD), anything)
  .filter((text) => !text.includes('\0'));
/** The protocol's own rooms and types are not for clients. */
const room = name.filter((text) => !text.startsWith('$'));
const type = room.filter((text) => text !== 'reply' && text !== 'error');
const id = fc.oneof(
  fc.constantFrom('__proto__/__proto__', 'constructor.constructor', '👩‍👩‍👧'.repeat(4)),
  fc.string({ minLength: 16, maxLength: 24, unit: 'binary' }),
);

/** One name for both directions. The compiler takes it for a literal, since it is not known before. */
function contractOf(named: string) {
  const literal = named as 'said';
  const contract = defineContract({
    client: { [literal]: { data: z.object({ room: z.string() }), reply: z.string(), once: true } },
    server: { [literal]: z.object({ by: z.string() }) },
  });
  return { literal, contract };
}

const cleanUps: (() => unknown)[] = [];

afterAll(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A gateway whose app changes with each run, and the store that stays. */
async function startWorld(storeOf: (emulator: Awaited<ReturnType<typeof startEmulator>>) => ConnectionStore) {
  let app: Pick<App, 'handler'> | undefined;
  const emulator = await startEmulator({
    routes: { '/ws': (event: unknown, context: object) => app?.handler(event, context) },
    store: true,
    timeoutMs: 60_000,
  });
  const store = storeOf(emulator);
  const transport = restTransport({ endpoint: emulator.endpoint });
  cleanUps.push(
    () => emulator.stop(),
    () => transport.close(),
    () => store.close?.(),
  );

  function serve(named: string) {
    const { literal, contract } = contractOf(named);
    const made = createApp({
      contract,
      store,
      transport,
      origins: 'any',
      authenticate: ({ query }) => ({ user: query['user'] ?? '' }),
      rooms: { join: true, history: { maxEntries: 10, maxAgeMs: 3_600_000 }, presence: presence() },
      broadcast: { timeoutMs: 60_000 },
    });
    made.on(literal, async ({ data, connection, to }) => {
      await to(data.room).send(literal, { by: connection.user });
      return connection.user;
    });
    app = made;
    const clients: Client<typeof contract>[] = [];
    return {
      literal,
      toUser: (user: string) => made.broadcaster.toUser(user),
      enter(user: string): Client<typeof contract> {
        const url = emulator.wsUrl(`/ws?user=${encodeURIComponent(user)}`);
        const client = connect<typeof contract>({ url, WebSocket, timeoutMs: 60_000 });
        clients.push(client);
        return client;
      },
      async leave(): Promise<void> {
        for (const client of clients) client.close();
        await until(() => emulator.connections().length === 0);
        await emulator.idle();
      },
    };
  }
  return { emulator, store, serve };
}

type World = Awaited<ReturnType<typeof startWorld>>;

async function talk(
  { serve, store }: World,
  [one, two]: readonly [string, string],
  [ann, bob]: readonly [string, string],
  named: string,
  requestId: string,
): Promise<void> {
  const { literal, enter, leave, toUser } = serve(named);
  const heard: string[] = [];
  const first = enter(ann);
  const second = enter(bob);
  const rooms = { here: first.join(one), elsewhere: first.join(two), other: second.join(one) };
  for (const [where, handle] of Object.entries(rooms))
    handle.on(literal, ({ by }) => heard.push(`${where}: ${by}`));
  const people = watchPresence(rooms.other, { leaveAfterMs: 0 });
  await Promise.all(Object.values(rooms).map(async ({ joined }) => joined));

  expect(await first.request(literal, { room: one }, { id: requestId })).toBe(ann);
  await until(() => heard.length === 2);
  expect(heard.sort()).toEqual([`here: ${ann}`, `other: ${ann}`].sort());
  await until(() => people.now.users?.length === 2);
  expect(people.now.users?.map(({ user }) => user).sort()).toEqual([ann, bob].sort());

  const report = sent(await toUser(bob).send(literal, { by: 'us' }));
  expect(report).toMatchObject({ recipients: 1, delivered: 1 });
  expect(await store.count({ room: one })).toBe(2);
  expect(await store.count({ room: two })).toBe(1);

  const late = enter(ann).join(one, { last: 1 });
  const kept: string[] = [];
  late.on(literal, ({ by }) => kept.push(by));
  await late.joined;
  await until(() => kept.length > 0);
  expect(kept).toEqual([ann]);

  await leave();
  expect(await store.count({ all: true })).toBe(0);
}

/** Each run has names of its own for requests, since those that are handled once are remembered. */
async function anyNames(world: World): Promise<void> {
  const pair = fc.tuple(name, name).filter(([one, two]) => one !== two);
  const twoRooms = fc.tuple(room, room).filter(([one, two]) => one !== two);
  let run = 0;
  await fc.assert(
    fc.asyncProperty(twoRooms, pair, type, id, async (rooms, people, named, requestId) => {
      await talk(world, rooms, people, named, `${++run}.${requestId}`);
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
}

const LONG_MS = 60_000 + RUNS * 5000;

describe('any names, in memory', () => {
  it('are kept apart', async () => anyNames(await startWorld(() => memoryStore())), LONG_MS);

  it.each([
    ['half a pair', '\ud800'],
    ['1,025 bytes', 'x'.repeat(1025)],
    ['nothing', ''],
    ['U+0000', 'a\0b'],
  ])('but those that no store can keep, which are refused alone: %s', async (_what, wrong) => {
    const { emulator, serve } = await startWorld(() => memoryStore());
    serve('said');
    const socket = await emulator.connect('/ws?user=ann');
    socket.send({ type: '$join', data: { room: wrong }, id: 'wrong' });
    const error = { code: 'INVALID_MESSAGE' };
    expect(await socket.nextJson()).toMatchObject({ type: 'error', replyTo: 'wrong', error });
    socket.send({ type: '$join', data: { room: 'right' }, id: 'right' });
    expect(await socket.nextJson()).toMatchObject({ type: 'reply', replyTo: 'right' });
  });
});

describe('any names, in YDB', () => {
  it(
    'are kept apart',
    async () =>
      anyNames(
        await startWorld(({ store }) => {
          if (store === undefined) throw new Error('the gateway has no store');
          return ydbStore(store);
        }),
      ),
    LONG_MS,
  );
});

describeWithRedis('any names, in Redis', () => {
  it(
    'are kept apart',
    async () => {
      const server = await startRedis();
      cleanUps.push(server.close);
      await anyNames(await startWorld(() => redisStore({ url: server.url })));
    },
    LONG_MS,
  );
});

describeWithPostgres('any names, in PostgreSQL', (server) => {
  it(
    'are kept apart',
    async () => {
      const store = postgresStore({ connectionString: server().url });
      await store.migrate();
      await anyNames(await startWorld(() => store));
    },
    LONG_MS,
  );
});
