/** Who is in a room: users, not connections, told to the others as they come and go. */
import { describe, expect, it } from '@jest/globals';
import { BroadcastError, presence, type ConnectionStore, type PresenceOptions } from 'yc-broadcast';
import type { HistoryStore } from 'yc-broadcast/stores';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { framesOf, handClock, protocolApp, type ProtocolOptions } from '../support/protocol.js';
import { scriptedTransport, type ScriptedTransport } from '../support/scripted-transport.js';

function shown(options: PresenceOptions = {}, others: ProtocolOptions = {}) {
  const world = protocolApp({
    ...others,
    rooms: { join: true, presence: presence(options), ...others.rooms },
  });
  let n = 0;
  async function enter(id: string, user?: string, room = 'lobby'): Promise<unknown> {
    await world.connect(id, user === undefined ? {} : { user });
    return world.say({ type: '$join', data: { room }, id: `${++n}` }, id);
  }
  const told = (id: string): unknown[] =>
    framesOf(world.transport, id)
      .map((frame) => frame as { type: string; data: unknown })
      .filter(({ type }) => type === '$presence')
      .map(({ data }) => data);
  return { ...world, enter, told };
}

describe('somebody who joins a room', () => {
  it('learns who is there, and the others learn who came', async () => {
    const { enter, told } = shown();
    await enter('a1', 'ann');
    const answer = await enter('b1', 'bob');
    const users = [{ user: 'ann' }, { user: 'bob' }];
    const position = { epoch: expect.any(String) as unknown, offset: 2 };
    expect(answer).toMatchObject({ data: { presence: { count: 2, users, position } } });
    expect(told('a1')).toEqual([{ room: 'lobby', count: 2, users, position, joined: [{ user: 'bob' }] }]);
    expect(told('b1')).toEqual([]);
  });

  it('with a second tab is still one, and nobody is told', async () => {
    const { enter, told } = shown();
    await enter('a1', 'ann');
    await enter('b1', 'bob');
    expect(await enter('b2', 'bob')).toMatchObject({ data: { presence: { count: 2 } } });
    expect(told('a1')).toHaveLength(1);
  });

  it('once more, where the answer was lost, is not told of again', async () => {
    const { enter, told, say } = shown();
    await enter('a1', 'ann');
    await enter('b1', 'bob');
    await say({ type: '$join', data: { room: 'lobby' }, id: 'again' }, 'b1');
    await say({ type: '$hello', data: { v: 1, rooms: { lobby: null } }, id: 'hello' }, 'b1');
    expect(told('a1')).toHaveLength(1);
  });

  it('with two tabs at once is told of', async () => {
    const store = memoryStore();
    const both: (() => void)[] = [];
    const join: ConnectionStore['join'] = async (id, room) => {
      const joined = await store.join(id, room);
      // Neither goes on before the other has joined.
      if (id !== 'a1')
        await new Promise<void>((resolve) =>
          (both.push(resolve) === 2 ? both : []).map((go) => {
            go();
          }),
        );
      return joined;
    };
    const { enter, told } = shown({}, { store: { ...store, join }, now: Date.now });
    await enter('a1', 'ann');
    await Promise.all([enter('b1', 'bob'), enter('b2', 'bob')]);
    expect(told('a1')).toMatchObject([{ joined: [{ user: 'bob' }], count: 2 }]);
  });

  it('is described as the app wants, and not at all without a user', async () => {
    const { enter, told } = shown(
      { describe: ({ attributes }) => attributes['name'] },
      {
        authenticate: ({ query }) => ({
          user: query['user'],
          attributes: { name: `Dr ${query['user'] ?? ''}` },
        }),
      },
    );
    await enter('a1', 'ann');
    const answer = await enter('x1');
    expect(answer).toMatchObject({
      data: { presence: { count: 1, users: [{ user: 'ann', data: 'Dr ann' }] } },
    });
    expect(told('a1')).toEqual([]);
  });

  it('by onConnect or by a handler is told of as well', async () => {
    const world = shown();
    world.app.onConnect(({ join, user }) => (user === 'bob' ? join('lobby') : undefined));
    world.app.on('say', async ({ connection }) => {
      await connection.join('lobby');
      return { id: '' };
    });
    await world.enter('a1', 'ann');
    await world.connect('b1', { user: 'bob' });
    await world.connect('c1', { user: 'cat' });
    await world.say({ type: 'say', data: { room: 'r', text: '' } }, 'c1');
    expect(world.told('a1')).toMatchObject([{ joined: [{ user: 'bob' }] }, { joined: [{ user: 'cat' }] }]);
  });

  it('joins although the others cannot be told, and the app hears of that', async () => {
    const store = memoryStore();
    const list: ConnectionStore['list'] = (audience, options) =>
      'user' in audience
        ? Promise.reject(new BroadcastError('STORE_UNAVAILABLE', 'down'))
        : store.list(audience, options);
    const { enter, errors } = shown({}, { store: { ...store, list }, now: Date.now });
    expect(await enter('a1', 'ann')).toMatchObject({ type: 'reply' });
    expect(errors).toMatchObject([{ during: 'presence', error: { code: 'STORE_UNAVAILABLE' } }]);
  });
});

