/** Broadcasts to one connection, known by its id. */
import { describe, expect, it } from '@jest/globals';
import { createBroadcaster } from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { storedConnection } from '../support/people.js';
import { framesOf, protocolApp } from '../support/protocol.js';
import { scriptedTransport, type Script } from '../support/scripted-transport.js';
import { sent } from '../support/sent.js';

async function setUp(script?: Script) {
  const store = memoryStore();
  const transport = scriptedTransport(script);
  const broadcaster = createBroadcaster({
    store,
    transport,
    broadcast: { retries: 1, minDelayMs: 0, maxDelayMs: 0 },
  });
  for (const id of ['a', 'b', 'c']) await store.put(storedConnection(id, { user: 'ann' }));
  return { store, transport, broadcaster };
}

describe('toConnection', () => {
  it('reaches that one and no other device of the same user', async () => {
    const { transport, broadcaster } = await setUp();
    const report = await broadcaster.toConnection('b').send('hello', 1);
    expect(report).toMatchObject({ recipients: 1, delivered: 1, complete: true, stoppedBy: 'done' });
    expect([...transport.received.keys()]).toEqual(['b']);
  });

  it('finds nobody where the store has nobody, and sends nothing', async () => {
    const { transport, broadcaster } = await setUp();
    const report = await broadcaster.toConnection('z').send('hello', 1);
    expect(report).toMatchObject({ recipients: 0, attempts: 0, complete: true, stoppedBy: 'done' });
    expect(transport.attempts.size).toBe(0);
  });

  it('removes it when the gateway does not know it, and then finds nobody', async () => {
    const { store, broadcaster } = await setUp(() => 'CONNECTION_STALE');
    expect(await broadcaster.toConnection('b').send('x', 1)).toMatchObject({ stale: 1, removed: 1 });
    expect(await store.count({ all: true })).toBe(2);
    expect(await broadcaster.toConnection('b').send('x', 1)).toMatchObject({ recipients: 0 });
  });

  it('says goodbye and closes it', async () => {
    const { transport, broadcaster } = await setUp();
    await broadcaster.toConnection('c').disconnect({ code: 4403, reason: 'removed' });
    expect(framesOf(transport, 'c')).toMatchObject([{ type: '$bye', data: { code: 4403 } }]);
    expect(transport.disconnected).toEqual(['c']);
  });

  it('goes on from a cursor, with the same message', async () => {
    const { transport, broadcaster } = await setUp();
    const first = await broadcaster.toConnection('b').send('x', 1, { deadline: 0 });
    expect(first).toMatchObject({ delivered: 0, stoppedBy: 'deadline' });
    const second = await broadcaster.resume(sent(first).cursor ?? '').send('x', 1);
    expect(second).toMatchObject({ id: first.id, delivered: 1, complete: true });
    expect([...transport.received.keys()]).toEqual(['b']);
  });

  it('can be narrowed, planned and watched like any other', async () => {
    const { transport, broadcaster } = await setUp();
    const one = broadcaster.toConnection('b');
    expect(await one.forecast('x', 1)).toMatchObject({ recipients: 1, calls: 1 });
    expect(await broadcaster.toConnection('z').forecast('x', 1)).toMatchObject({ recipients: 0 });
    expect(await one.where({ role: 'admin' }).send('x', 1)).toMatchObject({ recipients: 0 });
    const totals: unknown[] = [];
    for await (const { total } of one.send('x', 1, { progressEveryMs: 1 })) totals.push(total);
    expect(totals.at(-1)).toBe(1);
    expect(transport.attempts.get('b')).toBe(1);
  });

  it('refuses an empty id', async () => {
    const { broadcaster } = await setUp();
    expect(() => broadcaster.toConnection('')).toThrow(/INVALID_OPTIONS: toConnection\(id\)/);
  });

  it('is at hand in a handler', async () => {
    const world = protocolApp();
    world.app.on('say', async ({ toConnection, connection }) => {
      await toConnection(connection.id).sendRaw('just you');
      return { id: '' };
    });
    await world.connect();
    await world.say({ type: 'say', data: { room: 'r', text: '' } });
    expect(world.transport.received.get('c1')).toEqual(['just you']);
  });
});
