import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Emulator } from 'yc-broadcast/emulator';
import { enter, protocolsOf, startChat, type Visitor } from '../support/chat.js';

let emulator: Emulator;
let losesDisconnects = false;
const inside: Visitor[] = [];

beforeAll(async () => {
  emulator = await startChat({ clock: 'manual' }, (event) =>
    losesDisconnects && isDisconnect(event) ? { statusCode: 200 } : undefined,
  );
});

afterEach(async () => {
  losesDisconnects = false;
  for (const { client } of inside.splice(0)) client.close();
  await emulator.idle();
});

afterAll(() => emulator.stop());

function isDisconnect(event: unknown): boolean {
  return (event as { requestContext: { eventType: string } }).requestContext.eventType === 'DISCONNECT';
}

/** Rooms are kept by the one handler of this file, so every test has one of its own. */
function newRoom(): string {
  return `r${randomUUID().slice(0, 8)}`;
}

async function visit(name: string, room?: string, key?: string): Promise<Visitor> {
  const visitor = await enter(emulator, name, key);
  inside.push(visitor);
  if (room !== undefined) await visitor.ask('join', { room });
  return visitor;
}

function namesOf(here: unknown): string[] {
  return (here as { people: { name: string }[] }).people.map(({ name }) => name).sort();
}

async function leave({ client }: Visitor): Promise<void> {
  client.close();
  await client.closed;
  await emulator.idle();
}

describe('coming in', () => {
  it('tells the page who it is to the others, which is not its key', async () => {
    const key = randomUUID();
    const first = await visit('Anna', undefined, key);
    const second = await visit('Anna', undefined, key);
    const other = await visit('Anna');
    expect(first.user).toMatch(/^[\w-]{16}$/);
    expect(second.user).toBe(first.user);
    expect(other.user).not.toBe(first.user);
    expect(key).not.toContain(first.user);
  });

  it.each([
    ['without a name', { key: randomUUID() }],
    ['with an invisible name', { key: randomUUID(), name: ' \u200b ' }],
    ['with a name of 33 characters', { key: randomUUID(), name: 'x'.repeat(33) }],
    ['with a control character in the name', { key: randomUUID(), name: 'a\u0007b' }],
    ['with a key that can be guessed', { key: '1', name: 'Anna' }],
  ])('is refused %s', async (_what, { key, ...query }) => {
    const path = `/ws?${new URLSearchParams(query).toString()}`;
    const { handshake } = await emulator.connect(path, { subprotocols: protocolsOf(key) });
    expect(handshake.status).toBe(401);
  });

  it('is refused with its key in the address, which ends up in logs', async () => {
    const { handshake } = await emulator.connect(`/ws?name=Anna&key=${randomUUID()}`);
    expect(handshake.status).toBe(401);
  });

  it('is refused from the page of somebody else', async () => {
    const subprotocols = protocolsOf(randomUUID());
    const from = async (origin: string) =>
      emulator.connect('/ws?name=Anna', { subprotocols, headers: { origin } });
    const foreign = await from('https://elsewhere.example');
    const own = await from(emulator.url);
    expect([foreign.handshake.status, own.handshake.status]).toEqual([403, 101]);
    own.close();
  });
});

