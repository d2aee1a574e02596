/** Asking how a dispatched broadcast stands, watching it, calling it off, and its end by time. */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { BroadcastStatus, ConnectionStore } from 'yc-broadcast';
import { fanoutWorld, timesReached } from '../support/fanout-world.js';
import { scriptedTransport, type Answer } from '../support/scripted-transport.js';

afterEach(() => {
  jest.useRealTimers();
});

async function collect(watch: AsyncIterable<BroadcastStatus>): Promise<BroadcastStatus[]> {
  const all: BroadcastStatus[] = [];
  for await (const status of watch) all.push(status);
  return all;
}

describe('status', () => {
  it('follows the shards', async () => {
    let now = 1_000_000;
    const { broadcaster, queue } = await fanoutWorld({ fanout: { now: () => now } });
    const { id } = await broadcaster.to('room').dispatch('x', 1);
    const queued = await broadcaster.status(id);
    expect(queued).toMatchObject({ state: 'queued', createdAt: now, expiresAt: now + 3_660_000 });
    expect(queued).not.toHaveProperty('etaMs');
    now += 1000;
    await broadcaster.work(queue.take());
    const running = await broadcaster.status(id);
    expect(running).toMatchObject({
      state: 'running',
      shards: { total: 4, started: 1, done: 1 },
      updatedAt: now,
    });
    const done = running?.recipients ?? 0;
    expect(done).toBeGreaterThan(0);
    expect(running?.etaMs).toBe(Math.round(((100 - done) * 1000) / done));
    now += 100;
    expect((await broadcaster.status(id))?.etaMs).toBe((running?.etaMs ?? 0) - 100);
  });

  it('tells of outcomes by code', async () => {
    const world = await fanoutWorld({
      people: 40,
      script: (id) => (id.endsWith('1') ? 'CONNECTION_STALE' : id.endsWith('2') ? 'FORBIDDEN' : 'ok'),
    });
    const { broadcaster, drain, store } = world;
    const { id } = await broadcaster.to('room').dispatch('x', 1);
    await drain();
    expect(await broadcaster.status(id)).toMatchObject({
      recipients: 40,
      delivered: 32,
      stale: 4,
      failed: 4,
      skipped: 0,
      complete: true,
      codes: { FORBIDDEN: 4 },
    });
    expect(await store.count({ room: 'room' })).toBe(36);
  });

  it('knows nothing of an id that was never dispatched', async () => {
    const { broadcaster } = await fanoutWorld({ people: 0 });
    expect(await broadcaster.status('x')).toBeUndefined();
    expect(await broadcaster.cancel('x')).toBeUndefined();
    await expect(collect(broadcaster.watch('x'))).rejects.toThrow(/INVALID_OPTIONS: no broadcast 'x'/);
  });

  it('is forgotten in the end', async () => {
    jest.useFakeTimers({ doNotFake: ['performance'] });
    const { broadcaster, store, drain } = await fanoutWorld({
      people: 3,
      fanout: { ttlMs: 1000, keepMs: 500 },
    });
    const { id } = await broadcaster.to('room').dispatch('x', '"'.repeat(20_000));
    await drain();
    const keys = [`$queue:broadcast:${id}`, `$queue:text:${id}`, `$queue:shard-0:${id}`];
    for (const key of keys) expect(await store.records?.read(key)).toBeDefined();
    jest.setSystemTime(Date.now() + 1500);
    expect(await broadcaster.status(id)).toBeUndefined();
    for (const key of keys) expect(await store.records?.read(key)).toBeUndefined();
  });
});