describe('somebody who leaves', () => {
  it('is told of when the last tab is closed, so not when a connection takes the place of another', async () => {
    const { enter, told, disconnect } = shown();
    await enter('a1', 'ann');
    await enter('b1', 'bob');
    await enter('b2', 'bob');
    await disconnect('b1');
    expect(told('a1')).toHaveLength(1);
    await disconnect('b2');
    expect(told('a1')[1]).toEqual({
      room: 'lobby',
      count: 1,
      users: [{ user: 'ann' }],
      position: { epoch: expect.any(String) as unknown, offset: 3 },
      left: ['bob'],
    });
  });

  it('by $leave is told of, and told no more', async () => {
    const { enter, told, say } = shown();
    await enter('a1', 'ann');
    await enter('b1', 'bob');
    await say({ type: '$leave', data: { room: 'lobby' } }, 'b1');
    await enter('c1', 'cat');
    expect(told('a1')).toMatchObject([{}, { left: ['bob'] }, { joined: [{ user: 'cat' }] }]);
    expect(told('b1')).toEqual([]);
  });

  it('was there: nobody is told of those who were refused, or whose $leave is repeated', async () => {
    const { enter, told, say, store } = shown(
      {},
      { authorize: ({ connection }) => connection.user !== 'eve' },
    );
    await enter('a1', 'ann');
    await enter('e1', 'eve');
    const leave = (id: string) => say({ type: '$leave', data: { room: 'lobby' }, id: 'l' }, id);
    expect(await leave('e1')).toEqual({ type: 'reply', replyTo: 'l' });
    expect(told('a1')).toEqual([]);
    await enter('b1', 'bob');
    await leave('b1');
    await leave('b1');
    expect(told('a1')).toMatchObject([{ joined: [{ user: 'bob' }] }, { left: ['bob'] }]);
    expect(await store.rooms('b1')).toEqual([]);
  });

  it('without a disconnect event is noticed as soon as a message does not reach it', async () => {
    const gone = new Set<string>();
    const transport: ScriptedTransport = scriptedTransport((id) =>
      gone.has(id) ? 'CONNECTION_STALE' : 'ok',
    );
    const { enter, told } = shown({}, { transport });
    await enter('a1', 'ann');
    await enter('b1', 'bob');
    gone.add('b1');
    await enter('c1', 'cat');
    expect(told('a1').slice(1)).toMatchObject([
      { joined: [{ user: 'cat' }], count: 3 },
      { left: ['bob'], count: 2, users: [{ user: 'ann' }, { user: 'cat' }] },
    ]);
  });

  it('without any sign is not there any more after 61 minutes', async () => {
    const { enter, clock, say } = shown();
    await enter('b1', 'bob');
    clock.advance(30 * 60_000);
    await enter('a1', 'ann');
    clock.advance(31 * 60_000);
    expect(await say({ type: '$presence', data: { room: 'lobby' }, id: 'p' }, 'a1')).toMatchObject({
      data: { count: 1, users: [{ user: 'ann' }] },
    });
  });
});

