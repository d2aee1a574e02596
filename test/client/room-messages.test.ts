/**
 * Every broadcast to a room reaches the listeners of that room, numbered or not: client, gateway and server,
 * for real.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { connect, type Client, type Room } from 'yc-broadcast/client';
import { createApp, defineContract, type App, type HistoryOption } from 'yc-broadcast';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { restTransport } from 'yc-broadcast/transports/rest';
import { WebSocket } from 'ws';
import * as z from 'zod/mini';
import { until } from '../support/until.js';

const chat = defineContract({
  client: {},
  server: { said: z.object({ text: z.string() }) },
});

interface World {
  readonly other: Room<typeof chat>;
  readonly app: App<typeof chat>;
  readonly client: Client<typeof chat>;
  readonly room: Room<typeof chat>;
  /** Texts that listeners of the room, of another room, and of the client were given. */
  readonly heard: { readonly room: string[]; readonly elsewhere: string[]; readonly client: string[] };
}

const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function enter(history?: HistoryOption): Promise<World> {
  const access: { emulator?: Emulator } = {};
  const transport = restTransport({ endpoint: () => access.emulator?.endpoint ?? '' });
  const app = createApp({
    contract: chat,
    store: memoryStore(),
    transport,
    origins: 'any',
    rooms: { join: true, history },
  });
  const emulator = await startEmulator({ routes: { '/ws': app.handler } });
  access.emulator = emulator;
  const client = connect<typeof chat>({ url: emulator.wsUrl('/ws'), WebSocket });
  stops.push(
    () => transport.close(),
    () => emulator.stop(),
    () => {
      client.close();
    },
  );
  const room = client.join('lobby');
  const other = client.join('other');
  const heard = { room: [] as string[], elsewhere: [] as string[], client: [] as string[] };
  room.on('said', ({ text }) => heard.room.push(text));
  other.on('said', ({ text }) => heard.elsewhere.push(text));
  client.on('said', ({ text }) => heard.client.push(text));
  await Promise.all([room.joined, other.joined]);
  return { app, client, room, other, heard };
}

/** Says everything in every way, and one thing to everybody at the end. */
async function sayAll({ broadcaster }: App<typeof chat>): Promise<void> {
  const lobby = broadcaster.to('lobby');
  await lobby.send('said', { text: 'all' });
  await lobby.except('nobody').send('said', { text: 'except' });
  await lobby.where(() => true).send('said', { text: 'where' });
  await lobby.sendEach('said', ({ id }) => ({ text: id === '' ? '' : 'each' }));
  await broadcaster.toAll().send('said', { text: 'everybody' });
}

const SAID = ['all', 'except', 'where', 'each'];

describe('listeners of a room', () => {
  it.each([
    ['without a history', undefined],
    ['with a history', { maxEntries: 100, maxAgeMs: 60_000 }],
  ])('hear every broadcast to it %s, and none to others', async (_name, history) => {
    const { app, heard } = await enter(history);
    await sayAll(app);
    await until(() => heard.client.includes('everybody'));
    expect({ ...heard, room: [...heard.room].sort(), client: [...heard.client].sort() }).toEqual({
      room: [...SAID].sort(),
      elsewhere: [],
      client: [...SAID, 'everybody'].sort(),
    });
  });

  it('hear a repeated broadcast without a number once', async () => {
    const { app, heard } = await enter();
    for (let times = 0; times < 3; times++)
      await app.broadcaster.to('lobby').send('said', { text: 'once' }, { idempotencyKey: 'k1' });
    await app.broadcaster.toAll().send('said', { text: 'everybody' });
    await until(() => heard.client.includes('everybody'));
    expect(heard.room).toEqual(['once']);
  });

  it('are told the room by the message', async () => {
    const { app, client, room } = await enter();
    const messages: unknown[] = [];
    room.on('said', (_data, message) => messages.push(message.room));
    client.on('said', (_data, message) => messages.push(message.room));
    await app.broadcaster.to('lobby').send('said', { text: 'hi' });
    await until(() => messages.length === 2);
    expect(messages).toEqual(['lobby', 'lobby']);
  });
});

describe('a broadcast to several rooms', () => {
  const limits = { maxEntries: 100, maxAgeMs: 60_000 };

  it.each<[string, HistoryOption | undefined]>([
    ['without histories', undefined],
    ['with histories', limits],
    ['with a history in the first', (room) => (room === 'lobby' ? limits : undefined)],
    ['with a history in the second', (room) => (room === 'other' ? limits : undefined)],
  ])('is heard once, %s, by who is in both', async (_name, history) => {
    const { app, heard } = await enter(history);
    for (const text of ['one', 'two', 'three']) {
      const report = await app.broadcaster.to('lobby', 'other').send('said', { text });
      expect(report).toMatchObject({ recipients: 1, delivered: 1 });
    }
    await app.broadcaster.toAll().send('said', { text: 'everybody' });
    await until(() => heard.client.includes('everybody'));
    expect(heard.client).toEqual(['one', 'two', 'three', 'everybody']);
    expect([...heard.room, ...heard.elsewhere].sort()).toEqual(['one', 'three', 'two']);
  });

  it('leaves no gap in any of its rooms, so that what follows in each comes at once', async () => {
    const { app, room, other, heard } = await enter(limits);
    const { broadcaster } = app;
    await broadcaster.to(['lobby', 'other']).send('said', { text: 'both' });
    await broadcaster.to('other').send('said', { text: 'second' });
    await broadcaster.to('lobby').send('said', { text: 'first' });
    await until(() => heard.client.length === 3);
    expect(heard).toEqual({
      room: ['both', 'first'],
      elsewhere: ['second'],
      client: ['both', 'second', 'first'],
    });
    expect([room.position?.offset, other.position?.offset]).toEqual([2, 2]);
  });

  it('comes again once when the connection was lost meanwhile, and each room goes on behind it', async () => {
    const { app, client, room, other, heard } = await enter(limits);
    const { broadcaster } = app;
    await broadcaster.toAll().disconnect({ code: 4503, reason: 'restart', reconnect: true });
    await broadcaster.to(['lobby', 'other']).send('said', { text: 'missed' });
    await until(() => heard.client.length === 1);
    await until(() => room.position?.offset === 1 && other.position?.offset === 1);
    await broadcaster.to(['lobby', 'other']).send('said', { text: 'live' });
    await until(() => heard.client.length === 2);
    expect(heard.client).toEqual(['missed', 'live']);
    expect(client.state).toBe('open');
  });
});
