/**
 * Room names of every kind: a bad one harms nothing but itself, and none is taken for a property of an
 * object.
 */
import { describe, expect, it } from '@jest/globals';
import { MAX_FRAME_BYTES } from '../../src/base/protocol.js';
import { openWorld } from '../support/client-world.js';
import { createFakeRooms } from '../support/fake-rooms.js';

const outcomeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'joined',
    (error: unknown) => (error as Error).message,
  );

describe('a room name', () => {
  it.each([
    ['is empty', '', 'INVALID_OPTIONS: join.room "": expected 1 to 1,024 bytes'],
    ['has more than 1,024 bytes', 'ы'.repeat(513), /^INVALID_OPTIONS: join\.room "ы{64}…": expected 1 to/],
    ['ends in half a surrogate pair', 'a\ud800', /^INVALID_OPTIONS: join\.room "a.": expected valid Unicode/],
    ['has a NUL', 'a\0', /^INVALID_OPTIONS: join\.room "a\0": expected valid Unicode/],
  ])('that %s is refused alone', async (_what, name, message) => {
    const { client, clock, errors } = await openWorld({}, createFakeRooms);
    const good = client.join('lobby');
    const bad = client.join(name);
    expect(await outcomeOf(bad.joined)).toMatch(message);
    await expect(good.joined).resolves.toBeUndefined();
    await clock.advance(0);
    expect(errors).toEqual(['INVALID_OPTIONS']);
    const heard: string[] = [];
    client.join(name).onRefused(({ code }) => heard.push(code));
    await clock.advance(0);
    expect(heard).toEqual(['INVALID_OPTIONS']);
    await expect(client.request('$ping' as never)).resolves.toBeUndefined();
  });

  it('of 1,024 bytes is sent as it is', async () => {
    const { client } = await openWorld({}, createFakeRooms);
    expect(await outcomeOf(client.join('ы'.repeat(512)).joined)).toBe('joined');
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('may be %s', async (name) => {
    const { client, server, clock } = await openWorld({}, createFakeRooms);
    expect(await outcomeOf(client.join(name).joined)).toBe('joined');
    server.socket.end();
    await clock.advance(2000);
    const [hello] = server.socket.sent;
    expect(Object.keys((hello?.data as { rooms: object }).rooms)).toEqual([name]);
    expect(client.state).toBe('open');
  });

  it('may be that of a property when the hello has no place for it', async () => {
    const { client, server, clock } = await openWorld({}, createFakeRooms);
    for (let n = 0; n < 100; n++) client.join(`room ${n}`);
    const last = [client.join('constructor'), client.join('__proto__')];
    await clock.advance(0);
    server.socket.end();
    await clock.advance(2000);
    for (const { joined } of last) await joined;
    expect(server.socket.sent.filter(({ type }) => type === '$join').map(({ data }) => data)).toEqual([
      expect.objectContaining({ room: 'constructor' }),
      expect.objectContaining({ room: '__proto__' }),
    ]);
  });
});

describe('many rooms with long names', () => {
  it('are split: a hello of at most one frame, and a join for each of the others', async () => {
    const { client, server, clock } = await openWorld({}, createFakeRooms);
    const names = Array.from({ length: 60 }, (_, n) => `${'ы"'.repeat(300)}${n}`);
    const rooms = names.map((name) => client.join(name));
    await clock.advance(0);
    server.socket.end();
    await clock.advance(2000);
    for (const { joined } of rooms) await joined;
    expect(client.state).toBe('open');
    const [hello, ...others] = server.socket.sent;
    expect(Buffer.byteLength(JSON.stringify(hello))).toBeLessThanOrEqual(MAX_FRAME_BYTES);
    const inHello = Object.keys((hello?.data as { rooms: object }).rooms);
    expect(inHello.length).toBeGreaterThan(20);
    const joined = others.map(({ data }) => (data as { room: string }).room);
    expect([...inHello, ...joined].sort()).toEqual([...names].sort());
  });
});

describe('a room that cannot be joined with the hello', () => {
  it('is joined later, and the others at once', async () => {
    const { client, server, clock, errors } = await openWorld({}, createFakeRooms);
    const [good, bad] = [client.join('good'), client.join('bad')];
    await clock.advance(0);
    const { answer } = server;
    server.answer = (message, socket) => {
      if (message.type !== '$hello') answer(message, socket);
      else {
        const state = { position: null, recovered: true, messages: [], more: false };
        const error = { code: 'INTERNAL', message: 'no' };
        socket.reply(message, { v: 1, ...server.welcome, rooms: { good: state, bad: { error } } });
      }
    };
    server.socket.end();
    await clock.advance(1000);
    expect(client.state).toBe('open');
    await clock.advance(30_000);
    expect(server.socket.sent.filter(({ type }) => type === '$join').map(({ data }) => data)).toEqual([
      expect.objectContaining({ room: 'bad' }),
    ]);
    await Promise.all([good.joined, bad.joined]);
    expect(errors).toEqual([]);
  });
});
