/** Who is in a room, as a page shows it: users, not their connections, and nobody flickers. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { createApp, defineContract, presence as showPresence } from 'yc-broadcast';
import { connect, type Presence, type PresentUser, type RoomPosition } from 'yc-broadcast/client';
import { watchPresence, type PresenceUpdate, type PresenceWatch } from 'yc-broadcast/client/presence';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { restTransport } from 'yc-broadcast/transports/rest';
import { WebSocket } from 'ws';
import { openWorld, type ClientWorld } from '../support/client-world.js';
import { createFakeClock } from '../support/fake-clock.js';
import { answerByDefault } from '../support/fake-server.js';

const ann = { user: 'ann' };
const bob = { user: 'bob' };
const cat = { user: 'cat' };

interface PresenceWorld extends ClientWorld {
  readonly watch: PresenceWatch;
  /** What the page was told: who, who came, who went. */
  readonly told: string[];
  /** What the server finds when it is asked. `undefined`: it does not fit, so it is left out. */
  readonly lobby: { here: PresentUser[] | number | undefined };
  /** The others hear of a change. */
  change(users: PresentUser[] | number, position?: Partial<RoomPosition>): void;
}

const names = (users: readonly PresentUser[] | undefined): string =>
  users?.map(({ user }) => user).join(' ') ?? '?';

function brief({ users, count, joined, left }: PresenceUpdate): string {
  const changes = [...joined.map(({ user }) => ` +${user}`), ...left.map(({ user }) => ` -${user}`)];
  return `${count ?? ''}: ${names(users)}${changes.join('')}`;
}

/** A client that watches a room. */
async function watchRoom(
  here: PresentUser[] | number | undefined,
  options: { leaveAfterMs?: number } = {},
): Promise<PresenceWorld> {
  let offset = 1000;
  const lobby: PresenceWorld['lobby'] = { here };
  const presenceOf = (users: PresentUser[] | number): Presence => {
    const position = { epoch: 'e1', offset };
    return typeof users === 'number' ? { count: users, position } : { count: users.length, position, users };
  };
  const base = await openWorld({}, (server) => {
    server.answer = (message, socket) => {
      const presence = lobby.here === undefined ? {} : { presence: presenceOf(lobby.here) };
      const state = { position: null, recovered: true, messages: [], more: false, ...presence };
      server.welcome = { ...server.welcome, rooms: { lobby: state } };
      if (message.type === '$join') socket.reply(message, state);
      else if (message.type === '$presence') socket.refuse(message, 'FORBIDDEN');
      else answerByDefault(server, message, socket);
    };
  });
  const watch = watchPresence(base.client.join('lobby'), { clock: base.clock, ...options });
  const told: string[] = [];
  watch.onChange((update) => told.push(brief(update)));
  const world = {
    ...base,
    watch,
    told,
    lobby,
    change(users: PresentUser[] | number, position: Partial<RoomPosition> = {}) {
      const next = { epoch: 'e1', offset: ++offset, ...position };
      const data = { room: 'lobby', ...presenceOf(users), position: next };
      base.server.socket.say({ type: '$presence', data, id: `p${next.epoch} ${next.offset}` });
    },
  } satisfies PresenceWorld;
  await base.clock.advance(0);
  return world;
}