describe('watch', () => {
  it('gives each change, looks less often while there is none, and ends with the broadcast', async () => {
    jest.useFakeTimers({ doNotFake: ['performance', 'setImmediate', 'nextTick'] });
    const { broadcaster, queue } = await fanoutWorld();
    const dispatched = await broadcaster.to('room').dispatch('x', 1);
    const watching = collect(broadcaster.watch(dispatched.id));
    const finished = dispatched.finished();
    await jest.advanceTimersByTimeAsync(60_000);
    for (let event = queue.take(); event !== undefined; event = queue.take()) {
      const work = broadcaster.work(event);
      await jest.advanceTimersByTimeAsync(6000);
      await work;
    }
    await jest.advanceTimersByTimeAsync(6000);
    const seen = await watching;
    expect(seen.map(({ state, shards }) => `${state} ${shards.done}`)).toEqual([
      ...['queued 0', 'running 1', 'running 2', 'running 3', 'done 4'],
    ]);
    expect(await finished).toEqual(seen.at(-1));
  });

  it('reads the store a few times a minute at most while nothing happens', async () => {
    jest.useFakeTimers({ doNotFake: ['performance', 'setImmediate', 'nextTick'] });
    const { broadcaster, store } = await fanoutWorld();
    const { id } = await broadcaster.to('room').dispatch('x', 1);
    const reads = jest.spyOn(store.records as NonNullable<ConnectionStore['records']>, 'read');
    const stop = new AbortController();
    const watching = collect(broadcaster.watch(id, { signal: stop.signal, everyMs: 10_000 }));
    watching.catch(() => undefined);
    await jest.advanceTimersByTimeAsync(120_000);
    expect(reads.mock.calls.length).toBeLessThan(25);
    stop.abort();
    await expect(watching).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('refuses an unknown option', async () => {
    const { broadcaster } = await fanoutWorld({ people: 0 });
    await expect(collect(broadcaster.watch('x', { every: 1 } as never))).rejects.toThrow(
      /watch options.*every/,
    );
  });
});

describe('cancel', () => {
  it('stops a worker within one page, and shards that nobody has begun are not sent', async () => {
    const world = await fanoutWorld({
      people: 200,
      broadcaster: { broadcast: { concurrency: 2 } },
      fanout: { maxShards: 2, recipientsPerShard: 10, pageSize: 20 },
    });
    const { broadcaster, instance, queue } = world;
    const { id } = await broadcaster.to('room').dispatch('x', 1);
    let sentAfter = 0;
    let cancelled: Promise<unknown> | undefined;
    let isOver = false;
    const transport = scriptedTransport(async (): Promise<Answer> => {
      if (isOver) sentAfter++;
      if (transport.received.size >= 30) {
        cancelled ??= instance()
          .cancel(id)
          .then(() => (isOver = true));
        await cancelled;
      }
      return 'ok';
    });
    await instance(transport).work(queue.take());
    await instance(transport).work(queue.take());
    expect(isOver).toBe(true);
    expect(sentAfter).toBeGreaterThan(0); // a page is not torn apart
    expect(sentAfter).toBeLessThanOrEqual(20);
    expect(transport.received.size).toBeLessThanOrEqual(50);
    expect(queue.waiting).toEqual([]);
    const status = await broadcaster.status(id);
    expect(status).toMatchObject({ state: 'cancelled', settled: true, complete: false, skipped: 0 });
    expect(status?.delivered).toBe(transport.received.size);
  });

  it('says so at once, and leaves what is settled as it was', async () => {
    const { broadcaster, drain, transport } = await fanoutWorld();
    const first = await broadcaster.to('room').dispatch('x', 1);
    expect(await broadcaster.cancel(first.id)).toMatchObject({ state: 'cancelled', settled: false });
    await drain();
    expect(transport.received.size).toBe(0);
    expect(await broadcaster.status(first.id)).toMatchObject({
      state: 'cancelled',
      settled: true,
      recipients: 0,
    });
    const second = await broadcaster.to('room').dispatch('x', 1);
    await drain();
    expect(await broadcaster.cancel(second.id)).toMatchObject({ state: 'done', complete: true });
  });
});

describe('a message that expires', () => {
  it('is not sent from then on; those listed are skipped', async () => {
    const start = Date.now();
    const world = await fanoutWorld({
      people: 60,
      fanout: { maxShards: 1 },
      broadcaster: { broadcast: { concurrency: 1 } },
      script: () =>
        new Promise((resolve) =>
          setTimeout(() => {
            resolve('ok');
          }, 10),
        ),
    });
    const { broadcaster, drain, transport } = world;
    const { id } = await broadcaster.to('room').dispatch('x', 1, { expiresAt: start + 400 });
    await drain();
    const status = await broadcaster.status(id);
    expect(status).toMatchObject({ state: 'expired', settled: true, complete: false, failed: 0 });
    expect(status?.delivered).toBe(transport.received.size);
    expect(status?.recipients).toBe((status?.delivered ?? 0) + (status?.skipped ?? 0));
    expect(status?.skipped).toBeLessThanOrEqual(10);
    expect(transport.received.size).toBeLessThan(60);
  });

  it('is not dispatched when that is past already', async () => {
    const { broadcaster, queue } = await fanoutWorld();
    const dispatched = broadcaster.to('room').dispatch('x', 1, { expiresAt: Date.now() - 1 });
    await expect(dispatched).rejects.toMatchObject({ code: 'EXPIRED' });
    expect(queue.sent).toBe(0);
  });

  it('is settled a minute later, whatever has become of its jobs', async () => {
    let now = 1_000_000;
    const { broadcaster, transport, drain } = await fanoutWorld({ fanout: { now: () => now } });
    const { id } = await broadcaster.to('room').dispatch('x', 1);
    now += 3_660_000;
    expect(await broadcaster.status(id)).toMatchObject({ state: 'expired', settled: false });
    now += 60_000;
    expect(await broadcaster.status(id)).toMatchObject({ state: 'expired', settled: true, etaMs: 0 });
    await drain();
    expect(timesReached(transport).size).toBe(0);
  });
});
