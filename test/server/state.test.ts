/** The state of rooms: what changes it, who is told, and what comes with a join. */
import { describe, expect, it } from '@jest/globals';
import {
  createApp,
  createBroadcaster,
  defineContract,
  type AppOptions,
  type ConnectionStore,
  type ErrorReport,
} from 'yc-broadcast';
import { roomState } from 'yc-broadcast/state';
import { memoryStore } from 'yc-broadcast/stores/memory';
import * as z from 'zod';
import { connectEvent, functionContext, messageEvent } from '../support/events.js';
import { framesOf, handClock, LIMITS } from '../support/protocol.js';
import { scriptedTransport } from '../support/scripted-transport.js';

const contract = defineContract({
  client: {},
  server: { said: z.object({ text: z.string() }) },
  state: {
    players: { value: z.object({ score: z.number() }) },
    typing: { value: z.boolean(), ttlMs: 3000 },
  },
});
type Game = typeof contract;

const state = roomState<Game>({ players: { write: ({ connection, key }) => key === connection.user } });

function game(options: Partial<AppOptions<Game>> = {}) {
  const clock = handClock();
  const store = memoryStore({ now: clock.now });
  const transport = scriptedTransport();
  const errors: ErrorReport[] = [];
  const app = createApp<Game>({
    contract,
    origins: 'any',

    store,
    transport,
    now: clock.now,
    authenticate: ({ query }) => ({ user: query['user'] }),
    onError: (report) => errors.push(report),
    ...options,
    rooms: {
      history: LIMITS,
      join: true,
      state,
      ...options.rooms,
    },
  });
  const connect = (connectionId: string) =>
    app.handler(
      connectEvent({ connectionId, connectedAt: clock.now(), query: { user: connectionId } }),
      functionContext(),
    );
  async function ask(connectionId: string, type: string, data: unknown): Promise<unknown> {
    const body = { type, data, id: 'm' };
    const event = messageEvent(body, { connectionId, connectedAt: clock.now() });
    const response = await app.handler(event, functionContext());
    const { data: reply, error } = JSON.parse(response.body ?? '{}') as { data?: unknown; error?: unknown };
    return error === undefined ? reply : { error };
  }
  async function enter(...ids: string[]): Promise<void> {
    for (const id of ids) {
      await connect(id);
      await ask(id, '$join', { room: 'lobby' });
    }
  }
  return {
    app,
    ask,
    clock,
    connect,
    enter,
    errors,
    players: app.broadcaster.state('lobby', 'players'),
    transport,
  };
}