describe('who is in a room', () => {
  it('is known as soon as the room is joined, and follows who comes', async () => {
    const { watch, told, change } = await watchRoom([ann]);
    expect(watch.now).toEqual({ count: 1, users: [ann] });
    change([ann, bob]);
    expect(told).toEqual(['1: ann', '2: ann bob +bob']);
    expect(watch.now).toEqual({ count: 2, users: [ann, bob] });
  });

  it('is not known before', async () => {
    const { client, clock } = await openWorld();
    const watch = watchPresence(client.join('lobby'), { clock });
    expect(watch.now).toEqual({ count: undefined, users: undefined });
  });

  it('is told anew when the app tells something else of somebody, and not when all is the same', async () => {
    const { watch, told, change } = await watchRoom([ann]);
    const before = watch.now;
    change([ann]);
    expect(watch.now).toBe(before);
    change([{ ...ann, data: { name: 'Ann' } }]);
    expect(told).toEqual(['1: ann', '1: ann']);
    expect(watch.now.users).toEqual([{ user: 'ann', data: { name: 'Ann' } }]);
  });

  it('is not turned back by a message that was overtaken', async () => {
    const { told, change, clock } = await watchRoom([ann]);
    change([ann, bob, cat], { offset: 2001 });
    change([ann, bob], { offset: 2000 });
    await clock.advance(10_000);
    expect(told.at(-1)).toBe('3: ann bob cat +bob +cat');
  });

  it('is taken from a store that numbers anew, and from the next connection, whatever was said before', async () => {
    const { told, change, server, clock, lobby } = await watchRoom([ann], { leaveAfterMs: 0 });
    change([ann, bob], { offset: 9000 });
    change([ann], { epoch: 'e2', offset: 1 });
    expect(told.at(-1)).toBe('1: ann -bob');
    change([ann, bob], { epoch: 'e1', offset: Number.MAX_SAFE_INTEGER });
    lobby.here = [ann, cat];
    server.socket.end();
    await clock.advance(2000);
    expect(told.at(-1)).toBe('2: ann cat +cat -bob');
  });

  it('is not taken from messages about other rooms', async () => {
    const { told, server } = await watchRoom([ann]);
    const position = { epoch: 'e1', offset: 9999 };
    server.socket.say({ type: '$presence', data: { room: 'other', count: 0, position, users: [] }, id: 'p' });
    expect(told).toEqual(['1: ann']);
  });

  it('ends with stop', async () => {
    const { watch, told, change, clock } = await watchRoom([ann, bob]);
    change([ann]);
    watch.stop();
    watch.stop();
    change([ann, cat]);
    await clock.advance(20_000);
    expect(told).toEqual(['2: ann bob']);
  });
});

describe('somebody who leaves', () => {
  it('is shown for ten seconds more', async () => {
    const { told, change, clock } = await watchRoom([ann, bob]);
    change([ann]);
    await clock.advance(9999);
    expect(told).toEqual(['2: ann bob']);
    await clock.advance(1);
    expect(told).toEqual(['2: ann bob', '1: ann -bob']);
  });

  it('and is back by then has never been away', async () => {
    const { told, change, clock } = await watchRoom([ann, bob]);
    change([ann]);
    await clock.advance(9999);
    change([ann, bob]);
    await clock.advance(20_000);
    expect(told).toEqual(['2: ann bob']);
  });

  it('is not given more time by what else happens', async () => {
    const { told, change, clock } = await watchRoom([ann, bob]);
    change([ann]);
    await clock.advance(6000);
    change([ann, cat]);
    await clock.advance(4000);
    expect(told).toEqual(['2: ann bob', '3: ann bob cat +cat', '2: ann cat -bob']);
  });

  it('is gone at once if the page wants that', async () => {
    const { told, change } = await watchRoom([ann, bob], { leaveAfterMs: 0 });
    change([ann]);
    expect(told).toEqual(['2: ann bob', '1: ann -bob']);
  });
});

describe('a large room', () => {
  it('has a number, and a list again when it is small', async () => {
    const { told, change, clock, watch } = await watchRoom([ann, bob]);
    change([ann]);
    change(60);
    change(60);
    change(61);
    await clock.advance(20_000);
    expect(watch.now).toEqual({ count: 61, users: undefined });
    change([ann, cat]);
    expect(told).toEqual(['2: ann bob', '60: ?', '61: ?', '2: ann cat']);
  });
});

describe('a connection that is lost', () => {
  it('leaves what is known, and the others have their ten seconds to come back as well', async () => {
    const world = await watchRoom([ann, bob, cat]);
    world.server.socket.end();
    world.lobby.here = [ann, bob];
    await world.clock.advance(4000);
    expect(world.client.state).toBe('open');
    expect(world.told).toEqual(['3: ann bob cat']);
    world.change([ann, bob, cat]);
    await world.clock.advance(20_000);
    expect(world.told).toEqual(['3: ann bob cat']);
  });

  it('for longer leaves nobody who is gone', async () => {
    const world = await watchRoom([ann, bob]);
    world.server.isUp = false;
    world.server.socket.end();
    world.lobby.here = [ann, cat];
    await world.clock.advance(60_000);
    expect(world.watch.now.users).toEqual([ann, bob]);
    world.server.isUp = true;
    await world.clock.advance(30_000);
    expect(world.told).toEqual(['2: ann bob', '2: ann cat +cat -bob']);
  });
});

