/** Rooms over many connections: every message once, in order, or told that some are lost. */
import { describe, expect, it } from '@jest/globals';
import type { ConnectOptions, Recovery, RequestError, Room } from 'yc-broadcast/client';
import { openWorld, type ClientWorld } from '../support/client-world.js';
import { createFakeRooms, type FakeRooms } from '../support/fake-rooms.js';

const MINUTE = 60_000;

interface RoomWorld extends ClientWorld {
  readonly rooms: FakeRooms;
  readonly room: Room;
  readonly heard: unknown[];
  readonly recoveries: Recovery[];
}

/** A client in a room. */
async function enterRoom(options: Partial<ConnectOptions> = {}): Promise<RoomWorld> {
  let rooms: FakeRooms | undefined;
  const world = await openWorld(options, (server) => {
    rooms = createFakeRooms(server);
  });
  if (rooms === undefined) throw new Error('no rooms');
  const room = world.client.join('lobby');
  const heard: unknown[] = [];
  const recoveries: Recovery[] = [];
  room.on('said', (data) => heard.push(data));
  room.onRecovery((recovery) => recoveries.push(recovery));
  await world.clock.advance(0);
  return { ...world, rooms, room, heard, recoveries };
}

function sayMany(rooms: FakeRooms, from: number, to: number): void {
  for (let n = from; n <= to; n++) rooms.say('lobby', n);
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe('a room', () => {
  it('is joined, and its messages are heard by the room and by the client', async () => {
    const { client, room, rooms, heard } = await enterRoom();
    const all: unknown[] = [];
    client.on('said', (data, { offset }) => all.push([data, offset]));
    await room.joined;
    sayMany(rooms, 1, 2);
    expect(heard).toEqual([1, 2]);
    expect(all).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(room.position).toEqual({ offset: 2, epoch: 'epoch1' });
  });

  it('begins where it stands when the client comes, whatever arrives first', async () => {
    let early: (() => void) | undefined;
    const { client, clock } = await openWorld({}, (server) => {
      const rooms = createFakeRooms(server);
      sayMany(rooms, 1, 3);
      const { answer } = server;
      server.answer = (message, socket) => {
        // Joined first, read later: two messages overtake the answer, one of which is in it.
        if (message.type === '$join')
          early = () => {
            socket.say({ type: 'said', data: 5, id: 'five', room: 'lobby', epoch: 'epoch1', offset: 5 });
            socket.say({ type: 'said', data: 4, id: 'four', room: 'lobby', epoch: 'epoch1', offset: 4 });
            rooms.say('lobby', 4);
            answer(message, socket);
          };
        else answer(message, socket);
      };
    });
    const room = client.join('lobby');
    const heard: unknown[] = [];
    room.on('said', (data) => heard.push(data));
    await clock.advance(0);
    early?.();
    await clock.advance(0);
    expect(heard).toEqual([5]);
    expect(room.position).toEqual({ offset: 5, epoch: 'epoch1' });
  });

  it('goes on in order after the connection broke, with all that was missed', async () => {
    const { client, server, clock, rooms, heard, recoveries } = await enterRoom();
    sayMany(rooms, 1, 3);
    server.socket.end();
    sayMany(rooms, 4, 6);
    await clock.advance(1000);
    sayMany(rooms, 7, 8);
    expect(heard).toEqual(upTo(8));
    expect(recoveries).toEqual([{ recovered: true, messages: 3 }]);
    expect(client.state).toBe('open');
  });

  it('tells zero missed messages from some', async () => {
    const { server, clock, rooms, recoveries } = await enterRoom();
    sayMany(rooms, 1, 1);
    server.socket.end();
    await clock.advance(1000);
    expect(recoveries).toEqual([{ recovered: true, messages: 0 }]);
  });

  it('fetches what does not fit into one answer piece by piece, and keeps what comes meanwhile back', async () => {
    const { server, clock, rooms, heard, recoveries } = await enterRoom();
    rooms.chunk = 10;
    server.socket.end();
    sayMany(rooms, 1, 35);
    const { answer } = server;
    server.answer = (message, socket) => {
      answer(message, socket);
      if (message.type === '$hello') rooms.say('lobby', 36);
      if (message.type === '$recover') rooms.say('lobby', heard.length + 1000);
    };
    await clock.advance(1000);
    expect(heard.slice(0, 36)).toEqual(upTo(36));
    expect(heard).toHaveLength(39);
    expect(recoveries).toEqual([{ recovered: true, messages: 39 }]);
    expect(server.socket.sent.filter(({ type }) => type === '$recover')).toHaveLength(3);
  });

  it('says so when messages are lost, delivers no part of them, and goes on from there', async () => {
    const { server, clock, rooms, heard, recoveries } = await enterRoom();
    sayMany(rooms, 1, 2);
    server.socket.end();
    sayMany(rooms, 3, 9);
    rooms.trim('lobby', 2);
    await clock.advance(1000);
    sayMany(rooms, 10, 10);
    expect(heard).toEqual([1, 2, 10]);
    expect(recoveries).toEqual([{ recovered: false, messages: 0 }]);
  });

  it('says so when the history began anew', async () => {
    const { server, clock, rooms, heard, recoveries, room } = await enterRoom();
    sayMany(rooms, 1, 2);
    server.socket.end();
    rooms.forget('lobby');
    sayMany(rooms, 3, 3);
    await clock.advance(1000);
    sayMany(rooms, 4, 4);
    expect(heard).toEqual([1, 2, 4]);
    expect(recoveries).toEqual([{ recovered: false, messages: 0 }]);
    expect(room.position).toEqual({ offset: 2, epoch: 'epoch2' });
  });

  it('notices a message that did not arrive, waits a little, and fetches it', async () => {
    const { clock, rooms, heard, recoveries, sent } = await enterRoom();
    rooms.say('lobby', 1);
    rooms.say('lobby', 2, () => true);
    rooms.say('lobby', 3);
    expect(heard).toEqual([1]);
    await clock.advance(499);
    expect(sent('$recover')).toHaveLength(0);
    await clock.advance(1);
    expect(sent('$recover').map(({ data }) => data)).toEqual([
      { room: 'lobby', since: { offset: 1, epoch: 'epoch1' } },
    ]);
    expect(heard).toEqual([1, 2, 3]);
    expect(recoveries).toEqual([]);
  });

  it('puts messages into order that overtook each other, and asks for nothing', async () => {
    const { server, clock, heard, sent } = await enterRoom();
    for (const offset of [2, 3, 1, 1, 3, 4])
      server.socket.say({
        type: 'said',
        data: offset,
        id: `m${offset}`,
        room: 'lobby',
        epoch: 'epoch1',
        offset,
      });
    expect(heard).toEqual(upTo(4));
    await clock.advance(MINUTE);
    expect(sent('$recover')).toHaveLength(0);
  });

  it('hears a broadcast once that was sent twice under one id', async () => {
    const { server, heard, room } = await enterRoom();
    for (const offset of [1, 2])
      server.socket.say({ type: 'said', data: 'hi', id: 'same', room: 'lobby', epoch: 'epoch1', offset });
    expect(heard).toEqual(['hi']);
    expect(room.position?.offset).toBe(2);
  });

  it('does not ask at once again for what the history does not have', async () => {
    const { server, clock, sent } = await enterRoom();
    server.socket.say({ type: 'said', data: 9, id: 'x', room: 'lobby', epoch: 'epoch1', offset: 9 });
    await clock.advance(MINUTE);
    expect(sent('$recover').length).toBeGreaterThan(2);
    expect(sent('$recover').length).toBeLessThan(12);
  });

  it('is changed over to the next connection without a gap, a double or a sign', async () => {
    const { server, clock, rooms, heard, recoveries, states } = await enterRoom();
    sayMany(rooms, 1, 2);
    await clock.advance(54 * MINUTE - 1);
    const { answer } = server;
    server.answer = (message, socket) => {
      if (message.type === '$hello') rooms.say('lobby', 3);
      answer(message, socket);
      if (message.type === '$hello') rooms.say('lobby', 4);
    };
    await clock.advance(1);
    expect(rooms.members('lobby')).toHaveLength(2);
    rooms.say('lobby', 5, (socket) => socket !== server.sockets[0]);
    await clock.advance(2000);
    sayMany(rooms, 6, 6);
    expect(heard).toEqual(upTo(6));
    expect(rooms.members('lobby')).toHaveLength(1);
    expect(recoveries).toEqual([]);
    expect(states.map(({ state }) => state)).toEqual(['open']);
  });

  it('does not go back when the new connection answers with less than the old one has brought', async () => {
    const { server, clock, rooms, heard, recoveries } = await enterRoom();
    sayMany(rooms, 1, 1);
    await clock.advance(54 * MINUTE - 1);
    const { answer } = server;
    server.answer = (message, socket) => {
      if (message.type !== '$hello') {
        answer(message, socket);
        return;
      }
      const old = { data: 2, offset: 2, epoch: 'epoch1' };
      server.sockets[0]?.say({ type: 'said', id: 'two', room: 'lobby', ...old });
      socket.reply(message, {
        v: 1,
        ...server.welcome,
        rooms: {
          lobby: { position: { offset: 2, epoch: 'epoch1' }, recovered: false, messages: [], more: false },
        },
      });
    };
    await clock.advance(1);
    server.answer = answer;
    expect(heard).toEqual([1, 2]);
    expect(recoveries).toEqual([]);
  });
});

describe('joining and leaving', () => {
  it('tells who may not come in', async () => {
    const { client, rooms, clock, errors } = await enterRoom();
    rooms.closed.add('secret');
    const room = client.join('secret');
    const refusals: string[] = [];
    room.onRefused(({ code }) => refusals.push(code));
    await clock.advance(0);
    await expect(room.joined).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(refusals).toEqual(['FORBIDDEN']);
    expect(errors).toEqual([]);
    client.join('secret');
    await clock.advance(MINUTE);
    expect(errors).toEqual(['FORBIDDEN']);
  });

  it('tells who may not come in any more after the connection broke', async () => {
    const { server, rooms, room, clock, heard } = await enterRoom();
    const refusals: RequestError[] = [];
    room.onRefused((error) => refusals.push(error));
    rooms.closed.add('lobby');
    server.socket.end();
    await clock.advance(1000);
    sayMany(rooms, 1, 1);
    expect(refusals.map(({ code }) => code)).toEqual(['FORBIDDEN']);
    expect(heard).toEqual([]);
    await clock.advance(MINUTE);
    expect(server.socket.sent.map(({ type }) => type)).toEqual(['$hello']);
  });

  it('joins again when the server was in trouble', async () => {
    const { client, server, clock } = await openWorld();
    let troubles = 2;
    createFakeRooms(server);
    const { answer } = server;
    server.answer = (message, socket) => {
      if (message.type === '$join' && troubles-- > 0) socket.refuse(message, 'STORE_UNAVAILABLE');
      else answer(message, socket);
    };
    const room = client.join('lobby');
    await clock.advance(10_000);
    await room.joined;
    expect(room.position).not.toBeNull();
  });

  it('leaves with the last handle, and not in between', async () => {
    const { client, room, rooms, clock, heard } = await enterRoom();
    const second = client.join('lobby');
    const heardBySecond: unknown[] = [];
    second.on('said', (data) => heardBySecond.push(data));
    room.leave();
    room.leave();
    await clock.advance(0);
    sayMany(rooms, 1, 1);
    expect(heard).toEqual([]);
    expect(heardBySecond).toEqual([1]);
    second.leave();
    await clock.advance(0);
    expect(rooms.members('lobby')).toHaveLength(0);
  });

  it('does not leave for a page that leaves and joins in one go', async () => {
    const { client, room, rooms, clock, sent } = await enterRoom();
    room.leave();
    const again = client.join('lobby');
    const heard: unknown[] = [];
    again.on('said', (data) => heard.push(data));
    await clock.advance(0);
    sayMany(rooms, 1, 1);
    expect(heard).toEqual([1]);
    expect(sent('$leave')).toHaveLength(0);
  });

  it('joins only when the leave is through: the gateway may turn them round', async () => {
    const { client, server, room, clock } = await enterRoom();
    const { answer } = server;
    let leave: (() => void) | undefined;
    server.answer = (message, socket) => {
      if (message.type === '$leave')
        leave = () => {
          answer(message, socket);
        };
      else answer(message, socket);
    };
    room.leave();
    await clock.advance(0);
    let isIn = false;
    void client.join('lobby').joined.then(() => (isIn = true));
    await clock.advance(1000);
    expect(isIn).toBe(false);
    const types = (): string[] => server.socket.sent.map(({ type }) => type);
    expect(types()).toEqual(['$hello', '$join', '$leave']);
    leave?.();
    await clock.advance(0);
    expect(types()).toEqual(['$hello', '$join', '$leave', '$join']);
    expect(isIn).toBe(true);
  });

  it('is in no room any more that was left while there was no connection', async () => {
    const { server, room, clock } = await enterRoom();
    server.socket.end();
    room.leave();
    await clock.advance(1000);
    expect(server.socket.sent).toEqual([expect.objectContaining({ data: { v: 1, rooms: {} } })]);
  });

  it('joins more rooms than a hello takes', async () => {
    const { client, server, rooms, clock } = await enterRoom();
    for (let n = 0; n < 120; n++) client.join(`room${n}`);
    await clock.advance(0);
    server.socket.end();
    await clock.advance(1000);
    const [hello] = server.socket.sent;
    expect(Object.keys((hello?.data as { rooms: object }).rooms)).toHaveLength(100);
    for (let n = 0; n < 120; n++) expect(rooms.members(`room${n}`)).toHaveLength(1);
  });

  it('cannot say what was missed in a room without history', async () => {
    const { client, server, clock } = await openWorld({}, (server) => {
      const state = { position: null, recovered: true, messages: [], more: false };
      server.welcome.rooms = { news: state };
      const { answer } = server;
      server.answer = (message, socket) => {
        if (message.type === '$join') socket.reply(message, state);
        else answer(message, socket);
      };
    });
    const room = client.join('news');
    const recoveries: Recovery[] = [];
    room.onRecovery((recovery) => recoveries.push(recovery));
    await clock.advance(0);
    expect(recoveries).toEqual([]);
    server.socket.end();
    await clock.advance(1000);
    expect(recoveries).toEqual([{ recovered: false, messages: 0 }]);
  });
});
