/** The client's hooks, with as much of React as they need. */
import { describe, expect, it } from '@jest/globals';
import { createClientHooks, createStateHooks } from 'yc-broadcast/client/react';
import { openWorld } from '../support/client-world.js';
import { createFakeRooms, type FakeRooms } from '../support/fake-rooms.js';
import { createFakeState, type FakeState } from '../support/fake-state.js';
import { createSmallReact } from '../support/small-react.js';

async function roomWorld() {
  let rooms: FakeRooms | undefined;
  const world = await openWorld({}, (server) => {
    rooms = createFakeRooms(server);
  });
  if (rooms === undefined) throw new Error('no rooms');
  const react = createSmallReact();
  return { ...world, rooms, react, hooks: createClientHooks(react) };
}

describe('useClientState', () => {
  it('renders every change of state', async () => {
    const { client, react, hooks, server, clock } = await roomWorld();
    const rendered: string[] = [];
    react.mount(() => rendered.push(hooks.useClientState(client)));
    server.socket.end();
    await clock.advance(2000);
    client.close();
    expect(rendered).toEqual(['open', 'connecting', 'open', 'closed']);
  });
});

describe('useRoom', () => {
  it('joins, hears with the listeners of the last rendering, and leaves with the component', async () => {
    const { client, react, hooks, rooms, clock } = await roomWorld();
    const heard: string[] = [];
    let renderings = 0;
    react.mount(() => {
      const own = ++renderings;
      hooks.useRoom(client, 'lobby', { on: { said: (data) => heard.push(`${String(data)} in ${own}`) } });
      hooks.useClientState(client);
    });
    await clock.advance(0);
    rooms.say('lobby', 'a');
    // The second rendering has the room.
    expect(heard).toEqual(['a in 2']);
    expect(rooms.members('lobby')).toHaveLength(1);
    react.unmount();
    await clock.advance(0);
    expect(rooms.members('lobby')).toEqual([]);
  });

  it('tells what became of missed messages, and of a refusal', async () => {
    const { client, react, hooks, rooms, clock, server, errors } = await roomWorld();
    const told: unknown[] = [];
    react.mount(() => {
      hooks.useRoom(client, 'lobby', {
        onRecovery: (recovery) => told.push(recovery),
        onRefused: ({ code }) => told.push(code),
      });
    });
    await clock.advance(0);
    server.socket.end();
    rooms.say('lobby', 1);
    await clock.advance(2000);
    rooms.closed.add('lobby');
    server.socket.end();
    await clock.advance(4000);
    expect(told).toEqual([{ recovered: true, messages: 1 }, 'FORBIDDEN']);
    expect(errors).toEqual([]);
  });

  it('changes rooms', async () => {
    const { client, react, hooks, rooms, clock } = await roomWorld();
    const names: unknown[] = [];
    let name = 'one';
    const component = (): void => {
      names.push(hooks.useRoom(client, name)?.name);
    };
    react.mount(component);
    await clock.advance(0);
    name = 'two';
    react.mount(component);
    await clock.advance(0);
    expect(names.at(-1)).toBe('two');
    expect([rooms.members('one').length, rooms.members('two').length]).toEqual([0, 1]);
  });
});

describe('usePresence', () => {
  it('renders who is in the room, and ends with the component', async () => {
    const { client, react, hooks, server, clock } = await roomWorld();
    const rendered: (number | undefined)[] = [];
    react.mount(() => {
      const room = hooks.useRoom(client, 'lobby');
      rendered.push(hooks.usePresence(room, { clock }).count);
    });
    await clock.advance(0);
    const say = (offset: number, ...names: string[]): void => {
      const users = names.map((user) => ({ user }));
      const data = { room: 'lobby', position: { epoch: 'e1', offset }, count: users.length, users };
      server.socket.say({ type: '$presence', data, id: `p${offset}` });
    };
    say(1, 'ann');
    say(2, 'ann', 'bob');
    say(3, 'ann');
    await clock.advance(10_000);
    expect(rendered).toEqual([undefined, undefined, 1, 2, 1]);
    react.unmount();
    say(4, 'ann', 'bob');
    expect(rendered).toHaveLength(5);
  });
});

describe('useRoomState', () => {
  it('renders a map of the room, over StrictMode and unmounting', async () => {
    let state: FakeState | undefined;
    const world = await openWorld({}, (server) => {
      state = createFakeState(server, () => 0);
    });
    const { client, clock } = world;
    const react = createSmallReact();
    const hooks = createClientHooks(react);
    const rendered: string[] = [];
    let set: ((key: string, value: unknown) => Promise<unknown>) | undefined;
    const component = (): void => {
      const view = createStateHooks(react).useRoomState(hooks.useRoom(client, 'lobby'), 'players' as never);
      if (view === undefined) return;
      set = view.set;
      rendered.push(JSON.stringify([view.isReady, ...view.entries]));
    };
    // As StrictMode does.
    react.mount(component);
    react.unmount();
    react.mount(component);
    await state?.change({ key: 'ann', value: '1' });
    await clock.advance(100);
    expect(rendered.at(-1)).toBe('[true,["ann",1]]');
    await state?.change({ key: 'bob', value: '2' });
    await clock.advance(0);
    expect(rendered.at(-1)).toBe('[true,["ann",1],["bob",2]]');
    const answer = set?.('ann', 3);
    await clock.advance(0);
    expect(await answer).toEqual({ changed: true, value: 3 });
    expect(rendered.at(-1)).toBe('[true,["ann",3],["bob",2]]');
    react.unmount();
    await clock.advance(100);
    const before = clock.timers;
    await clock.advance(300_000);
    expect(clock.timers).toBeLessThanOrEqual(before);
  });
});

describe('useMessages', () => {
  it('has the messages of a room, at most so many, and begins anew after a loss', async () => {
    const { client, react, hooks, rooms, clock, server } = await roomWorld();
    const rendered: string[] = [];
    const component = (): void => {
      const messages = hooks.useMessages(client, 'lobby', 'said', { last: 2, keep: 3 });
      rendered.push(messages.map(({ data }) => String(data)).join());
    };
    react.mount(component);
    react.unmount();
    react.mount(component);
    await clock.advance(0);
    const join = server.socket.sent.find(({ type }) => type === '$join');
    expect(join?.data).toMatchObject({ want: { last: 2 } });
    for (const text of ['a', 'b', 'c', 'd']) rooms.say('lobby', text);
    expect(rendered.at(-1)).toBe('b,c,d');
    server.socket.end();
    rooms.say('lobby', 'e');
    rooms.forget('lobby');
    await clock.advance(5000);
    rooms.say('lobby', 'f');
    expect(rendered.at(-1)).toBe('f');
    react.unmount();
    await clock.advance(0);
    expect(rooms.members('lobby')).toEqual([]);
  });
});
