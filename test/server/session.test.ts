/** What an app answers to the protocol's own messages: rooms, recovery, lifetime. */
import { describe, expect, it, jest } from '@jest/globals';
import {
  BroadcastError,
  ClientFacingError,
  createApp,
  presence,
  type AppOptions,
  type ConnectionStore,
  type RoomPosition,
} from 'yc-broadcast';
import { MAX_MESSAGE_BYTES, type RoomState } from 'yc-broadcast/protocol';
import type { HistoryStore } from 'yc-broadcast/stores';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { framesOf, LIMITS, protocolApp, type ProtocolOptions } from '../support/protocol.js';
import { scriptedTransport } from '../support/scripted-transport.js';

type World = ReturnType<typeof protocolApp>;

async function connected(options: ProtocolOptions = {}): Promise<World> {
  const world = protocolApp(options);
  await world.connect('c1', { user: 'ann' });
  return world;
}

const said = ({ app }: World, text: string, room = 'lobby') =>
  app.broadcaster.to(room).send('said', { text });

async function sayMany(world: World, count: number, text = 'hi'): Promise<RoomPosition> {
  let position: RoomPosition | undefined;
  for (let n = 1; n <= count; n++) ({ position } = await said(world, `${text} ${n}`));
  return position as RoomPosition;
}

async function ask({ say }: World, type: string, data: unknown, id = 'm1'): Promise<unknown> {
  return say({ type, data, id });
}

async function stateOf(world: World, type: string, data: unknown): Promise<RoomState> {
  const answer = (await ask(world, type, data)) as { data: RoomState };
  expect(answer).toMatchObject({ type: 'reply', replyTo: 'm1' });
  return answer.data;
}

const offsets = ({ messages }: RoomState): number[] => messages.map(({ offset }) => offset);

