/** The client's hooks, with as much of React as they need. */
import { describe, expect, it } from '@jest/globals';
import { createClientHooks } from 'yc-broadcast/client/react';
import { openWorld } from '../support/client-world.js';
import { createFakeRooms, type FakeRooms } from '../support/fake-rooms.js';
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