describe('who is here', () => {
  it('is answered to the one who joins and told to the others', async () => {
    const room = newRoom();
    const anna = await visit('Anna', room);
    const boris = await visit('Boris');
    expect(namesOf((await boris.ask('join', { room })).data)).toEqual(['Anna', 'Boris']);
    const { data } = await anna.hear('here');
    expect(data).toMatchObject({ room, count: 2 });
    expect(data['people']).toContainEqual({ user: boris.user, name: 'Boris' });
    expect(boris.unheard('here')).toEqual([]);
  });

  it('shows when a tab is closed, cut off, or leaves the room', async () => {
    const room = newRoom();
    const anna = await visit('Anna', room);
    const [boris, clara, dora] = [await visit('B', room), await visit('C', room), await visit('D', room)];
    for (let joins = 0; joins < 3; joins++) await anna.hear('here');

    await leave(boris);
    expect(namesOf((await anna.hear('here')).data)).toEqual(['Anna', 'C', 'D']);
    clara.client.destroy();
    expect(namesOf((await anna.hear('here')).data)).toEqual(['Anna', 'D']);
    await dora.ask('leave', { room });
    expect(namesOf((await anna.hear('here')).data)).toEqual(['Anna']);
  });

  it('counts a person with two tabs once, until both are closed', async () => {
    const room = newRoom();
    const anna = await visit('Anna', room);
    const key = randomUUID();
    const [first, second] = [await visit('Boris', room, key), await visit('Boris', room, key)];
    expect(namesOf((await anna.hear('here')).data)).toEqual(['Anna', 'Boris']);
    expect(namesOf((await anna.hear('here')).data)).toEqual(['Anna', 'Boris']);

    await leave(first);
    expect((await anna.hear('here')).data).toMatchObject({ count: 2 });
    await leave(second);
    expect((await anna.hear('here')).data).toMatchObject({ count: 1 });
  });

  it('is put right as soon as somebody turns out to be gone whose disconnect event was lost', async () => {
    const room = newRoom();
    const [anna, boris] = [await visit('Anna', room), await visit('Boris', room)];
    losesDisconnects = true;
    await leave(boris);
    expect(await anna.ask('say', { room, text: 'still there?' })).toMatchObject({
      data: { recipients: 1, delivered: 0, stale: 1 },
    });
    await anna.hear('here'); // Boris came
    expect(namesOf((await anna.hear('here')).data)).toEqual(['Anna']);
  });

  it('is put right before it is answered when the list itself finds out', async () => {
    const room = newRoom();
    const [anna, boris] = [await visit('Anna', room), await visit('Boris', room)];
    losesDisconnects = true;
    await leave(boris);
    const clara = await visit('Clara');
    expect(namesOf((await clara.ask('join', { room })).data)).toEqual(['Anna', 'Clara']);
    await emulator.idle();
    expect(namesOf(anna.unheard('here').at(-1)?.data)).toEqual(['Anna', 'Clara']);
  });

  it('is a number, not a list, in a big room', async () => {
    const room = newRoom();
    const crowd = await Promise.all(Array.from({ length: 30 }, (_, index) => visit(`P${index}`)));
    await Promise.all(crowd.map((visitor) => visitor.ask('join', { room })));
    const { data: full } = await (crowd[0] as Visitor).ask('join', { room });
    expect(namesOf(full)).toHaveLength(30);

    const late = await visit('Late');
    const { data } = await late.ask('join', { room });
    expect(data).toEqual({ room, at: expect.any(Number), count: 31 });
  });

  it('has the new name after a rename, in all tabs and rooms of that person', async () => {
    const [room, otherRoom] = [newRoom(), newRoom()];
    const key = randomUUID();
    const boris = await visit('Boris', room, key);
    const secondTab = await visit('Boris', otherRoom, key);
    const [anna, clara] = [await visit('Anna', room), await visit('Clara', otherRoom)];
    await boris.ask('rename', { name: 'Bob' });
    expect(namesOf((await anna.hear('here')).data)).toEqual(['Anna', 'Bob']);
    expect(namesOf((await clara.hear('here')).data)).toEqual(['Bob', 'Clara']);

    await secondTab.ask('say', { room: otherRoom, text: 'hi' });
    expect((await clara.hear('said')).data['from']).toEqual({ user: boris.user, name: 'Bob' });
  });
});

describe('a message', () => {
  it('reaches everybody in the room once, and its author as a report as well', async () => {
    const [room, otherRoom] = [newRoom(), newRoom()];
    const [anna, boris, clara] = [await visit('A', room), await visit('B', room), await visit('C', room)];
    const outside = await visit('D', otherRoom);
    const ref = randomUUID();
    const answer = await anna.ask('say', { room, text: '  <b>hi</b>\n  ' }, ref);
    expect(answer).toEqual({
      type: 'reply',
      replyTo: expect.any(String),
      data: { at: expect.any(Number), recipients: 2, delivered: 2, stale: 0 },
    });
    for (const listener of [anna, boris, clara]) {
      expect((await listener.hear('said')).data).toEqual({
        room,
        from: { user: anna.user, name: 'A' },
        text: '<b>hi</b>',
        at: (answer.data as { at: number }).at,
        ref,
      });
    }
    await emulator.idle();
    for (const visitor of [anna, boris, clara, outside]) expect(visitor.unheard('said')).toEqual([]);
  });

  it('shows in the other tabs of its author', async () => {
    const room = newRoom();
    const tab = await visit('Anna', room);
    const otherTab = await visit('Anna', room, tab.key);
    await tab.ask('say', { room, text: 'hi' });
    expect((await otherTab.hear('said')).data['from']).toEqual({ user: tab.user, name: 'Anna' });
  });

  it('is refused in a room that its author is not in, and reaches nobody', async () => {
    const room = newRoom();
    const [anna, boris] = [await visit('Anna', room), await visit('Boris')];
    expect(await boris.ask('say', { room, text: 'from outside' })).toMatchObject({
      type: 'error',
      error: { code: 'NOT_IN_ROOM', path: ['data', 'room'] },
    });
    await boris.ask('join', { room });
    await boris.ask('say', { room, text: 'from inside' });
    expect((await anna.hear('said')).data['text']).toBe('from inside');

    await boris.ask('leave', { room });
    expect(await boris.ask('say', { room, text: 'gone' })).toMatchObject({ error: { code: 'NOT_IN_ROOM' } });
  });

  it.each([
    ['empty', ''],
    ['blank', ' \n\t '],
    ['invisible', '\u200b\u2060'],
    ['too long', 'x'.repeat(2001)],
  ])('that is %s is refused', async (_what, text) => {
    const room = newRoom();
    const anna = await visit('Anna', room);
    expect(await anna.ask('say', { room, text })).toMatchObject({
      error: { code: 'INVALID_MESSAGE', path: ['data', 'text'] },
    });
    expect(await anna.ask('say', { room, text: 'x'.repeat(2000) })).toMatchObject({ type: 'reply' });
  });

  it('that is sent again carries the same id, which nobody else can take', async () => {
    const room = newRoom();
    const [anna, boris, clara] = [await visit('A', room), await visit('B', room), await visit('C', room)];
    for (let times = 0; times < 2; times++) await anna.ask('say', { room, text: 'hi' }, 'm1');
    await clara.ask('say', { room, text: 'hi' }, 'm1');
    const [first, second, other] = [
      await boris.hear('said'),
      await boris.hear('said'),
      await boris.hear('said'),
    ];
    expect(second.id).toBe(first.id);
    expect(other.id).not.toBe(first.id);
  });
});