describe('$hello', () => {
  it('tells how long the connection lives, how often to speak, and who one is', async () => {
    const world = await connected();
    world.clock.advance(60_000);
    expect(await ask(world, '$hello', { v: 1 })).toEqual({
      type: 'reply',
      replyTo: 'm1',
      data: { v: 1, lifetimeMs: 59 * 60_000, keepAliveMs: 9 * 60_000, user: 'ann', rooms: {} },
    });
  });

  it('tells the shorter life of an identity, or of the option', async () => {
    const start = 1_800_000_000_000;
    const brief = await connected({ authenticate: () => ({ expiresAt: start + 90_000 }) });
    expect(await ask(brief, '$hello', { v: 1 })).toMatchObject({ data: { lifetimeMs: 90_000 } });
    const limited = await connected({ lifetimeMs: 5000, keepAliveMs: 1000 });
    expect(await ask(limited, '$hello', { v: 1 })).toMatchObject({
      data: { lifetimeMs: 5000, keepAliveMs: 1000 },
    });
  });

  it('joins rooms and gives what was missed in each, in order and with places', async () => {
    const world = await connected();
    const since = await sayMany(world, 1);
    await sayMany(world, 2, 'missed');
    await said(world, 'elsewhere', 'hall');
    const answer = await ask(world, '$hello', { v: 1, rooms: { lobby: since, hall: null } });
    const message = { type: 'said', id: expect.any(String), room: 'lobby', epoch: since.epoch };
    expect(answer).toMatchObject({
      data: {
        rooms: {
          lobby: {
            position: { offset: 3, epoch: since.epoch },
            recovered: true,
            more: false,
            messages: [
              { ...message, data: { text: 'missed 1' }, offset: 2 },
              { ...message, data: { text: 'missed 2' }, offset: 3 },
            ],
          },
          hall: { position: { offset: 1 }, recovered: true, messages: [], more: false },
        },
      },
    });
    expect([...(await world.store.rooms('c1'))].sort()).toEqual(['hall', 'lobby']);
  });

  it('names the rooms that are refused, and joins the others', async () => {
    const world = await connected({ authorize: ({ room }) => room !== 'vip' });
    const answer = await ask(world, '$hello', { v: 1, rooms: { vip: null, lobby: null, $once: null } });
    const refusal = (message: string): object => ({ error: { code: 'FORBIDDEN', message } });
    expect(answer).toMatchObject({
      data: {
        rooms: {
          vip: refusal("authorize refused room 'vip'"),
          $once: refusal("rooms.join does not open room '$once' to clients"),
          lobby: { recovered: true },
        },
      },
    });
    expect(await world.store.rooms('c1')).toEqual(['lobby']);
  });

  it.each([
    ['a bug', new TypeError('x of undefined'), 'INTERNAL', 1],
    [
      'a store of its own in trouble',
      new BroadcastError('STORE_UNAVAILABLE', 'down'),
      'STORE_UNAVAILABLE',
      1,
    ],
    ['an error for the client', new ClientFacingError('ROOM_FULL', 'This room is full'), 'ROOM_FULL', 0],
  ])('settles each room alone when authorize throws %s', async (_name, error, code, reported) => {
    const authorize: AppOptions['authorize'] = ({ room }) => {
      if (room === 'bad') throw error;
      return true;
    };
    const world = await connected({ authorize });
    const answer = await ask(world, '$hello', { v: 1, rooms: { bad: null, lobby: null } });
    expect(answer).toMatchObject({
      data: { rooms: { bad: { error: { code } }, lobby: { recovered: true } } },
    });
    expect(await world.store.rooms('c1')).toEqual(['lobby']);
    expect(world.errors).toHaveLength(reported);
  });

  it('settles each room alone when rooms.join, history or presence throw', async () => {
    const throwFor = (bad: string) => (room: string) => {
      if (room === bad) throw new Error('boom');
      return true;
    };
    const world = await connected({
      rooms: {
        history: (room) => (throwFor('b')(room) ? LIMITS : undefined),
        join: throwFor('a'),
        presence: presence({ rooms: throwFor('c') }),
      },
    });
    const rooms = { a: null, b: null, c: null, d: null };
    expect(await ask(world, '$hello', { v: 1, rooms })).toMatchObject({
      data: {
        rooms: {
          a: { error: { code: 'INTERNAL' } },
          b: { error: { code: 'INTERNAL' } },
          c: { recovered: true },
          d: { recovered: true, presence: { count: 1 } },
        },
      },
    });
  });

  it('refuses rooms with impossible names alone, and takes any other name', async () => {
    const world = await connected();
    const bad = ['', 'x'.repeat(1025), 'ы'.repeat(513), '\ud800', 'a\0b'];
    const good = ['__proto__', 'constructor', 'toString', 'x'.repeat(1024), '💬/room?', ' '];
    const rooms = Object.fromEntries([...bad, ...good].map((name) => [name, null]));
    const answer = (await ask(world, '$hello', { v: 1, rooms })) as { data: { rooms: object } };
    const states = new Map<string, unknown>(Object.entries(answer.data.rooms));
    for (const name of bad)
      expect(states.get(name)).toMatchObject({ error: { code: 'INVALID_MESSAGE', path: ['data', 'rooms'] } });
    for (const name of good) expect(states.get(name)).toMatchObject({ recovered: true });
    expect([...(await world.store.rooms('c1'))].sort()).toEqual(good.sort());
  });

  it('asks authorize in turn, so that it can count the rooms of a connection', async () => {
    const store = memoryStore();
    const authorize: AppOptions['authorize'] = async ({ connection }) =>
      (await store.rooms(connection.id)).length < 2;
    const world = await connected({ store, authorize, now: Date.now });
    const answer = await ask(world, '$hello', { v: 1, rooms: { a: null, b: null, c: null, d: null } });
    const refused = { error: { code: 'FORBIDDEN' } };
    expect(answer).toMatchObject({ data: { rooms: { a: {}, b: {}, c: refused, d: refused } } });
    expect(await store.rooms('c1')).toHaveLength(2);
  });

  it('stays below the limit of the gateway when a hundred rooms are refused at length', async () => {
    const world = await connected({
      authorize: () => {
        throw new ClientFacingError('x'.repeat(2000), 'y'.repeat(20_000));
      },
    });
    const rooms = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`room ${n}`, null]));
    const answer = await ask(world, '$hello', { v: 1, rooms });
    expect(JSON.stringify(answer).length).toBeLessThan(MAX_MESSAGE_BYTES);
    expect(answer).toMatchObject({ data: { rooms: { 'room 99': { error: { message: 'refused' } } } } });
  });

  it('fails as a whole when the store does', async () => {
    const store: ConnectionStore = memoryStore();
    const join: ConnectionStore['join'] = () =>
      Promise.reject(new BroadcastError('STORE_UNAVAILABLE', 'down'));
    const world = await connected({ store: { ...store, join }, now: Date.now });
    expect(await ask(world, '$hello', { v: 1, rooms: { lobby: null } })).toMatchObject({
      type: 'error',
      error: { code: 'STORE_UNAVAILABLE' },
    });
    expect(world.errors).toMatchObject([{ during: "message '$hello'" }]);
  });

  it('of another version is refused with the one that is spoken', async () => {
    const world = await connected();
    expect(await ask(world, '$hello', { v: 2, dialect: 'new' })).toEqual({
      type: 'error',
      replyTo: 'm1',
      error: {
        code: 'UNSUPPORTED_VERSION',
        message: 'this server supports version 1',
        path: ['data', 'v'],
      },
    });
  });

  it('gives rooms that do not fit later, and stays below the limit of the gateway', async () => {
    const world = await connected();
    const rooms = Array.from({ length: 100 }, (_, n) => `room-${n}`);
    const since: Record<string, RoomPosition> = {};
    for (const room of rooms) {
      const report = await world.app.broadcaster.to(room).send('said', { text: 'before' });
      since[room] = report.position as RoomPosition;
      await world.app.broadcaster.to(room).send('said', { text: 'x'.repeat(2000) });
    }
    const answer = (await ask(world, '$hello', { v: 1, rooms: since })) as {
      data: { rooms: Record<string, RoomState> };
    };
    expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThan(MAX_MESSAGE_BYTES);
    const states = rooms.map((room) => answer.data.rooms[room] as RoomState);
    const full = states.filter(({ messages }) => messages.length === 1);
    expect(full.length).toBeGreaterThan(20);
    expect(full.length).toBeLessThan(50);
    const later = states.filter(({ messages }) => messages.length === 0);
    expect(later).toHaveLength(100 - full.length);
    expect(later.every(({ more, recovered }) => more && recovered)).toBe(true);
    const last = await stateOf(world, '$recover', { room: 'room-99', since: since['room-99'] });
    expect(last).toMatchObject({ messages: [{ offset: 2 }], more: false });
  });
});

