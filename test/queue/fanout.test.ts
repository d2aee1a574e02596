/** Broadcasts that go through the queue, from dispatch to the last worker. */
import { describe, expect, it } from '@jest/globals';
import { createBroadcaster, defineContract, type ConnectionStore } from 'yc-broadcast';
import { queueFanout } from 'yc-broadcast/queue';
import { memoryStore } from 'yc-broadcast/stores/memory';
import * as z from 'zod';
import { fanoutWorld, timesReached } from '../support/fanout-world.js';
import { memoryQueue } from '../support/memory-queue.js';
import { fillRoom, storedConnection } from '../support/people.js';
import { scriptedTransport } from '../support/scripted-transport.js';
import { sent } from '../support/sent.js';

function once(ids: readonly string[]): Map<string, number> {
  return new Map(ids.map((id) => [id, 1]));
}

function bodies(queue: {
  readonly waiting: readonly { readonly body: string }[];
}): Record<string, unknown>[] {
  return queue.waiting.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
}

describe('dispatch', () => {
  it('puts one job for each shard into the queue, and workers reach everybody once', async () => {
    const { broadcaster, queue, transport, ids, drain, store } = await fanoutWorld();
    await store.put(storedConnection('outsider'));
    const dispatched = await broadcaster.to('room').dispatch('headline', { title: 'Hi' });
    expect(dispatched).toMatchObject({ shards: 4, expected: 100 });
    expect(queue.waiting).toHaveLength(4);
    expect(transport.received.size).toBe(0);
    expect(await broadcaster.status(dispatched.id)).toMatchObject({
      state: 'queued',
      settled: false,
      recipients: 0,
    });

    await drain();
    expect(timesReached(transport)).toEqual(once(ids));
    const [text = ''] = transport.received.get('p00000') ?? [];
    const data = { title: 'Hi' };
    expect(JSON.parse(text)).toEqual({ type: 'headline', data, id: dispatched.id, room: 'room' });
    expect(await broadcaster.status(dispatched.id)).toMatchObject({
      state: 'done',
      settled: true,
      complete: true,
      recipients: 100,
      delivered: 100,
      stale: 0,
      failed: 0,
      skipped: 0,
      restarts: 0,
      etaMs: 0,
      shards: { total: 4, started: 4, done: 4, abandoned: 0 },
    });
  });

  it('writes one record per page, reads one for the status, and needs nobody in the room', async () => {
    const { broadcaster, store, drain } = await fanoutWorld({ people: 0 });
    const { id, shards } = await broadcaster.to('room').dispatch('x', 1);
    expect(shards).toBe(1);
    await drain();
    let reads = 0;
    const counting: ConnectionStore = {
      ...store,
      records: {
        ...(store.records as NonNullable<ConnectionStore['records']>),
        read: (key) => {
          reads++;
          return (store.records as NonNullable<ConnectionStore['records']>).read(key);
        },
      },
    };
    const asking = createBroadcaster({
      store: counting,
      transport: scriptedTransport(),
      broadcast: { fanout: queueFanout({ queue: memoryQueue() }) },
    });
    expect(await asking.status(id)).toMatchObject({ state: 'done', recipients: 0, complete: true });
    expect(reads).toBe(1);
  });

  it('reaches a user and everybody as well', async () => {
    const { broadcaster, store, transport, drain } = await fanoutWorld({ people: 2 });
    await store.put(storedConnection('phone', { user: 'ann' }));
    await broadcaster.toUser('ann').dispatch('badge', 1);
    await drain();
    expect([...transport.received.keys()]).toEqual(['phone']);
    await broadcaster.toAll().dispatch('news', 1);
    await drain();
    expect([...transport.received.keys()].sort()).toEqual(['p00000', 'p00001', 'phone']);
  });

  it('takes exceptions and attributes along', async () => {
    const { broadcaster, store, transport, drain } = await fanoutWorld({ people: 4 });
    await store.setAttributes('p00001', { locale: 'ru', tags: ['a'] });
    await store.setAttributes('p00002', { locale: 'ru', tags: ['a'] });
    await store.setAttributes('p00003', { locale: 'ru', tags: ['b'] });
    const { id } = await broadcaster
      .to('room')
      .except('p00001')
      .where({ locale: 'ru', tags: ['a'] })
      .dispatch('x', 1);
    await drain();
    expect([...transport.received.keys()]).toEqual(['p00002']);
    expect(await broadcaster.status(id)).toMatchObject({ recipients: 1, delivered: 1, expected: 4 });
  });

  it.each([
    [
      'a function in where',
      (w: World) =>
        w.broadcaster
          .to('room')
          .where(() => true)
          .dispatch('x', 1),
      /where: a function cannot travel.*or use send/,
    ],
    [
      'an unknown option',
      (w: World) => w.broadcaster.to('room').dispatch('x', 1, { shard: 3 } as never),
      /dispatch options.*shard/,
    ],
    ['too many shards', (w: World) => w.broadcaster.to('room').dispatch('x', 1, { shards: 257 }), /shards/],
    [
      'more exceptions than a record holds',
      (w: World) =>
        w.broadcaster
          .to('room')
          .except(...Array.from({ length: 20_000 }, (_, n) => `connection-${n}`))
          .dispatch('x', 1),
      /20000 exceptions/,
    ],
    [
      'a single connection',
      (w: World) => w.broadcaster.toConnection('p00001').dispatch('x', 1),
      /a single connection does not need workers; use send/,
    ],
    [
      'a key that no record can have',
      (w: World) => w.broadcaster.to('room').dispatch('x', 1, { idempotencyKey: 'a\0b' }),
      /idempotencyKey/,
    ],
  ])('refuses %s, and nothing is queued', async (_what, dispatch, message) => {
    const world = await fanoutWorld();
    await expect(dispatch(world)).rejects.toThrow(message);
    await expect(dispatch(world)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(world.queue.sent).toBe(0);
  });

  it('refuses a message that no transport takes, before anything is queued', async () => {
    const { broadcaster, queue } = await fanoutWorld();
    const dispatched = broadcaster.to('room').dispatch('x', 'y'.repeat(100_000));
    await expect(dispatched).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    expect(queue.sent).toBe(0);
  });

  it('needs a queue and records, and says so', async () => {
    const { records: _records, ...store } = memoryStore();
    const transport = scriptedTransport();
    const without = createBroadcaster({ store, transport });
    for (const call of [
      () => without.to('room').dispatch('x', 1),
      () => without.status('x'),
      () => without.cancel('x'),
      () => without.work({}),
    ])
      await expect(call()).rejects.toThrow(/INVALID_OPTIONS: .*fanout: queueFanout/);
    const withQueue = createBroadcaster({
      store,
      transport,
      broadcast: { fanout: queueFanout({ queue: memoryQueue() }) },
    });
    await expect(withQueue.to('room').dispatch('x', 1)).rejects.toThrow(/store 'memory' has no records/);
    expect(() => createBroadcaster({ store, transport, broadcast: { fanout: {} as never } })).toThrow(
      /queueFanout/,
    );
  });

  it('keeps types and checks of the contract', async () => {
    const { store, transport } = await fanoutWorld({ people: 1 });
    const contract = defineContract({ client: {}, server: { headline: z.object({ title: z.string() }) } });
    const queue = memoryQueue();
    const broadcaster = createBroadcaster({
      store,
      transport,
      contract,
      broadcast: { fanout: queueFanout({ queue }) },
    });
    await broadcaster.to('room').dispatch('headline', { title: 'x' });
    // @ts-expect-error the contract has no such type
    await expect(broadcaster.to('room').dispatch('other', 1)).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
    expect(queue.sent).toBe(1);
  });

  it('keeps the message in the store, whatever its size; jobs name their broadcast and carry its key', async () => {
    const { broadcaster, queue, transport, drain } = await fanoutWorld({ people: 30 });
    const { id } = await broadcaster.to('room').except('nobody').dispatch('x', 'a');
    const key = bodies(queue)[0]?.['key'];
    expect(bodies(queue)).toEqual(
      [0, 1].map((shard) => ({ 'yc-broadcast-job': 2, id, key, shard, turn: 0 })),
    );
    expect(key).toMatch(/^[0-9a-f-]{36}$/);
    await drain();
    const large = '"'.repeat(40_000);
    await broadcaster.to('room').dispatch('x', large);
    expect(Buffer.byteLength(queue.waiting[0]?.body ?? '')).toBeLessThan(200);
    await drain();
    const [, text = ''] = transport.received.get('p00007') ?? [];
    expect(JSON.parse(text)).toMatchObject({ data: large });
  });

  it('writes only what XML can carry', async () => {
    const { broadcaster, queue, transport, drain } = await fanoutWorld({ people: 1 });
    const odd = 'a\u0001b\uFFFFc\uFFFEd\u{1F600}';
    await broadcaster.to('room').dispatch('x', odd);
    // eslint-disable-next-line no-control-regex -- these are the characters that must not be there
    expect(queue.waiting[0]?.body).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\uFFFE\uFFFF]/);
    await drain();
    expect(JSON.parse(transport.received.get('p00000')?.[0] ?? '')).toMatchObject({ data: odd });
  });
});

