/** What a gateway knows of rooms and broadcasts: reports beside sockets. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { createApp, createBroadcaster, type ConnectionStore } from 'yc-broadcast';
import { startEmulator, type Emulator, type EmulatorOptions, type TestClient } from 'yc-broadcast/emulator';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { grpcTransport } from 'yc-broadcast/transports/grpc';
import { restTransport } from 'yc-broadcast/transports/rest';
import { temporaryProject } from '../support/cli.js';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface World {
  readonly emulator: Emulator;
  readonly store: ConnectionStore;
  ask(path: string): Promise<unknown>;
}

async function start(options: Partial<EmulatorOptions> = {}): Promise<World> {
  const store = memoryStore();
  const transport = restTransport({ endpoint: () => emulator.endpoint });
  const app = createApp({ store, transport, origins: [] });
  app.onConnect(async ({ join }) => {
    await join('lobby');
  });
  app.onMessage(async ({ body, to, connection }) => {
    if (body === 'leave') return connection.leave('lobby');
    if (body === 'join') return connection.join('tea');
    await to('lobby').sendRaw(String(body));
  });
  const emulator = await startEmulator({ routes: { '/ws': app.handler }, ...options });
  cleanUps.push(
    () => transport.close(),
    () => emulator.stop(),
  );
  return { emulator, store, ask: (path) => ask(emulator, path) };
}

async function ask(emulator: Emulator, path: string): Promise<unknown> {
  const headers = { 'X-Yc-Broadcast-Token': emulator.inspector.token };
  return (await fetch(`${emulator.url}/_yc-broadcast/api/${path}`, { headers })).json();
}

async function people(emulator: Emulator, count: number): Promise<TestClient[]> {
  return Promise.all(Array.from({ length: count }, () => emulator.connect('/ws')));
}

describe('rooms', () => {
  it('have the members that the library tells of, and those that the gateway has lost', async () => {
    const { emulator, store, ask } = await start();
    const [anna, boris, vera] = (await people(emulator, 3)) as [TestClient, TestClient, TestClient];
    anna.send('leave');
    boris.send('join');
    await emulator.idle();
    expect(await ask('rooms')).toEqual({
      total: 2,
      rooms: [
        { name: 'lobby', members: 2, stale: 0 },
        { name: 'tea', members: 1, stale: 0 },
      ],
    });
    expect(await ask(`connections?target=room:tea`)).toMatchObject({
      total: 1,
      connections: [{ id: boris.id }],
    });
    vera.close();
    await vera.closed;
    await emulator.idle();
    expect(await ask('rooms?search=LOB')).toEqual({
      total: 1,
      rooms: [{ name: 'lobby', members: 1, stale: 0 }],
    });
    expect(await store.count({ room: 'lobby' })).toBe(1);
  });

  it('show who is stale when no disconnect event arrives', async () => {
    const store = memoryStore();
    const app = createApp({ store, origins: [] });
    app.onConnect(({ join }) => join('lobby'));
    const handler = (event: { requestContext: { eventType: string } }, context: never) =>
      event.requestContext.eventType === 'DISCONNECT' ? { statusCode: 200 } : app.handler(event, context);
    const emulator = await startEmulator({ routes: { '/ws': handler } });
    cleanUps.push(() => emulator.stop());
    const [anna] = await people(emulator, 2);
    anna?.destroy();
    await anna?.closed;
    await emulator.idle();
    expect(await ask(emulator, 'rooms')).toMatchObject({ rooms: [{ members: 2, stale: 1 }] });
  });
});

describe('broadcasts', () => {
  it('show the report beside what the sockets got, and the two agree', async () => {
    const { emulator, ask } = await start();
    const [anna, ...others] = await people(emulator, 4);
    anna?.send('hello');
    await emulator.idle();
    expect(await ask('broadcasts')).toEqual({
      broadcasts: [
        {
          id: expect.any(String),
          audience: 'room:lobby',
          startedAt: expect.any(Number),
          report: expect.objectContaining({ recipients: 4, delivered: 4, stale: 0, failed: 0, attempts: 4 }),
          seen: { sends: 4, unknown: 0, refused: 0, sockets: 4, twice: 0 },
        },
      ],
    });
    expect(await others[0]?.next()).toBe('hello');
  });

  it('count who is unknown, who was refused, and who was not reached', async () => {
    const { emulator, store, ask } = await start();
    await people(emulator, 3);
    const [id] = emulator.connections();
    const now = Date.now();
    await store.put({
      id: 'gone',
      user: undefined,
      attributes: {},
      connectedAt: now,
      expiresAt: now + 60_000,
    });
    emulator.faults.add({ on: 'send', connection: id, status: 403 });
    const transport = restTransport({ endpoint: emulator.endpoint, token: 'x' });
    await createBroadcaster({ store, transport }).toAll().sendRaw('x');
    await transport.close();
    expect(await ask('broadcasts')).toMatchObject({
      broadcasts: [
        {
          audience: 'all',
          report: { recipients: 4, delivered: 2, stale: 1, failed: 1 },
          seen: { sends: 4, unknown: 1, refused: 1, sockets: 2 },
        },
      ],
    });
  });

  it('are told apart over gRPC too, under any id', async () => {
    const { emulator, ask } = await start({ tls: true });
    const { endpoint = '', ca } = emulator.tls ?? {};
    const transport = grpcTransport({ endpoint, ca, token: 'x' });
    const store = memoryStore();
    const now = Date.now();
    for (const { id } of await people(emulator, 2))
      await store.put({ id, user: 'ann', attributes: {}, connectedAt: now, expiresAt: now + 60_000 });
    const broadcaster = createBroadcaster({ store, transport });
    await Promise.all([
      broadcaster.toUser('ann').send('a', {}, { idempotencyKey: 'ключ 1' }),
      broadcaster.toUser('ann').send('b', {}, { idempotencyKey: 'ключ 2' }),
    ]);
    await transport.close();
    const both = { audience: 'user:ann', report: { delivered: 2 }, seen: { sends: 2, sockets: 2, twice: 0 } };
    expect(await ask('broadcasts')).toMatchObject({ broadcasts: [both, both] });
  });

  it('reach nobody in an empty room, which shows too', async () => {
    const { emulator, store, ask } = await start();
    await createBroadcaster({ store, transport: restTransport({ endpoint: emulator.endpoint }) })
      .to('typo')
      .sendRaw('x');
    expect(await ask('broadcasts')).toMatchObject({
      broadcasts: [{ audience: 'room:typo', report: { recipients: 0 }, seen: { sends: 0 } }],
    });
  });

  it('of functions that belong to another gateway do not show', async () => {
    const [mine, other] = [await start(), await start()];
    const [anna] = await people(other.emulator, 1);
    anna?.send('hello');
    await other.emulator.idle();
    expect(await mine.ask('broadcasts')).toEqual({ broadcasts: [] });
    expect(await mine.ask('rooms')).toEqual({ total: 0, rooms: [] });
    expect(await other.ask('broadcasts')).toMatchObject({ broadcasts: [{ seen: { sockets: 1 } }] });
  });

  it('and rooms are told of by instances, from their own threads', async () => {
    const { path, remove } = temporaryProject({
      'room.ts': `
        import { createApp } from 'yc-broadcast';
        import { memoryStore } from 'yc-broadcast/stores/memory';
        const app = createApp({ store: memoryStore(), origins: [] });
        app.onConnect(({ join }) => join('lobby'));
        app.onMessage(async ({ body, to }) => { await to('lobby').sendRaw(body); });
        export const handler = app.handler;`,
    });
    cleanUps.push(remove);
    const emulator = await startEmulator({ routes: { '/ws': { entry: `${path}/room.ts`, instances: 1 } } });
    cleanUps.push(() => emulator.stop());
    const [anna, boris] = (await people(emulator, 2)) as [TestClient, TestClient];
    anna.send('hello');
    expect(await boris.next(10_000)).toBe('hello');
    await emulator.idle();
    expect(await ask(emulator, 'rooms')).toMatchObject({ rooms: [{ name: 'lobby', members: 2 }] });
    expect(await ask(emulator, 'broadcasts')).toMatchObject({
      broadcasts: [{ audience: 'room:lobby', report: { delivered: 2 }, seen: { sends: 2, sockets: 2 } }],
    });
    expect(await ask(emulator, 'instances')).toMatchObject({ instances: [{ state: 'frozen', served: 3 }] });
  });
});