describe('$join', () => {
  it('joins and starts from now', async () => {
    const world = await connected();
    const position = await sayMany(world, 3);
    expect(await stateOf(world, '$join', { room: 'lobby' })).toEqual({
      position,
      recovered: true,
      messages: [],
      more: false,
    });
    await said(world, 'live');
    expect(framesOf(world.transport, 'c1')).toMatchObject([
      { type: 'said', data: { text: 'live' }, room: 'lobby', offset: 4 },
    ]);
  });

  it('joins before it reads: what is sent in between comes both ways', async () => {
    const store = memoryStore();
    const history = store.history;
    let meanwhile = (): Promise<unknown> => Promise.resolve();
    const read: HistoryStore['read'] = async (...given) => {
      await meanwhile();
      return history.read(...given);
    };
    const world = await connected({ store: { ...store, history: { ...history, read } }, now: Date.now });
    const since = await sayMany(world, 1);
    meanwhile = () => said(world, 'meanwhile');
    const state = await stateOf(world, '$join', { room: 'lobby', since });
    expect(state.messages).toMatchObject([{ data: { text: 'meanwhile' }, offset: 2 }]);
    expect(framesOf(world.transport, 'c1')).toEqual(state.messages);
  });

  it('asks authorize each time', async () => {
    let allowed = true;
    const world = await connected({ authorize: () => allowed });
    await stateOf(world, '$join', { room: 'lobby' });
    allowed = false;
    expect(await ask(world, '$join', { room: 'lobby', since: null })).toMatchObject({
      error: { code: 'FORBIDDEN' },
    });
  });

  it.each<[string, AppOptions['rooms']]>([
    ['the app says nothing of rooms', undefined],
    ['it opens none', {}],
    ['it opens others', { join: (room) => room.startsWith('public-') }],
  ])('is forbidden when %s', async (_name, rooms) => {
    const world = await connected({ rooms });
    for (const type of ['$join', '$leave'])
      expect(await ask(world, type, { room: 'lobby' })).toMatchObject({ error: { code: 'FORBIDDEN' } });
    expect(await world.store.rooms('c1')).toEqual([]);
    expect(world.errors).toEqual([]);
  });

  it('has no position in a room without history, and cannot recover there', async () => {
    const world = await connected({ rooms: { join: true, history: undefined } });
    const state = { position: null, recovered: true, messages: [], more: false };
    expect(await stateOf(world, '$join', { room: 'lobby' })).toEqual(state);
    const since = { offset: 1, epoch: 'e' };
    expect(await stateOf(world, '$join', { room: 'lobby', since })).toEqual({ ...state, recovered: false });
  });

  it('says that something is lost, and where the room stands, but gives no part of it', async () => {
    const world = await connected({ rooms: { join: true, history: { maxEntries: 3, maxAgeMs: 60_000 } } });
    const { epoch } = await sayMany(world, 5);
    const lost = { position: { offset: 5, epoch }, recovered: false, messages: [], more: false };
    expect(await stateOf(world, '$join', { room: 'lobby', since: { offset: 1, epoch } })).toEqual(lost);
    expect(offsets(await stateOf(world, '$join', { room: 'lobby', since: { offset: 2, epoch } }))).toEqual([
      3, 4, 5,
    ]);
    const otherEpoch = { offset: 4, epoch: 'another' };
    expect(await stateOf(world, '$join', { room: 'lobby', since: otherEpoch })).toEqual(lost);
    world.clock.advance(60_000);
    expect(await stateOf(world, '$join', { room: 'lobby', since: { offset: 4, epoch } })).toEqual(lost);
  });
});