describe('what was said', () => {
  it('is told to who comes later, the newest 30, and lists of who is here are not', async () => {
    const room = newRoom();
    const anna = await visit('Anna', room);
    for (let n = 1; n <= 32; n++) await anna.ask('say', { room, text: `message ${n}` });
    const clara = await visit('Clara', room);
    await clara.ask('leave', { room });
    const boris = await visit('Boris', room);
    const { data } = await boris.ask('$join', { room, since: null, want: { last: 30 } });
    const { messages: kept } = data as {
      messages: { offset: number; data: { text: string; from: unknown } }[];
    };
    expect(kept.map(({ data: { text } }) => text)).toEqual(
      Array.from({ length: 30 }, (_, index) => `message ${index + 3}`),
    );
    expect(kept.map(({ offset }) => offset)).toEqual(Array.from({ length: 30 }, (_, index) => index + 3));
    expect(kept[0]?.data.from).toEqual({ user: anna.user, name: 'Anna' });
  });

  it('is told to nobody outside the room', async () => {
    const room = newRoom();
    const [anna, boris] = [await visit('Anna', room), await visit('Boris')];
    await anna.ask('say', { room, text: 'between us' });
    const since = { offset: 0, epoch: 'e' };
    expect(await boris.ask('$recover', { room, since })).toMatchObject({ error: { code: 'NOT_IN_ROOM' } });
  });

  it('comes again to a client that says where it was', async () => {
    const room = newRoom();
    const [anna, boris] = [await visit('Anna', room), await visit('Boris')];
    const joined = await boris.ask('$join', { room });
    const { position } = joined.data as { position: unknown };
    await leave(boris);
    for (const text of ['one', 'two']) await anna.ask('say', { room, text });
    const back = await visit('Boris', undefined, boris.key);
    const { data } = await back.ask('$join', { room, since: position });
    expect(data).toMatchObject({
      recovered: true,
      messages: [{ data: { text: 'one' } }, { data: { text: 'two' } }],
    });
  });
});

describe('a room', () => {
  it('has one name, whatever the case', async () => {
    const room = newRoom();
    const [anna, boris] = [await visit('Anna', room), await visit('Boris', ` ${room.toUpperCase()} `)];
    await boris.ask('say', { room, text: 'hi' });
    expect((await anna.hear('said')).data).toMatchObject({ room });
  });

  it.each(['', 'two words', '#x', '-x', 'x'.repeat(33), 'a/b', '<b>'])('is not called %j', async (room) => {
    const anna = await visit('Anna');
    expect(await anna.ask('join', { room })).toMatchObject({
      error: { code: 'INVALID_MESSAGE', path: ['data', 'room'] },
    });
  });

  it('is one of twenty at most, and joining one again is fine', async () => {
    const anna = await visit('Anna');
    const rooms = Array.from({ length: 20 }, newRoom);
    for (const room of rooms) await anna.ask('join', { room });
    expect(await anna.ask('join', { room: newRoom() })).toMatchObject({ error: { code: 'TOO_MANY_ROOMS' } });
    expect(await anna.ask('$join', { room: newRoom() })).toMatchObject({ error: { code: 'FORBIDDEN' } });
    expect(await anna.ask('join', { room: rooms[0] })).toMatchObject({ type: 'reply' });
  });
});

describe('the connection', () => {
  it('outlives the ten silent minutes of the gateway with a ping', async () => {
    const [quiet, pinging] = [await visit('Quiet'), await visit('Pinging')];
    await emulator.clock.advance('9m');
    expect(await pinging.ask('$ping')).toMatchObject({ type: 'reply' });
    await emulator.clock.advance('2m');
    await quiet.client.closed;
    expect(emulator.connections()).toContain(pinging.client.id);
    expect(emulator.connections()).not.toContain(quiet.client.id);
  });
});