type World = Awaited<ReturnType<typeof fanoutWorld>>;

describe('the number of shards', () => {
  it.each([
    [0, 1],
    [1, 1],
    [5000, 1],
    [5001, 2],
    [12_000, 4],
    [100_000, 16],
    [1_000_000, 16],
  ])('for %d connections is %d', async (count, expected) => {
    const store: ConnectionStore = { ...memoryStore(), count: async () => count };
    const queue = memoryQueue();
    const broadcaster = createBroadcaster({
      store,
      transport: scriptedTransport(),
      broadcast: { fanout: queueFanout({ queue }) },
    });
    expect(await broadcaster.to('room').dispatch('x', 1)).toMatchObject({ shards: expected });
    expect(queue.sent).toBe(expected);
  });

  it('can be chosen', async () => {
    const { broadcaster, queue } = await fanoutWorld();
    expect(await broadcaster.to('room').dispatch('x', 1, { shards: 7 })).toMatchObject({ shards: 7 });
    expect(bodies(queue).map(({ shard }) => shard)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

describe('an idempotency key', () => {
  it('dispatches once', async () => {
    const { broadcaster, queue, transport, ids, drain } = await fanoutWorld();
    const first = await broadcaster.to('room').dispatch('x', 1, { idempotencyKey: 'news-1' });
    const second = await broadcaster.to('room').dispatch('x', 1, { idempotencyKey: 'news-1' });
    expect(second).toMatchObject({ id: 'news-1', shards: first.shards, expected: 100 });
    expect(queue.sent).toBe(4);
    await drain();
    await broadcaster.to('room').dispatch('x', 1, { idempotencyKey: 'news-1' });
    await drain();
    expect(timesReached(transport)).toEqual(once(ids));
  });

  it('dispatches once from two instances at the same time', async () => {
    const { broadcaster, instance, queue } = await fanoutWorld();
    const both = [broadcaster, instance()].map((one) =>
      one.to('room').dispatch('x', 1, { idempotencyKey: 'k' }),
    );
    expect((await Promise.all(both)).map(({ id }) => id)).toEqual(['k', 'k']);
    expect(queue.sent).toBe(4);
  });

  it('makes up for a dispatch with the same filter only: workers go by the record', async () => {
    const { broadcaster, queue, transport, drain } = await fanoutWorld({ people: 3 });
    const key = { idempotencyKey: 'k' };
    queue.failNext();
    await expect(broadcaster.to('room').dispatch('x', 1, key)).rejects.toThrow('QUEUE_UNAVAILABLE');
    const narrowed = broadcaster.to('room').except('p00001');
    await expect(narrowed.dispatch('x', 1, key)).rejects.toThrow('idempotencyKey: the first dispatch');
    await drain();
    expect(transport.received.size).toBe(0);
  });

  it('belongs to one audience: another is told so instead of being left out', async () => {
    const { broadcaster, store, queue } = await fanoutWorld({ fanout: { threshold: 30 } });
    await fillRoom(store, 'other', 30);
    const key = { idempotencyKey: 'k' };
    await broadcaster.to('room').dispatch('x', 1, key);
    for (const way of ['dispatch', 'send'] as const) {
      const second = broadcaster.to('other')[way]('x', 1, key);
      await expect(second).rejects.toThrow(/INVALID_OPTIONS: idempotencyKey: .*another audience/);
    }
    expect(queue.sent).toBe(4);
  });

  it('makes up for a dispatch that failed, at once', async () => {
    const { broadcaster, queue, transport, ids, drain } = await fanoutWorld();
    queue.failNext();
    const key = { idempotencyKey: 'k' };
    await expect(broadcaster.to('room').dispatch('x', 1, key)).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
    });
    await broadcaster.to('room').dispatch('x', 1, key);
    await drain();
    expect(timesReached(transport)).toEqual(once(ids));
  });
});

describe('a room with a history', () => {
  const history = { maxEntries: 10, maxAgeMs: 60_000 };

  it('keeps the message once and sends it with its place', async () => {
    const { broadcaster, transport, store, drain } = await fanoutWorld({
      broadcaster: { rooms: { history } },
    });
    const dispatched = await broadcaster.to('room').dispatch('x', 1, { idempotencyKey: 'k' });
    await broadcaster.to('room').dispatch('x', 1, { idempotencyKey: 'k' });
    await drain();
    expect(dispatched.position).toMatchObject({ offset: 1 });
    expect(JSON.parse(transport.received.get('p00003')?.[0] ?? '')).toMatchObject({
      room: 'room',
      ...dispatched.position,
    });
    expect((await store.history?.read('room', { limit: 10 }))?.entries).toHaveLength(1);
    expect(await broadcaster.status('k')).toMatchObject({ position: dispatched.position });
  });

  it('keeps it once when the queue failed at first', async () => {
    const { broadcaster, queue, store, transport, drain } = await fanoutWorld({
      broadcaster: { rooms: { history } },
    });
    queue.failNext();
    const key = { idempotencyKey: 'k' };
    await expect(broadcaster.to('room').dispatch('x', 1, key)).rejects.toThrow('QUEUE_UNAVAILABLE');
    expect(await broadcaster.to('room').dispatch('x', 1, key)).toMatchObject({ position: { offset: 1 } });
    expect((await store.history?.read('room', { limit: 10 }))?.entries).toHaveLength(1);
    await drain();
    expect(JSON.parse(transport.received.get('p00000')?.[0] ?? '')).toMatchObject({ offset: 1 });
  });

  it('does not number what goes to a part of it', async () => {
    const { broadcaster, store } = await fanoutWorld({ broadcaster: { rooms: { history } } });
    expect(await broadcaster.to('room').except('p00001').dispatch('x', 1)).not.toHaveProperty('position');
    expect((await store.history?.read('room', { limit: 10 }))?.entries).toEqual([]);
  });
});

describe('send', () => {
  it('goes through the queue above the threshold, and the report says so', async () => {
    const { broadcaster, transport, ids, drain } = await fanoutWorld({ fanout: { threshold: 100 } });
    const report = await broadcaster.to('room').send('x', 1, { idempotencyKey: 'k' });
    expect(report).toEqual({
      kind: 'dispatched',
      id: 'k',
      shards: 4,
      expected: 100,
      finished: expect.any(Function),
    });
    expect(transport.received.size).toBe(0);
    await drain();
    expect(timesReached(transport)).toEqual(once(ids));
    expect(await broadcaster.status(report.id)).toMatchObject({ delivered: 100, complete: true });
  });

  it.each([
    ['below it', { threshold: 101 }, (w: World) => w.broadcaster.to('room').send('x', 1)],
    ['when that is off', { threshold: false as const }, (w: World) => w.broadcaster.to('room').send('x', 1)],
    [
      'with a signal',
      { threshold: 1 },
      (w: World) => w.broadcaster.to('room').send('x', 1, { signal: new AbortController().signal }),
    ],
    [
      'with progress',
      { threshold: 1 },
      (w: World) => w.broadcaster.to('room').send('x', 1, { onProgress: () => undefined }),
    ],
    [
      'with a function as filter',
      { threshold: 1 },
      (w: World) =>
        w.broadcaster
          .to('room')
          .where(() => true)
          .send('x', 1),
    ],
    ['as raw text', { threshold: 1 }, (w: World) => w.broadcaster.to('room').sendRaw('x')],
    ['one by one', { threshold: 1 }, (w: World) => w.broadcaster.to('room').sendEach('x', () => 1)],
  ])('goes from here %s', async (_when, fanout, send) => {
    const world = await fanoutWorld({ fanout });
    const report = await send(world);
    expect(report).toMatchObject({ kind: 'sent', delivered: 100, complete: true });
    expect(world.queue.sent).toBe(0);
  });

  it.each([
    ['the message has expired', 'expired', () => ({ expiresAt: Date.now() - 1 })],
    ['its time is over', 'deadline', () => ({ deadline: Date.now() - 1 })],
  ])(
    'says that %s, as for a small room, and neither dispatches nor keeps it',
    async (_what, stoppedBy, late) => {
      const history = { maxEntries: 10, maxAgeMs: 60_000 };
      const world = await fanoutWorld({ fanout: { threshold: 1 }, broadcaster: { rooms: { history } } });
      const report = await world.broadcaster.to('room').send('x', 1, late());
      expect(report).toMatchObject({ kind: 'sent', stoppedBy, delivered: 0 });
      expect(world.queue.sent).toBe(0);
      expect((await world.store.history?.read('room', { limit: 10 }))?.entries).toEqual([]);
    },
  );

  it('asks for the size of a small room once in ten seconds', async () => {
    let counts = 0;
    const inner = memoryStore();
    const store: ConnectionStore = { ...inner, count: (audience) => (counts++, inner.count(audience)) };
    let now = 1_000_000;
    const fanout = queueFanout({ queue: memoryQueue(), now: () => now });
    const broadcaster = createBroadcaster({
      store,
      transport: scriptedTransport(),
      broadcast: { fanout },
    });
    for (let n = 0; n < 5; n++) await broadcaster.to('room').send('x', n);
    expect(counts).toBe(1);
    now += 10_001;
    await broadcaster.to('room').send('x', 6);
    expect(counts).toBe(2);
  });

  it('asks for the size of a large room once', async () => {
    let counts = 0;
    const store: ConnectionStore = { ...memoryStore(), count: async () => (counts++, 20_000) };
    const fanout = queueFanout({ queue: memoryQueue() });
    const broadcaster = createBroadcaster({
      store,
      transport: scriptedTransport(),
      broadcast: { fanout },
    });
    const report = await broadcaster.to('room').send('x', 1);
    expect(report).toMatchObject({ kind: 'dispatched', expected: 20_000 });
    expect(counts).toBe(1);
  });
});

describe('resume', () => {
  it('goes on through the queue behind the cursor, under the same id', async () => {
    const stop = new AbortController();
    const { broadcaster, transport, ids, drain } = await fanoutWorld({
      broadcaster: { broadcast: { concurrency: 1 } },
      script: (id) => {
        if (id === 'p00020') stop.abort();
        return 'ok';
      },
    });
    const options = { signal: stop.signal, idempotencyKey: 'k' };
    const report = await broadcaster.to('room').send('x', 1, options);
    expect(sent(report).complete).toBe(false);
    const dispatched = await broadcaster.resume(sent(report).cursor ?? '').dispatch('x', 1);
    expect(dispatched).toMatchObject({ id: 'k', shards: 1 });
    const several = broadcaster.resume(sent(report).cursor ?? '').dispatch('x', 1, { shards: 2 });
    await expect(several).rejects.toThrow('shards: a resumed broadcast has one shard');
    await drain();
    expect(timesReached(transport)).toEqual(once(ids));
  });
});