describe('$leave', () => {
  it('takes the connection out of the room', async () => {
    const world = await connected();
    await stateOf(world, '$join', { room: 'lobby' });
    expect(await ask(world, '$leave', { room: 'lobby' })).toEqual({ type: 'reply', replyTo: 'm1' });
    expect(await world.say({ type: '$leave', data: { room: 'lobby' } })).toBeUndefined();
    await said(world, 'nobody hears');
    expect(framesOf(world.transport, 'c1')).toEqual([]);
  });
});

describe('$recover', () => {
  it('gives everything in as many replies as it takes, each below the limit', async () => {
    const world = await connected();
    await stateOf(world, '$join', { room: 'lobby' });
    const { epoch } = await sayMany(world, 250, 'y'.repeat(1500));
    const found: number[] = [];
    let since = { offset: 0, epoch };
    for (let more = true; more;) {
      const state = await stateOf(world, '$recover', { room: 'lobby', since });
      expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(98_304);
      found.push(...offsets(state));
      since = { offset: found.at(-1) ?? 0, epoch };
      more = state.more;
    }
    expect(found).toEqual(Array.from({ length: 250 }, (_, n) => n + 1));
  });

  it('gives the largest message that a history keeps', async () => {
    const world = await connected();
    await stateOf(world, '$join', { room: 'lobby' });
    const { epoch } = await sayMany(world, 1);
    await said(world, 'z'.repeat(97_900));
    const state = await stateOf(world, '$recover', { room: 'lobby', since: { offset: 0, epoch } });
    expect(state).toMatchObject({ messages: [{ offset: 1 }], more: true });
    const rest = await stateOf(world, '$recover', { room: 'lobby', since: { offset: 1, epoch } });
    expect(rest).toMatchObject({ messages: [{ offset: 2 }], more: false });
  });

  it('is for members only', async () => {
    const world = await connected();
    const { epoch } = await sayMany(world, 1);
    expect(await ask(world, '$recover', { room: 'lobby', since: { offset: 0, epoch } })).toMatchObject({
      error: { code: 'NOT_IN_ROOM', path: ['data', 'room'] },
    });
  });

  it('works in rooms that the app has joined for a client, closed as they are', async () => {
    const world = await connected({ rooms: undefined });
    await world.store.join('c1', 'lobby');
    const { epoch } = await sayMany(world, 2);
    const state = await stateOf(world, '$recover', { room: 'lobby', since: { offset: 1, epoch } });
    expect(offsets(state)).toEqual([2]);
  });
});

describe('$ping', () => {
  it('is answered without a frame, or with an empty reply for those who ask for one', async () => {
    const world = await connected();
    expect(await world.say({ type: '$ping' })).toBeUndefined();
    expect(await world.say({ type: '$ping', id: 'p1' })).toEqual({ type: 'reply', replyTo: 'p1' });
  });
});

