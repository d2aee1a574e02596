/** What a page knows of a room's state when frames, answers and connections come in the worst order. */
import { describe, expect, it } from '@jest/globals';
import { watchState } from 'yc-broadcast/client/state';
import { openWorld } from '../support/client-world.js';
import { createFakeState, type FakeState } from '../support/fake-state.js';

const json = (value: unknown): string => JSON.stringify(value);

async function stateWorld(isWatched = true) {
  let made: FakeState | undefined;
  const clockOf = { now: () => 0 };
  const world = await openWorld({}, (server) => {
    made = createFakeState(server, () => clockOf.now());
  });
  clockOf.now = world.clock.now;
  if (made === undefined) throw new Error('no state');
  const state = made;
  const room = world.client.join('lobby');
  const players = watchState(room, 'players');
  if (!isWatched) players.stop();
  await world.clock.advance(0);
  const shown = (): unknown => Object.fromEntries(players.getSnapshot().entries);
  const asked = (type: string): number =>
    world.server.sockets.flatMap(({ sent }) => sent).filter((one) => one.type === type).length;
  return { ...world, state, room, players, shown, asked };
}

describe('frames', () => {
  it('are asked for when one is missing, although others keep coming', async () => {
    const { state, clock, shown } = await stateWorld();
    await state.change({ key: 'lost', value: '1' }, true);
    for (let n = 0; n < 10; n++) {
      await state.change({ key: 'moving', value: json(n) });
      await clock.advance(100);
    }
    expect(shown()).toEqual({ lost: 1, moving: 9 });
  });

  it('are asked for again when one is missing behind an answer', async () => {
    const { state, clock, shown } = await stateWorld();
    await state.change({ key: 'a', value: '1' }, true);
    await state.change({ key: 'b', value: '1' });
    state.hold.add('$state');
    await clock.advance(600);
    await state.change({ key: 'c', value: '1' }, true);
    await state.change({ key: 'd', value: '1' });
    state.hold.clear();
    state.held[0]?.();
    await clock.advance(600);
    expect(shown()).toEqual({ a: 1, b: 1, c: 1, d: 1 });
  });

  it('do not ask anew while an answer is under way', async () => {
    const { state, clock, shown, asked } = await stateWorld();
    await state.change({ key: 'lost', value: '1' }, true);
    state.hold.add('$state');
    for (let n = 0; n < 30; n++) {
      await state.change({ key: 'moving', value: json(n) });
      await clock.advance(100);
    }
    expect(asked('$state')).toBe(1);
    state.held[0]?.();
    await clock.advance(0);
    expect(shown()).toEqual({ lost: 1, moving: 29 });
  });

  it('of an epoch that is over are forgotten', async () => {
    const { state, clock, shown, asked, server } = await stateWorld();
    await state.change({ value: '1' });
    const late = await state.change({ value: '2' }, true);
    const later = await state.change({ value: '3' }, true);
    state.forget();
    await state.change({ key: 'bob', value: '4' });
    await clock.advance(600);
    expect(shown()).toEqual({ bob: 4 });
    server.socket.say(late);
    server.socket.say(later);
    await clock.advance(600);
    const before = asked('$state');
    for (let n = 0; n < 10; n++) {
      await state.change({ key: 'bob', value: json(n) });
      await clock.advance(1000);
    }
    expect(asked('$state')).toBe(before);
    expect(shown()).toEqual({ bob: 9 });
  });

  it('that make no sense change nothing', async () => {
    const { state, clock, shown, server, errors } = await stateWorld();
    await state.change({ value: '1' });
    const { epoch } = (await state.change({ value: '2' })) as { readonly epoch: string };
    const say = (version: unknown, rows: unknown, more: object = {}): void => {
      server.socket.say({ type: '$state', room: 'lobby', epoch, version, rows, ...more });
    };
    say(3, [null]);
    say(3, ['row']);
    say(3, [[0, 'key', 3, 1]]);
    say(3, [['players', 'key', 3, 1, 'soon']]);
    say(3, [['players', 'key', 3, 1, null]]);
    say(3, { length: 1 });
    say('3', []);
    say(2 ** 60, [['players', 'key', 3, 1]]);
    say(Number.MAX_SAFE_INTEGER, [['players', 'key', 3, 1]]);
    server.socket.say({ type: '$state', room: 'lobby' });
    server.socket.say({ type: '$state', room: 'lobby', data: null, rows: null });
    await clock.advance(600);
    expect(shown()).toEqual({ ann: 2 });
    for (const key of ['__proto__', 'constructor', 'toString']) await state.change({ key, value: 'null' });
    await state.change({ map: '__proto__', value: '""' });
    await clock.advance(0);
    expect([...Object.keys(shown() as object)]).toEqual(expect.arrayContaining(['ann', 'constructor']));
    expect(errors).toEqual([]);
  });

  it('are not merged over the state of another epoch', async () => {
    const { state, clock, shown, server } = await stateWorld();
    await state.change({ value: '1' });
    state.hold.add('$state');
    await state.change({ key: 'lost', value: '1' }, true);
    await state.change({ key: 'bob', value: '1' });
    await clock.advance(600);
    // The answer to an older question of another epoch comes in the place of this one.
    const page = { after: 1, version: 9, epoch: 'other', rows: [['players', 'eve', 9, 1]], more: false };
    server.socket.reply(
      server.socket.sent.find(({ type }) => type === '$state'),
      { rooms: { lobby: page } },
    );
    state.hold.clear();
    await clock.advance(2000);
    expect(shown()).toEqual({ ann: 1, lost: 1, bob: 1 });
  });
});

