/** `to` of several rooms: one copy for each connection, whichever way it is sent. */
import { describe, expect, it } from '@jest/globals';
import { createBroadcaster, type BroadcasterOptions } from 'yc-broadcast';
import { queueFanout } from 'yc-broadcast/queue';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { memoryQueue } from '../support/memory-queue.js';
import { storedConnection } from '../support/people.js';
import { framesOf } from '../support/protocol.js';
import { scriptedTransport, type Script } from '../support/scripted-transport.js';
import { sent } from '../support/sent.js';

const limits = { maxEntries: 10, maxAgeMs: 60_000 };
const MEMBERS = { ann: ['a'], ben: ['a', 'b'], cid: ['b'], dan: ['c'] };

async function setUp(options: Partial<BroadcasterOptions> = {}, script?: Script) {
  const store = memoryStore();
  const transport = scriptedTransport(script);
  const queue = memoryQueue();
  for (const [id, rooms] of Object.entries(MEMBERS)) {
    await store.put(storedConnection(id));
    for (const room of rooms) await store.join(id, room);
  }
  const broadcaster = createBroadcaster({
    ...options,
    store,
    transport,
    broadcast: {
      minDelayMs: 0,
      maxDelayMs: 0,
      ...options.broadcast,
      fanout: queueFanout({ queue, threshold: false, onError: () => undefined }),
    },
  });
  const got = (id: string): unknown[] => framesOf(transport, id);
  const kept = async (room: string): Promise<unknown[]> =>
    (await store.history.read(room, { limit: 10 })).entries.map(({ data }): unknown => JSON.parse(data));
  async function work(): Promise<void> {
    for (let event = queue.take(1); event !== undefined; event = queue.take(1)) await broadcaster.work(event);
  }
  return { store, transport, broadcaster, queue, got, kept, work };
}

describe('to(a, b)', () => {
  it('brings one copy to each connection, which names the rooms that it is in', async () => {
    const { broadcaster, got } = await setUp();
    const report = await broadcaster.to('b', 'a').send('x', 1, { idempotencyKey: 'k' });
    expect(report).toMatchObject({ recipients: 3, delivered: 3 });
    expect(report).not.toHaveProperty('positions');
    const message = { type: 'x', data: 1, id: 'k' };
    expect(got('ann')).toEqual([{ ...message, room: 'a' }]);
    expect(got('ben')).toEqual([{ ...message, room: 'b', also: [{ room: 'a' }] }]);
    expect(got('cid')).toEqual([{ ...message, room: 'b' }]);
    expect(got('dan')).toEqual([]);
  });

  it('takes a list, and a room that is named twice is one', async () => {
    const { broadcaster, got } = await setUp();
    await broadcaster.to(['a', 'a']).send('x', 1);
    expect(got('ben')).toEqual([{ type: 'x', data: 1, id: expect.any(String), room: 'a' }]);
  });

  it('is narrowed, sent to each and told beforehand as any other', async () => {
    const { broadcaster, got } = await setUp({ rooms: { history: limits } });
    const both = broadcaster.to('a', 'b');
    expect(await both.forecast('x', 1)).toMatchObject({ recipients: 3 });
    expect(await both.except('ann').forecast('x', 1)).toMatchObject({ recipients: 2 });
    await both.except('cid').send('x', 1);
    await both.where(({ id }) => id === 'cid').sendEach('y', ({ id }) => id);
    expect(got('ann')).toMatchObject([{ type: 'x', room: 'a' }]);
    expect(got('ben')).toMatchObject([{ type: 'x', room: 'a', also: [{ room: 'b' }] }]);
    expect(got('cid')).toEqual([{ type: 'y', data: 'cid', id: expect.any(String), room: 'b' }]);
  });

  it.each([
    ['nobody', [[]]],
    ['an empty name', ['a', '']],
    ['101 rooms', [Array.from({ length: 101 }, (_, n) => `room-${n}`)]],
  ])('refuses %s', async (_name, rooms) => {
    const { broadcaster } = await setUp();
    // @ts-expect-error: some of them are not even rooms
    expect(() => broadcaster.to(...rooms)).toThrow(/INVALID_OPTIONS: to\(room\): expected/);
  });
});

