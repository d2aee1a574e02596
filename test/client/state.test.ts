/** A room's state in pages: shipped client, real sockets, the local gateway and an app. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { createApp, defineContract, type App } from 'yc-broadcast';
import { connect, type Client } from 'yc-broadcast/client';
import { watchState } from 'yc-broadcast/client/state';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';
import { roomState } from 'yc-broadcast/state';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { restTransport } from 'yc-broadcast/transports/rest';
import * as z from 'zod';
import { until } from '../support/until.js';

const contract = defineContract({
  client: {},
  server: { said: z.object({ n: z.number() }) },
  state: {
    players: { value: z.object({ x: z.number() }) },
    typing: { value: z.boolean(), ttlMs: 400 },
  },
});
type Game = typeof contract;

let emulator: Emulator;
let app: App<Game>;
let intercept: (event: { requestContext: { eventType: string }; body?: string }) => unknown;
let requests: string[];
const clients: Client<Game>[] = [];

beforeEach(async () => {
  requests = [];
  intercept = () => undefined;
  app = createApp<Game>({
    contract,
    store: memoryStore(),
    transport: restTransport({ endpoint: () => emulator.endpoint }),
    origins: 'any',
    authenticate: ({ query }) => ({ user: query['token'] }),
    rooms: {
      join: true,
      history: { maxEntries: 100, maxAgeMs: 60_000 },
      load: ({ room }) => ({ room }),
      state: roomState<Game>({
        players: { write: ({ connection, key }) => key === connection.user },
        typing: { write: () => true },
      }),
    },
  });
  emulator = await startEmulator({
    routes: {
      '/ws': (event: never, context: never) => {
        const { body } = event as { body?: string };
        if (body !== undefined) requests.push((JSON.parse(body) as { type: string }).type);
        return intercept(event) ?? app.handler(event, context);
      },
    },
  });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await emulator.stop();
});

function open(user: string) {
  const sockets: WebSocket[] = [];
  const client = connect<Game>({
    url: emulator.wsUrl('/ws'),
    token: user,
    minDelayMs: 20,
    maxDelayMs: 100,
    WebSocket: class extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        sockets.push(this);
      }
    },
  });
  clients.push(client);
  return { client, cut: () => sockets.at(-1)?.terminate() };
}

function enter(user: string) {
  const { client, cut } = open(user);
  const room = client.join('lobby');
  const players = watchState(room, 'players');
  return { client, cut, room, players, shown: () => Object.fromEntries(players.getSnapshot().entries) };
}

const onServer = () => app.broadcaster.state('lobby', 'players');

describe('watchState', () => {
  it('has the state with the join, in one request, and every change after it', async () => {
    await onServer().set('ann', { x: 1 });
    const { players, shown } = enter('bob');
    expect(players.getSnapshot()).toMatchObject({ isReady: false });
    await until(() => players.getSnapshot().isReady);
    expect(shown()).toEqual({ ann: { x: 1 } });
    expect(requests).toEqual(['$hello']);
    const differences: unknown[] = [];
    players.onChange((difference) => differences.push(difference));
    await onServer().set('ann', { x: 2 });
    await onServer().set('eve', { x: 3 });
    await onServer().delete('ann');
    await until(() => players.size === 1 && players.get('eve') !== undefined);
    expect(differences).toEqual([
      { key: 'ann', value: { x: 2 }, previous: { x: 1 } },
      { key: 'eve', value: { x: 3 }, previous: undefined },
      { key: 'ann', value: undefined, previous: { x: 2 } },
    ]);
    expect(requests).toEqual(['$hello']);
  });

  it('gives the same snapshot until something changes', async () => {
    const { players } = enter('bob');
    await until(() => players.getSnapshot().isReady);
    const before = players.getSnapshot();
    let told = 0;
    players.subscribe(() => told++);
    await app.broadcaster.state('lobby', 'typing').set('ann', true, { ttlMs: 60_000 });
    await onServer().set('ann', { x: 1 });
    await until(() => told > 0);
    expect(told).toBe(1);
    expect(before.entries.size).toBe(0);
    expect(players.getSnapshot()).not.toBe(before);
    expect(players.getSnapshot()).toBe(players.getSnapshot());
  });

  it('is complete again after a lost connection, without a line of the page', async () => {
    const { cut, players, shown } = enter('bob');
    await onServer().set('ann', { x: 1 });
    await onServer().set('eve', { x: 1 });
    await until(() => players.size === 2);
    let isAway = true;
    intercept = ({ requestContext }) =>
      requestContext.eventType === 'CONNECT' && isAway ? { statusCode: 503 } : undefined;
    cut();
    await onServer().delete('eve');
    await onServer().set('ann', { x: 2 });
    await onServer().set('fay', { x: 3 });
    isAway = false;
    await until(() => players.size === 2 && players.get('fay') !== undefined);
    expect(shown()).toEqual({ ann: { x: 2 }, fay: { x: 3 } });
  });

  it('asks for what a lost frame would have brought', async () => {
    const { players, shown } = enter('bob');
    await until(() => players.getSnapshot().isReady);
    const { store } = app.broadcaster;
    // Stored, and never told: as if the sender had been killed.
    await store.state?.change('lobby', [{ map: 'players', key: 'ann', value: '{"x":1}' }]);
    await onServer().set('eve', { x: 2 });
    await until(() => players.size === 2);
    expect(shown()).toEqual({ ann: { x: 1 }, eve: { x: 2 } });
    expect(requests).toEqual(['$hello', '$state']);
  });

  it('sets a key where the app lets it, and everybody sees it', async () => {
    const [ann, bob] = [enter('ann'), enter('bob')];
    await Promise.all([ann.room.joined, bob.room.joined]);
    expect(await ann.players.set('ann', { x: 7 })).toEqual({ changed: true, value: { x: 7 } });
    await until(() => bob.players.size === 1);
    expect(bob.shown()).toEqual({ ann: { x: 7 } });
    expect(ann.shown()).toEqual({ ann: { x: 7 } });
    expect(await ann.players.set('ann', { x: 8 }, { ifNew: true })).toEqual({
      changed: false,
      value: { x: 7 },
    });
    await expect(bob.players.set('ann', { x: 0 })).rejects.toThrow(/FORBIDDEN/);
    expect(await ann.players.delete('ann')).toEqual({ changed: true, value: undefined });
    await until(() => bob.players.size === 0);
  });

  it('sends few of many quick changes, and the last one always', async () => {
    const [ann, bob] = [enter('ann'), enter('bob')];
    await Promise.all([ann.room.joined, bob.room.joined]);
    requests.length = 0;
    const outcomes: Promise<unknown>[] = [];
    for (let x = 1; x <= 60; x++) {
      outcomes.push(ann.players.set('ann', { x }));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Promise.all(outcomes);
    await until(() => bob.players.get('ann')?.x === 60);
    expect(requests.length).toBeLessThanOrEqual(8);
  });

  it('forgets a key when its time is over, without asking', async () => {
    const { client } = open('bob');
    const typing = watchState(client.join('lobby'), 'typing');
    await until(() => typing.getSnapshot().isReady);
    await app.broadcaster.state('lobby', 'typing').set('ann', true);
    await until(() => typing.size === 1);
    requests.length = 0;
    await until(() => typing.size === 0);
    expect(requests).toEqual([]);
  });

  it('reads a large state in pages', async () => {
    for (let n = 0; n < 1000; n++) await onServer().set(`k${n}`, { x: n });
    const { players } = enter('bob');
    await until(() => players.size === 1000);
    expect(requests.filter((type) => type === '$state').length).toBeLessThanOrEqual(1);
  });
});

describe('a join', () => {
  it('brings the last messages and what the app has loaded, before those that follow', async () => {
    for (const n of [1, 2, 3]) await app.broadcaster.to('lobby').send('said', { n });
    const { client } = open('bob');
    const room = client.join('lobby', { last: 2, load: true });
    const heard: unknown[] = [];
    room.onState((state) => heard.push(state));
    room.on('said', ({ n }) => heard.push(n));
    await room.joined;
    await app.broadcaster.to('lobby').send('said', { n: 4 });
    await until(() => heard.length === 4);
    expect(heard).toEqual([{ room: 'lobby' }, 2, 3, 4]);
    expect(requests).toEqual(['$hello']);
  });
});
