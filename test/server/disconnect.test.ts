/** Closing connections from the server: the client is told why, and whether it may come back. */
import { describe, expect, it } from '@jest/globals';
import { createBroadcaster, type Goodbye } from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { storedConnection } from '../support/people.js';
import { framesOf, protocolApp } from '../support/protocol.js';
import { scriptedTransport, type Script } from '../support/scripted-transport.js';

async function setUp(script?: Script) {
  const store = memoryStore();
  const transport = scriptedTransport(script);
  const broadcaster = createBroadcaster({
    store,
    transport,
    broadcast: { retries: 1, minDelayMs: 0, maxDelayMs: 0 },
  });
  for (const [id, user] of Object.entries({ a1: 'ann', a2: 'ann', b1: 'bob' })) {
    await store.put(storedConnection(id, { user }));
    await store.join(id, 'lobby');
  }
  return { store, transport, broadcaster };
}

const removed: Goodbye = { code: 4403, reason: 'banned' };

describe('disconnect', () => {
  it('tells all devices of a user, closes them, and nobody else', async () => {
    const { transport, broadcaster } = await setUp();
    const order: string[] = [];
    const { send, disconnect } = transport;
    transport.send = async (id, ...rest) => {
      await send(id, ...rest);
      order.push(`told ${id}`);
    };
    transport.disconnect = async (id, options) => {
      order.push(`closed ${id}`);
      return disconnect(id, options);
    };
    const report = await broadcaster.toUser('ann').disconnect(removed);
    expect(report).toMatchObject({ recipients: 2, delivered: 2, complete: true });
    const data = { code: 4403, reason: 'banned', reconnect: false };
    for (const id of ['a1', 'a2'])
      expect(framesOf(transport, id)).toEqual([{ type: '$bye', data, id: report.id }]);
    expect([...transport.disconnected].sort()).toEqual(['a1', 'a2']);
    for (const id of ['a1', 'a2'])
      expect(order.indexOf(`told ${id}`)).toBeLessThan(order.indexOf(`closed ${id}`));
    expect(transport.received.has('b1')).toBe(false);
  });

  it('closes a room but for one, with the time to come back', async () => {
    const { transport, broadcaster } = await setUp();
    const goodbye = { code: 4503, reason: 'new version', reconnect: true, afterMs: 5000 };
    await broadcaster.to('lobby').except('a1').disconnect(goodbye);
    expect(framesOf(transport, 'b1')).toMatchObject([{ type: '$bye', data: goodbye }]);
    expect([...transport.disconnected].sort()).toEqual(['a2', 'b1']);
  });

  it('tries again, reports who could not be told, and removes the stale', async () => {
    const { store, transport, broadcaster } = await setUp((id, attempt) => {
      if (id === 'a1') return attempt === 1 ? 'RATE_LIMITED' : 'ok';
      return id === 'a2' ? 'CONNECTION_STALE' : 'FORBIDDEN';
    });
    const report = await broadcaster.to('lobby').disconnect(removed);
    expect(report).toMatchObject({ delivered: 1, stale: 1, removed: 1, failed: 1, codes: { FORBIDDEN: 1 } });
    expect(transport.disconnected).toEqual(['a1']);
    expect(await store.get('a2')).toBeUndefined();
  });

  it('leaves the connections in the store, so that onDisconnect hears of them', async () => {
    const { store, broadcaster } = await setUp();
    await broadcaster.toAll().disconnect(removed);
    expect(await store.count({ all: true })).toBe(3);
  });

  it.each([
    [{ code: 1000, reason: '' }, /disconnect\.code/],
    [{ code: 5000, reason: '' }, /disconnect\.code/],
    [{ code: 4403 }, /disconnect\.reason/],
    [{ code: 4403, reason: 'я'.repeat(62) }, /disconnect\.reason/],
    [{ code: 4403, reason: '', afterMs: 10 }, /disconnect\.afterMs: needs reconnect/],
    [{ code: 4403, reason: '', again: true }, /disconnect/],
  ])('refuses %j and closes nobody', async (goodbye, message) => {
    const { transport, broadcaster } = await setUp();
    await expect(broadcaster.toAll().disconnect(goodbye as Goodbye)).rejects.toThrow(message);
    expect(transport.disconnected).toEqual([]);
  });
});

describe('connection.disconnect', () => {
  it('tells the client why, if there is a reason', async () => {
    const world = protocolApp();
    world.app.on('say', async ({ connection }) => {
      await connection.disconnect({ code: 4001, reason: 'another tab' });
      return { id: '' };
    });
    await world.connect();
    await world.say({ type: 'say', data: { room: 'r', text: '' } });
    expect(framesOf(world.transport, 'c1')).toMatchObject([
      { type: '$bye', data: { code: 4001, reason: 'another tab', reconnect: false } },
    ]);
    expect(world.transport.disconnected).toEqual(['c1']);
  });

  it('closes without a word otherwise', async () => {
    const world = protocolApp();
    world.app.on('say', async ({ connection }) => {
      await connection.disconnect();
      return { id: '' };
    });
    await world.connect();
    await world.say({ type: 'say', data: { room: 'r', text: '' } });
    expect(framesOf(world.transport, 'c1')).toEqual([]);
    expect(world.transport.disconnected).toEqual(['c1']);
  });
});