describe('a message of the protocol', () => {
  it.each([
    ['$hello', { v: 1, session: 'x' }, ['data']],
    ['$hello', {}, ['data', 'v']],
    ['$hello', undefined, ['data']],
    ['$hello', { v: 1, rooms: { lobby: 7 } }, ['data', 'rooms', 'lobby']],
    [
      '$hello',
      { v: 1, rooms: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [n, null])) },
      ['data', 'rooms'],
    ],
    ['$join', { room: 'r', since: { offset: -1, epoch: 'e' } }, ['data', 'since', 'offset']],
    ['$join', { room: 'x'.repeat(1025) }, ['data', 'room']],
    ['$join', { room: 'lobby', as: 'admin' }, ['data']],
    ['$leave', {}, ['data', 'room']],
    ['$recover', { room: 'lobby' }, ['data', 'since']],
    ['$ping', 'now', ['data']],
  ])('%s that is malformed is refused, and the field is named', async (type, data, path) => {
    const get = jest.fn<ConnectionStore['get']>();
    const world = protocolApp({ store: { ...memoryStore(), get } });
    expect(await ask(world, type, data)).toMatchObject({
      type: 'error',
      replyTo: 'm1',
      error: { code: 'INVALID_MESSAGE', path },
    });
    expect(get).not.toHaveBeenCalled();
    expect(world.errors).toEqual([]);
  });

  it('that this server does not know is an unknown type', async () => {
    const world = await connected();
    expect(await ask(world, '$dance', {})).toMatchObject({ error: { code: 'UNKNOWN_TYPE' } });
  });

  it('obeys the limit for the size of messages', async () => {
    const world = await connected({ maxMessageBytes: 1000 });
    expect(await ask(world, '$join', { room: 'r'.repeat(1000) })).toMatchObject({
      error: { code: 'PAYLOAD_TOO_LARGE' },
    });
  });
});

describe('a connection whose identity has expired', () => {
  const start = 1_800_000_000_000;
  const brief = { authenticate: () => ({ user: 'ann', expiresAt: start + 60_000 }) };

  it('is not reached by broadcasts any more', async () => {
    const world = await connected(brief);
    await stateOf(world, '$join', { room: 'lobby' });
    world.clock.advance(59_999);
    expect(await said(world, 'in time')).toMatchObject({ delivered: 1 });
    world.clock.advance(1);
    for (const target of [world.app.broadcaster.to('lobby'), world.app.broadcaster.toUser('ann')])
      expect(await target.send('said', { text: 'too late' })).toMatchObject({ recipients: 0 });
    expect(framesOf(world.transport, 'c1')).toHaveLength(1);
  });

  it.each([
    ['$ping', undefined],
    ['$join', { room: 'lobby' }],
    ['say', { room: 'lobby', text: 'hi' }],
  ])('is told and closed when it says %s', async (type, data) => {
    const transport = scriptedTransport();
    const world = await connected({ ...brief, transport });
    world.app.on('say', () => ({ id: '1' }));
    world.clock.advance(60_000);
    expect(await ask(world, type, data)).toMatchObject({ error: { code: 'CONNECTION_STALE' } });
    expect(framesOf(transport, 'c1')).toEqual([
      {
        type: '$bye',
        id: expect.any(String),
        data: { code: 4401, reason: 'connect again', reconnect: true },
      },
    ]);
    expect(transport.disconnected).toEqual(['c1']);
    expect(world.errors).toEqual([]);
  });

  it('is closed although it could not be told, and the app hears of it', async () => {
    const transport = scriptedTransport(() => 'GATEWAY_UNAVAILABLE');
    const world = await connected({ ...brief, transport });
    world.clock.advance(60_000);
    await ask(world, '$ping', undefined);
    expect(transport.disconnected).toEqual(['c1']);
    expect(world.errors).toMatchObject([{ during: 'goodbye', error: { code: 'GATEWAY_UNAVAILABLE' } }]);
  });
});

describe('the options of the protocol', () => {
  it.each<[Partial<Record<keyof AppOptions, unknown>>, RegExp]>([
    [{ rooms: { join: 'lobby' } }, /createApp\.rooms\.join/],
    [{ rooms: { joins: true } }, /createApp\.rooms/],
    [{ lifetimeMs: 3_600_001 }, /createApp\.lifetimeMs/],
    [{ keepAliveMs: 0 }, /createApp\.keepAliveMs/],
    [{ rooms: { history: { maxEntries: 1 } } }, /createApp\.rooms\.history/],
  ])('refuse %j', (options, message) => {
    expect(() => createApp({ store: memoryStore(), origins: 'any', ...(options as object) })).toThrow(
      message,
    );
  });
});