describe('several rooms with histories', () => {
  it('keep it each with one id, and each copy has its places in the rooms of its connection', async () => {
    const { broadcaster, got, kept } = await setUp({
      rooms: { history: (room) => (room === 'c' ? undefined : limits) },
    });
    await broadcaster.to('b').send('before', 0);
    const report = await broadcaster.to('c', 'a', 'b').send('x', 1, { idempotencyKey: 'k' });
    const [a, b] = [
      { room: 'a', offset: 1, epoch: expect.any(String) },
      { room: 'b', offset: 2, epoch: expect.any(String) },
    ];
    expect(report).toMatchObject({ delivered: 4, positions: [a, b] });
    const message = { type: 'x', data: 1, id: 'k' };
    expect(got('ann')).toEqual([{ ...message, ...a }]);
    expect(got('ben')[1]).toEqual({ ...message, ...a, also: [b] });
    expect(got('cid')[1]).toEqual({ ...message, ...b });
    expect(got('dan')).toEqual([{ ...message, room: 'c' }]);
    expect(await kept('a')).toEqual([message]);
    expect((await kept('b')).at(-1)).toEqual(message);
  });

  it('keep their places when it is resumed, and keep it once', async () => {
    const abort = new AbortController();
    const { broadcaster, got, kept } = await setUp(
      { rooms: { history: limits }, broadcast: { concurrency: 1, pageSize: 1 } },
      () => {
        abort.abort();
        return 'ok';
      },
    );
    const first = await broadcaster.to('a', 'b').send('x', 1, { signal: abort.signal });
    expect(first).toMatchObject({ delivered: 1, stoppedBy: 'signal' });
    const rest = await broadcaster.resume(sent(first).cursor ?? '').send('x', 1);
    expect(rest).toMatchObject({ delivered: 2, complete: true });
    for (const id of ['ann', 'ben', 'cid']) expect(got(id)).toMatchObject([{ offset: 1, id: first.id }]);
    expect([await kept('a'), await kept('b')]).toMatchObject([[{ id: first.id }], [{ id: first.id }]]);
  });

  it('refuse what is too large with its places in all of them, and keep nothing', async () => {
    const { broadcaster, kept } = await setUp({ rooms: { history: limits } });
    const text = 'x'.repeat(98_304 - 500);
    await expect(broadcaster.to('a', 'b', 'c').send('x', text)).rejects.toThrow(/PAYLOAD_TOO_LARGE/);
    expect(await kept('a')).toEqual([]);
  });
});

describe('dispatch to several rooms', () => {
  it('brings one copy to each connection, from whichever shard', async () => {
    const { broadcaster, got, kept, work } = await setUp({ rooms: { history: limits } });
    const dispatched = await broadcaster.to('a', 'b').dispatch('x', 1, { shards: 4 });
    expect(dispatched).toMatchObject({ expected: 3, positions: [{ room: 'a' }, { room: 'b' }] });
    await work();
    expect(await broadcaster.status(dispatched.id)).toMatchObject({
      state: 'done',
      delivered: 3,
      positions: [{ room: 'a', offset: 1 }, { room: 'b' }],
    });
    const { id } = dispatched;
    expect(got('ann')).toMatchObject([{ id, room: 'a', offset: 1 }]);
    expect(got('ben')).toMatchObject([{ id, room: 'a', also: [{ room: 'b', offset: 1 }] }]);
    expect(got('cid')).toMatchObject([{ id, room: 'b', offset: 1 }]);
    expect(await kept('b')).toMatchObject([{ id }]);
  });

  it('names the rooms also to those who are tried again later', async () => {
    const { broadcaster, got, work } = await setUp({ broadcast: { retries: 0 } }, (id, attempt) =>
      id === 'ben' && attempt === 1 ? 'RATE_LIMITED' : 'ok',
    );
    const { id } = await broadcaster.to('a', 'b').dispatch('x', 1, { shards: 1 });
    await work();
    expect(await broadcaster.status(id)).toMatchObject({ delivered: 3 });
    expect(got('ben')).toMatchObject([{ room: 'a', also: [{ room: 'b' }] }]);
  });
});