describe('a map of a room', () => {
  it('tells everybody in the room of a change, in one small frame', async () => {
    const { enter, players, transport } = game();
    await enter('ann', 'bob');
    expect(await players.set('ann', { score: 1 })).toEqual({
      changed: true,
      version: 1,
      value: { score: 1 },
    });
    for (const id of ['ann', 'bob']) {
      expect(framesOf(transport, id)).toEqual([
        {
          type: '$state',
          room: 'lobby',
          epoch: expect.any(String),
          version: 1,
          rows: [['players', 'ann', 1, { score: 1 }]],
        },
      ]);
    }
    const [text = ''] = transport.received.get('ann') ?? [];
    expect(text.length - '{"score":1}'.length - '"players""ann"'.length).toBeLessThan(130);
  });

  it('has changed when the change is stored, also when nobody can be told', async () => {
    const store = memoryStore();
    const broken = { ...store, list: () => Promise.reject(new Error('away')) };
    const { players } = game({ store: broken });
    expect(await players.set('seat', { score: 1 }, { ifNew: true })).toMatchObject({ changed: true });
    expect(await players.get('seat')).toMatchObject({ value: { score: 1 } });
  });

  it('sets, reads, updates and deletes keys', async () => {
    const { players } = game();
    await players.set('ann', { score: 1 });
    await players.update('ann', (before) => ({ score: (before?.score ?? 0) + 1 }));
    await players.update('bob', (before) => before ?? { score: 0 });
    expect(await players.get('ann')).toEqual({ value: { score: 2 }, version: 2 });
    expect([...(await players.entries())]).toEqual([
      ['ann', { value: { score: 2 }, version: 2 }],
      ['bob', { value: { score: 0 }, version: 3 }],
    ]);
    await players.delete('ann');
    expect(await players.get('ann')).toBeUndefined();
    expect([...(await players.entries()).keys()]).toEqual(['bob']);
  });

  it('changes nothing where the key has another version, and tells nobody', async () => {
    const { enter, players, transport } = game();
    await players.set('ann', { score: 1 });
    await enter('ann');
    const current = { changed: false, version: 1, value: { score: 1 } };
    expect(await players.set('ann', { score: 2 }, { ifNew: true })).toEqual(current);
    expect(await players.delete('ann', { ifVersion: 7 })).toEqual(current);
    expect(await players.update('ann', () => undefined)).toEqual(current);
    expect(framesOf(transport, 'ann')).toEqual([]);
  });

  it('loses no update of eight that are made at the same time', async () => {
    const { players } = game();
    const add = () => players.update('ann', (before) => ({ score: (before?.score ?? 0) + 1 }));
    await Promise.all(Array.from({ length: 8 }, add));
    expect((await players.get('ann'))?.value).toEqual({ score: 8 });
  });

  it('keeps a key as long as the contract says, or the change', async () => {
    const { app, clock } = game();
    const typing = app.broadcaster.state('lobby', 'typing');
    await typing.set('ann', true);
    await typing.set('bob', true, { ttlMs: 10_000 });
    clock.advance(3000);
    expect([...(await typing.entries()).keys()]).toEqual(['bob']);
    expect((await typing.get('bob'))?.ttlMs).toBe(7000);
  });

  it('refuses what the contract does not have, before anything is stored', async () => {
    const { app, players } = game();
    expect(() => app.broadcaster.state('lobby', 'board' as 'players')).toThrow(
      "INVALID_OPTIONS: state: the contract's state has no map 'board'",
    );
    expect(() => app.broadcaster.state('', 'players')).toThrow(/INVALID_OPTIONS: state\.room/);
    await expect(players.set('ann', { score: 'x' } as never)).rejects.toThrow(
      /INVALID_OPTIONS: a value of the map 'players' does not fit the contract at 'score'/,
    );
    await expect(players.set('', { score: 1 })).rejects.toThrow(/INVALID_OPTIONS: key/);
    expect(await players.entries()).toEqual(new Map());
  });

  it('needs a store that keeps state, and the option', () => {
    const { state: _state, ...store } = memoryStore();
    const transport = scriptedTransport();
    expect(() => createApp({ contract, origins: 'any', store, transport, rooms: { state } })).toThrow(
      "INVALID_OPTIONS: rooms.state: the store 'memory' does not keep the state of rooms",
    );
    const broadcaster = createBroadcaster({ store, transport, contract });
    expect(() => broadcaster.state('lobby', 'players')).toThrow(/set the option rooms: \{ state: roomState/);
    expect(() => roomState({ players: { wirte: () => true } } as never)).toThrow(/roomState\.players/);
  });
});

describe('a join', () => {
  it('brings the state, with its position', async () => {
    const { ask, connect, players } = game();
    await players.set('ann', { score: 1 });
    await connect('bob');
    const state = {
      after: 0,
      version: 1,
      epoch: expect.any(String),
      rows: [['players', 'ann', 1, { score: 1 }]],
      more: false,
      reset: true,
    };
    expect(await ask('bob', '$join', { room: 'lobby', want: { state: null } })).toMatchObject({ state });
    const hello = { v: 1, rooms: { lobby: null }, want: { lobby: { state: null } } };
    expect(await ask('bob', '$hello', hello)).toMatchObject({ rooms: { lobby: { state } } });
    expect(await ask('bob', '$join', { room: 'lobby' })).not.toHaveProperty('state');
  });

  it('brings what has changed since, deleted keys too', async () => {
    const { ask, enter, players } = game();
    await players.set('ann', { score: 1 });
    await enter('bob');
    const { state } = (await ask('bob', '$join', { room: 'lobby', want: { state: null } })) as {
      state: { version: number; epoch: string };
    };
    await players.delete('ann');
    const since = { version: state.version, epoch: state.epoch };
    expect(await ask('bob', '$state', { rooms: { lobby: since, other: null } })).toEqual({
      rooms: {
        lobby: { after: 1, version: 2, epoch: state.epoch, rows: [['players', 'ann', 2]], more: false },
        other: { error: { code: 'NOT_IN_ROOM', message: 'join the room first' } },
      },
    });
  });

  it('brings the last messages, without a Send', async () => {
    const { app, ask, connect, transport } = game();
    for (const text of ['a', 'b', 'c']) await app.broadcaster.to('lobby').send('said', { text });
    await connect('bob');
    expect(await ask('bob', '$join', { room: 'lobby', want: { last: 2 } })).toMatchObject({
      position: { offset: 3 },
      recovered: true,
      messages: [
        { data: { text: 'b' }, offset: 2 },
        { data: { text: 'c' }, offset: 3 },
      ],
      more: false,
    });
    expect(framesOf(transport, 'bob')).toEqual([]);
  });

  it('brings the last messages again when the position is lost', async () => {
    const { app, ask, connect } = game();
    await app.broadcaster.to('lobby').send('said', { text: 'a' });
    await connect('bob');
    const since = { offset: 7, epoch: 'of another store' };
    expect(await ask('bob', '$join', { room: 'lobby', since, want: { last: 5 } })).toMatchObject({
      recovered: false,
      messages: [{ data: { text: 'a' } }],
    });
  });

  it('loads what the app keeps, once for each join and after a loss, never after a recovery', async () => {
    const loads: string[] = [];
    const load = ({ room, connection }: { room: string; connection: { id: string } }) => {
      loads.push(`${room} for ${connection.id}`);
      return { topic: 'tea', at: new Date(0) };
    };
    const { ask, connect } = game({ rooms: { join: true, load } });
    await connect('bob');
    const want = { load: true };
    const loaded = { topic: 'tea', at: '1970-01-01T00:00:00.000Z' };
    const first = (await ask('bob', '$join', { room: 'lobby', want })) as { position: object; load: object };
    expect(first.load).toEqual(loaded);
    expect(await ask('bob', '$join', { room: 'lobby', since: first.position, want })).not.toHaveProperty(
      'load',
    );
    const lost = { offset: 9, epoch: 'other' };
    expect(await ask('bob', '$recover', { room: 'lobby', since: lost, want })).toMatchObject({
      load: loaded,
    });
    expect(loads).toEqual(['lobby for bob', 'lobby for bob']);
  });

  it('is not refused when loading fails, which is reported', async () => {
    const load = () => {
      throw new Error('the database is away');
    };
    const { ask, connect, errors } = game({ rooms: { join: true, load } });
    await connect('bob');
    const answer = await ask('bob', '$join', { room: 'lobby', want: { load: true } });
    expect(answer).toMatchObject({ recovered: true });
    expect(answer).not.toHaveProperty('load');
    expect(errors).toMatchObject([{ during: 'rooms.load' }]);
  });
});

describe('$set', () => {
  it('changes a key where the app lets a member, who has the answer; the others are told', async () => {
    const { ask, enter, players, transport } = game();
    await enter('ann', 'bob');
    const write = { room: 'lobby', map: 'players', key: 'ann', value: { score: 5 } };
    expect(await ask('ann', '$set', write)).toEqual({
      changed: true,
      version: 1,
      epoch: expect.any(String),
      rows: [['players', 'ann', 1, { score: 5 }]],
    });
    expect(framesOf(transport, 'ann')).toEqual([]);
    expect(framesOf(transport, 'bob')).toMatchObject([{ type: '$state', version: 1 }]);
    expect(await ask('ann', '$set', { ...write, ifVersion: 0 })).toEqual({
      changed: false,
      rows: [['players', 'ann', 1, { score: 5 }]],
    });
    await ask('ann', '$set', { room: 'lobby', map: 'players', key: 'ann' });
    expect(await players.get('ann')).toBeUndefined();
  });

  it.each<[string, object, object]>([
    ['a key of another', { key: 'bob' }, { code: 'FORBIDDEN' }],
    ['a map without write', { map: 'typing', value: true }, { code: 'FORBIDDEN' }],
    ['a map that is none', { map: '__proto__' }, { code: 'INVALID_MESSAGE', path: ['data', 'map'] }],
    ['a key that is no name', { key: '' }, { code: 'INVALID_MESSAGE', path: ['data', 'key'] }],
    [
      'a wrong value',
      { value: { score: '5' } },
      { code: 'INVALID_MESSAGE', path: ['data', 'value', 'score'] },
    ],
    ['a room that it is not in', { room: 'other' }, { code: 'NOT_IN_ROOM' }],
  ])('refuses %s, and nothing is stored', async (_what, wrong, error) => {
    const { ask, enter, players } = game();
    await enter('ann');
    const write = { room: 'lobby', map: 'players', key: 'ann', value: { score: 5 }, ...wrong };
    expect(await ask('ann', '$set', write)).toMatchObject({ error });
    expect(await players.entries()).toEqual(new Map());
  });
});

describe('what it takes', () => {
  it('is one request for a join with the last 50 messages, and no Send', async () => {
    const { app, connect, ask, transport } = game();
    for (let n = 0; n < 60; n++) await app.broadcaster.to('lobby').send('said', { text: `${n}` });
    await connect('ann');
    const welcome = (await ask('ann', '$hello', {
      v: 1,
      rooms: { lobby: null },
      want: { lobby: { last: 50, state: null } },
    })) as { rooms: { lobby: { messages: { data: { text: string } }[]; state: unknown } } };
    const { messages, state: page } = welcome.rooms.lobby;
    expect(messages.map(({ data }) => data.text)).toEqual(Array.from({ length: 50 }, (_, n) => `${n + 10}`));
    expect(page).toMatchObject({ version: 0, more: false });
    expect([...transport.received]).toEqual([]);
  });

  it('is two requests to the store for a change, up to the first Send of a small frame', async () => {
    const calls: string[] = [];
    const store = counted(memoryStore(), calls);
    const transport = scriptedTransport(() => {
      calls.push('send');
      return 'ok';
    });
    const { connect, ask, players } = game({ store, transport });
    for (let n = 0; n < 1000; n++) await players.set(`k${n}`, { score: n });
    await connect('ann');
    await ask('ann', '$join', { room: 'lobby' });
    calls.length = 0;
    await players.set('k7', { score: 8 });
    expect(calls.slice(0, calls.indexOf('send'))).toEqual(['change', 'list']);
    const [text = ''] = transport.received.get('ann') ?? [];
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(150 + '{"score":8}'.length);
  });

  it('is two answers for 1,000 keys of 100 bytes', async () => {
    const { connect, ask, players, app } = game();
    const filler = 'x'.repeat(88);
    for (let n = 0; n < 1000; n++)
      await app.broadcaster.store.state?.change('lobby', [
        { map: 'players', key: `k${n}`, value: `{"name":"${filler}"}` },
      ]);
    expect((await players.entries()).size).toBe(1000);
    await connect('ann');
    interface Page {
      readonly rows: unknown[];
      readonly more: boolean;
      readonly version: number;
      readonly epoch: string;
      readonly base?: number;
    }
    const joined = (await ask('ann', '$join', { room: 'lobby', want: { state: null } })) as { state: Page };
    const { version, epoch, base, rows } = joined.state;
    const rest = (await ask('ann', '$state', { rooms: { lobby: { version, epoch, base } } })) as {
      rooms: { lobby: Page };
    };
    expect(rest.rooms.lobby.more).toBe(false);
    expect(rows.length + rest.rooms.lobby.rows.length).toBe(1000);
  });
});

/** The store, with the names of what is asked of it. */
function counted(store: ConnectionStore, calls: string[]): ConnectionStore {
  const { list, state: kept } = store;
  if (kept === undefined) throw new Error('no state');
  return {
    ...store,
    list: (...given) => {
      calls.push('list');
      return list(...given);
    },
    state: {
      ...kept,
      change: (...given) => {
        calls.push('change');
        return kept.change(...given);
      },
    },
  };
}

describe('races for a free key', () => {
  it('have one winner each, and every page agrees on who', async () => {
    const { app, connect, ask, transport } = game();
    await connect('page');
    await ask('page', '$join', { room: 'lobby' });
    const writers = Array.from({ length: 8 }, (_, n) => (n % 2 === 0 ? app.broadcaster : otherOf(app)));
    const rounds = Number(process.env['RACES'] ?? 1000);
    for (let round = 0; round < rounds; round++) {
      const key = `seat${round % 500}`;
      const results = await Promise.all(
        writers.map((writer, score) => writer.state('lobby', 'players').set(key, { score }, { ifNew: true })),
      );
      const winners = results.filter(({ changed }) => changed);
      expect(winners).toHaveLength(1);
      // Losers are told who has won.
      expect(new Set(results.map(({ value }) => value?.score)).size).toBe(1);
      const last = JSON.parse(transport.received.get('page')?.at(-1) ?? '') as { rows: unknown[][] };
      expect(last.rows).toEqual([['players', key, expect.any(Number), winners[0]?.value]]);
      await app.broadcaster.state('lobby', 'players').delete(key);
    }
  }, 600_000);
});

/** Another instance with the same store. */
function otherOf(app: ReturnType<typeof game>['app']) {
  const { store, transport } = app.broadcaster;
  return createBroadcaster<Game>({ store, transport, contract, rooms: { state } });
}