describe('answers', () => {
  it('survive the end of the connection that was replaced', async () => {
    const { state, clock, shown, server, players } = await stateWorld();
    await clock.advance(3_500_000);
    expect(server.sockets.length).toBeGreaterThan(1);
    const [old] = server.sockets;
    await state.change({ key: 'a', value: '1' }, true);
    await state.change({ key: 'b', value: '1' });
    state.hold.add('$state');
    await clock.advance(600);
    expect(state.held).toHaveLength(1);
    old?.end();
    state.held[0]?.();
    await clock.advance(0);
    expect(shown()).toEqual({ a: 1, b: 1 });
    expect(players.getSnapshot().isStale).toBe(false);
  });

  it('that come after the end leave no timer', async () => {
    const { state, clock, players, room } = await stateWorld(false);
    await clock.advance(0);
    const before = clock.timers;
    const again = watchState(room, 'players');
    state.hold.add('$state');
    await clock.advance(0);
    again.stop();
    players.stop();
    for (const release of state.held) release();
    await state.change({ value: '1', ttlMs: 5000 });
    await clock.advance(0);
    expect(clock.timers).toBe(before);
  });

  it('without progress are not asked for in a circle', async () => {
    const { state, clock, asked } = await stateWorld();
    state.intercept = (message, socket) => {
      if (message.type !== '$state') return undefined;
      socket.reply(message, { rooms: { lobby: { after: 0, version: 0, epoch: '', rows: [], more: true } } });
      return true;
    };
    await state.change({ key: 'a', value: '1' }, true);
    await state.change({ key: 'b', value: '1' });
    await clock.advance(10_000);
    expect(asked('$state')).toBeLessThan(8);
  });

  it('that never come are asked for again', async () => {
    const { state, clock, shown } = await stateWorld();
    state.hold.add('$state');
    await state.change({ key: 'a', value: '1' }, true);
    await state.change({ key: 'b', value: '1' });
    await clock.advance(600);
    state.hold.clear();
    await clock.advance(20_000);
    expect(shown()).toEqual({ a: 1, b: 1 });
  });

  it('bring what was missed while nobody watched', async () => {
    const { state, clock, room, players } = await stateWorld();
    await state.change({ value: '1', ttlMs: 5000 });
    players.stop();
    await state.change({ key: 'bob', value: '2' });
    await clock.advance(6000);
    const again = watchState(room, 'players');
    expect(again.getSnapshot()).toMatchObject({ isReady: true, isStale: true });
    expect([...again.getSnapshot().entries]).toEqual([]);
    await clock.advance(0);
    expect(again.getSnapshot()).toMatchObject({ isReady: true, isStale: false });
    expect([...again.getSnapshot().entries]).toEqual([['bob', 2]]);
  });

  it('bring everything to a component that is mounted twice', async () => {
    const { state, clock, client, room, players } = await stateWorld();
    await state.change({ value: '1' });
    players.stop();
    room.leave();
    const second = client.join('lobby');
    const watch = watchState(second, 'players');
    watch.stop();
    second.leave();
    const third = client.join('lobby');
    const last = watchState(third, 'players');
    await state.change({ key: 'bob', value: '2' });
    await clock.advance(1000);
    expect([...last.getSnapshot().entries.keys()].sort()).toEqual(['ann', 'bob']);
  });

  it('end with the room', async () => {
    const { clock, players, room, client } = await stateWorld();
    room.leave();
    await clock.advance(1000);
    const before = clock.timers;
    await clock.advance(600_000);
    expect(clock.timers).toBe(before);
    await expect(players.set('ann', { x: 1 })).rejects.toMatchObject({ code: 'LEFT' });
    client.close();
    expect(clock.timers).toBe(0);
  });
});