describe('what is left out of the answer to joining', () => {
  async function leftOut(): Promise<PresenceWorld> {
    const world = await watchRoom([ann]);
    const { answer } = world.server;
    const position = { epoch: 'e1', offset: 5000 };
    world.lobby.here = undefined;
    world.server.answer = (message, socket) => {
      if (message.type === '$presence') socket.reply(message, { count: 2, position, users: [ann, bob] });
      else answer(message, socket);
    };
    return world;
  }

  it('is asked for', async () => {
    const { server, clock, told, sent } = await leftOut();
    server.socket.end();
    await clock.advance(2000);
    expect(sent('$presence')).toMatchObject([{ data: { room: 'lobby' } }]);
    expect(told).toEqual(['1: ann', '2: ann bob +bob']);
  });

  it('is not asked for when nobody wants to know', async () => {
    const { server, clock, sent, watch } = await leftOut();
    watch.stop();
    server.socket.end();
    await clock.advance(2000);
    expect(sent('$hello')).toHaveLength(1);
    expect(sent('$presence')).toEqual([]);
  });

  it('is asked for by whoever begins to watch later', async () => {
    const { client, clock, sent } = await leftOut();
    const late = watchPresence(client.join('lobby'), { clock });
    await clock.advance(0);
    expect(sent('$presence')).toHaveLength(1);
    expect(late.now.users).toEqual([ann, bob]);
  });

  it('is refused by an app that does not show it, which onError is told', async () => {
    const { errors } = await watchRoom(undefined);
    expect(errors).toEqual(['FORBIDDEN']);
  });
});

describe('the options', () => {
  it.each([-1, NaN, 1e10])('refuse %d milliseconds', async (leaveAfterMs) => {
    const { client } = await openWorld();
    expect(() => watchPresence(client.join('lobby'), { leaveAfterMs })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', message: expect.stringMatching(/leaveAfterMs/) }),
    );
  });
});

describe('behind a gateway', () => {
  let emulator: Emulator;
  afterEach(() => emulator.stop());

  it('a user with two tabs is one, and changing connections does not show', async () => {
    const access = { endpoint: '' };
    const transport = restTransport({ endpoint: () => access.endpoint });
    const app = createApp({
      contract: defineContract({ client: {}, server: {} }),
      store: memoryStore(),
      transport,
      origins: 'any',
      authenticate: ({ query }) => ({ user: query['token'] }),
      rooms: { join: true, presence: showPresence() },
      lifetimeMs: 5 * 60_000,
    });
    emulator = await startEmulator({ routes: { '/ws': app.handler } });
    access.endpoint = emulator.endpoint;
    const clock = createFakeClock();
    const told: string[] = [];
    let connections = 0;
    const open = (token: string) => {
      const client = connect({ url: emulator.wsUrl('/ws'), token, WebSocket, clock, random: () => 0.5 });
      client.onConnection(() => connections++);
      return { client, room: client.join('lobby') };
    };
    const until = async (condition: () => boolean): Promise<void> => {
      for (let steps = 0; !condition(); steps++) {
        if (steps > 20_000) throw new Error(`it never came: ${told.join(', ')}`);
        await new Promise((resolve) => setTimeout(resolve, 1));
        await clock.advance(50);
      }
    };

    const first = open('ann');
    const watch = watchPresence(first.room, { clock });
    watch.onChange((update) => told.push(brief(update)));
    await until(() => watch.now.count === 1);
    const tabs = [open('bob'), open('bob')];
    await until(() => watch.now.count === 2 && connections === 3);
    // All change to their second connection, unnoticed; then the second tab is closed.
    await until(() => connections === 6);
    tabs[1]?.client.close();
    await until(() => emulator.connections().length === 2);
    await clock.advance(20_000);
    expect(told).toEqual(['1: ann', '2: ann bob +bob']);
    tabs[0]?.client.close();
    await until(() => watch.now.count === 1);
    expect(told.at(-1)).toBe('1: ann -bob');
    first.client.close();
    await transport.close();
  });
});