describe('a large room', () => {
  it('is told how many are there, not who, and not at every change', async () => {
    const { enter, told, clock } = shown({ maxListed: 2, countEveryMs: 5000 });
    await enter('a1', 'ann');
    await enter('b1', 'bob');
    const at = (offset: number) => ({ epoch: expect.any(String) as unknown, offset });
    expect(await enter('c1', 'cat')).toMatchObject({ data: { presence: { count: 3, position: at(3) } } });
    expect(told('a1').slice(1)).toEqual([{ room: 'lobby', count: 3, position: at(3) }]);
    clock.advance(4999);
    await enter('d1', 'dan');
    expect(told('a1')).toHaveLength(2);
    clock.advance(1);
    await enter('e1', 'eve');
    expect(told('a1')[2]).toEqual({ room: 'lobby', count: 5, position: at(4) });
  });

  it('is told its number although the clock of whoever told it last is an hour ahead', async () => {
    const clock = handClock();
    const store = memoryStore({ now: clock.now });
    const ahead = shown({ maxListed: 1 }, { store, now: () => clock.now() + 3_600_000 });
    const right = shown({ maxListed: 1 }, { store, now: clock.now });
    await right.enter('a1', 'ann');
    await ahead.enter('b1', 'bob');
    clock.advance(10_000);
    await right.enter('c1', 'cat');
    expect(right.told('a1')).toMatchObject([{ count: 3 }]);
  });

  it('is told its number once when two instances notice at once', async () => {
    const clock = handClock();
    const store = memoryStore({ now: clock.now });
    const history = store.history;
    const waiting: (() => void)[] = [];
    let isLarge = false;
    const append: HistoryStore['append'] = async (room, ...rest) => {
      if (!isLarge) return history.append(room, ...rest);
      // Both have read before either appends.
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 2) for (const go of waiting) go();
      });
      return history.append(room, ...rest);
    };
    const shared = { store: { ...store, history: { ...history, append } }, now: clock.now };
    const [one, two] = [shown({ maxListed: 1 }, shared), shown({ maxListed: 1 }, shared)];
    await one.enter('a1', 'ann');
    isLarge = true;
    await Promise.all([one.enter('b1', 'bob'), two.enter('c1', 'cat')]);
    expect(waiting).toHaveLength(2);
    expect([...one.told('a1'), ...two.told('a1')]).toHaveLength(1);
  });
});

describe('$presence', () => {
  it('is answered to members of rooms that show who is there', async () => {
    const { enter, say } = shown({ rooms: (room) => room !== 'secret' });
    await enter('a1', 'ann');
    const ask = (room: string): Promise<unknown> => say({ type: '$presence', data: { room }, id: 'p' }, 'a1');
    expect(await ask('lobby')).toEqual({
      type: 'reply',
      replyTo: 'p',
      data: {
        count: 1,
        position: { epoch: expect.any(String) as unknown, offset: 1 },
        users: [{ user: 'ann' }],
      },
    });
    expect(await ask('elsewhere')).toMatchObject({ error: { code: 'NOT_IN_ROOM' } });
    expect(await enter('b1', 'bob', 'secret')).not.toMatchObject({ data: { presence: {} } });
    expect(await say({ type: '$presence', data: { room: 'secret' }, id: 'p' }, 'b1')).toMatchObject({
      error: { code: 'FORBIDDEN' },
    });
  });

  it('has no place in the history of the room', async () => {
    const { enter, told, app } = shown();
    await enter('a1', 'ann');
    await enter('b1', 'bob');
    expect(told('a1')).toHaveLength(1);
    expect(await app.broadcaster.to('lobby').send('said', { text: 'first' })).toMatchObject({
      position: { offset: 1 },
    });
  });
});

describe('the option presence', () => {
  it('is made by presence(), which names a wrong option', () => {
    expect(() => presence({ maxListed: 0 })).toThrow(/presence\.maxListed/);
    // @ts-expect-error: not what presence() makes
    expect(() => protocolApp({ rooms: { presence: true } })).toThrow(/createApp\.rooms\.presence/);
  });

  it('needs a store with histories', () => {
    const { history: _none, ...store } = memoryStore();
    const options = { store, rooms: { history: undefined }, contract: { client: {}, server: {} } };
    // @ts-expect-error: another contract than the support's
    expect(() => shown({}, options)).toThrow(/rooms\.presence: the store 'memory' has no histories/);
  });
});