describe('a hidden page', () => {
  it('asks for what is missing, and does not look whether something is', async () => {
    const { state, clock, shown, asked } = await stateWorld();
    Object.assign(globalThis, { document: { hidden: true } });
    try {
      await state.change({ key: 'a', value: '1' }, true);
      await state.change({ key: 'b', value: '1' });
      await clock.advance(600);
      expect(shown()).toEqual({ a: 1, b: 1 });
      const before = asked('$state');
      await clock.advance(200_000);
      expect(asked('$state')).toBe(before);
    } finally {
      Reflect.deleteProperty(globalThis, 'document');
    }
    const before = asked('$state');
    await clock.advance(70_000);
    expect(asked('$state')).toBeGreaterThan(before);
  });
});

describe('time', () => {
  it('ends a key of 3 seconds within 4, without a request', async () => {
    const { state, clock, shown, server } = await stateWorld();
    await state.change({ value: '1', ttlMs: 3000 });
    const before = server.socket.sent.length;
    await clock.advance(2900);
    expect(shown()).toEqual({ ann: 1 });
    await clock.advance(1000);
    expect(shown()).toEqual({});
    expect(server.socket.sent.length).toBe(before);
  });

  it('that leaps forward hides keys, and they come back when they have not ended', async () => {
    const { state, clock, shown, server } = await stateWorld();
    const { epoch } = (await state.change({ value: '1' })) as { readonly epoch: string };
    // The server's clock does not leap: it still has the key.
    server.socket.say({
      type: '$state',
      room: 'lobby',
      epoch,
      version: 2,
      rows: [['players', 'bob', 2, 1, 60_000]],
    });
    expect(shown()).toEqual({ ann: 1, bob: 1 });
    await state.change({ key: 'bob', value: '1' }, true);
    clock.sleep(3_000_000);
    await clock.advance(120_000);
    expect(shown()).toEqual({ ann: 1, bob: 1 });
  });

  it('ends keys of a state that replaces another one', async () => {
    const { state, clock, shown, players } = await stateWorld();
    await state.change({ key: 'keeps', value: '1' });
    await state.change({ key: 'ends', value: '1', ttlMs: 5000 });
    await clock.advance(0);
    state.forget();
    for (let n = 0; n < 3; n++) await state.change({ key: `k${n}`, value: '1' }, true);
    await state.change({ key: 'short', value: '1', ttlMs: 1000 }, true);
    const differences: string[] = [];
    players.onChange(({ key, value }) => differences.push(`${key} ${json(value ?? 'gone')}`));
    const stale: boolean[] = [];
    state.maxBytes = 60;
    state.hold.add('$state');
    await state.change({ key: 'last', value: '1' });
    await clock.advance(600);
    for (let n = 0; n < 10 && state.held.length > 0; n++) {
      state.held.shift()?.();
      await clock.advance(600);
      stale.push(players.getSnapshot().isStale);
    }
    expect(shown()).toEqual({ k0: 1, k1: 1, k2: 1, last: 1 });
    expect(stale).toEqual([true, true, true, true, false]);
    expect(differences.filter((one) => one.startsWith('short'))).toEqual([]);
  });
});

describe('a change of the page', () => {
  it('is not merged with one that has a condition', async () => {
    const { state, clock, players } = await stateWorld();
    await state.change({ key: 'seat', value: '"bob"' });
    state.hold.add('$set');
    const first = players.set('seat', 'a');
    const claim = players.set('seat', 'b', { ifNew: true });
    const plain = players.set('seat', 'c');
    const newest = players.set('seat', 'd');
    state.hold.clear();
    await clock.advance(0);
    state.held[0]?.();
    await clock.advance(1000);
    expect(await first).toEqual({ changed: true, value: 'a' });
    expect(await claim).toEqual({ changed: false, value: 'a' });
    expect(await plain).toEqual({ changed: true, value: 'd' });
    expect(await newest).toEqual({ changed: true, value: 'd' });
  });

  it('is sent ten times a second at most, however quick the server answers', async () => {
    const { clock, players, asked } = await stateWorld();
    for (let n = 0; n < 600; n++) {
      void players.set('ann', { x: n });
      await clock.advance(1000 / 60);
    }
    await clock.advance(1000);
    expect(asked('$set')).toBeLessThanOrEqual(101);
    expect(players.get('ann')).toEqual({ x: 599 });
  });

  it('goes out again after a lost connection, in the newest version', async () => {
    const { state, clock, players, server, asked } = await stateWorld();
    state.hold.add('$set');
    const first = players.set('ann', 1);
    await clock.advance(10);
    server.socket.end();
    const second = players.set('ann', 2);
    state.hold.clear();
    await clock.advance(5000);
    expect(await first).toEqual({ changed: true, value: 2 });
    expect(await second).toEqual({ changed: true, value: 2 });
    expect(asked('$set')).toBe(2);
    expect(players.get('ann')).toBe(2);
  });

  it('of which nobody knows what became is looked up', async () => {
    const { state, clock, players } = await stateWorld();
    state.hold.add('$set');
    const claim = players.set('seat', 'ann', { ifNew: true });
    await clock.advance(16_000);
    await expect(claim).rejects.toMatchObject({ code: 'NO_ANSWER' });
    await clock.advance(0);
    expect(players.get('seat')).toBe('ann');
  });

  it('fails when the page leaves, is refused, or closes the client', async () => {
    for (const end of ['leave', 'refuse', 'close']) {
      const { state, clock, players, server, room, client } = await stateWorld();
      server.isUp = false;
      server.socket.end();
      await clock.advance(0);
      const waiting = players.set('ann', 1);
      state.intercept = (message, socket) => {
        if (message.type !== '$hello') return undefined;
        const refused = { error: { code: 'FORBIDDEN', message: 'no' } };
        socket.reply(message, { v: 1, ...server.welcome, rooms: { lobby: refused } });
        return true;
      };
      if (end === 'leave') room.leave();
      if (end === 'close') client.close();
      server.isUp = true;
      const code = { leave: 'LEFT', close: 'CLOSED', refuse: 'FORBIDDEN' }[end];
      const outcome = expect(waiting).rejects.toMatchObject({ code });
      await clock.advance(60_000);
      await outcome;
      client.close();
    }
  });

  it('is refused when too many wait', async () => {
    const { clock, players, server } = await stateWorld();
    server.isUp = false;
    server.socket.end();
    await clock.advance(0);
    const outcomes = Array.from({ length: 1001 }, (_, n) => players.set(`k${n}`, n));
    await expect(outcomes.at(-1)).rejects.toMatchObject({ code: 'QUEUE_FULL' });
  });
});

describe('a server', () => {
  it('that is older than state is asked without, and the page is told', async () => {
    let isNew = false;
    const world = await openWorld({}, (server) => {
      server.answer = (message, socket) => {
        const { type, data } = message;
        if (!isNew && (data as { want?: unknown } | undefined)?.want !== undefined)
          socket.refuse(message, 'INVALID_MESSAGE');
        else if (type === '$state') socket.refuse(message, 'UNKNOWN_TYPE');
        else if (type === '$hello')
          socket.reply(message, {
            v: 1,
            ...server.welcome,
            rooms: Object.fromEntries(
              Object.keys((data as { rooms: object }).rooms).map((name) => [
                name,
                { position: null, recovered: true, messages: [], more: false },
              ]),
            ),
          });
        else if (type === '$join')
          socket.reply(message, { position: null, recovered: true, messages: [], more: false });
        else socket.reply(message);
      };
    });
    const { client, clock, errors, server, sent } = world;
    // Beside a connection that is open, with `$join`.
    const lobby = client.join('lobby', { last: 5, load: true });
    watchState(lobby as never, 'players' as never);
    await clock.advance(5000);
    await lobby.joined;
    expect(errors).toEqual(['INVALID_MESSAGE', 'UNKNOWN_TYPE']);
    const count = sent('$state').length + sent('$join').length;
    await clock.advance(300_000);
    expect(sent('$state').length + sent('$join').length).toBe(count);
    // On a new connection, with `$hello`.
    server.socket.end();
    await clock.advance(10_000);
    expect(client.state).toBe('open');
    expect(errors.slice(2)).toContain('INVALID_MESSAGE');
    isNew = true;
    server.socket.end();
    await clock.advance(10_000);
    expect(sent('$hello')[0]?.data).toMatchObject({ want: { lobby: { last: 5 } } });
  });
});
