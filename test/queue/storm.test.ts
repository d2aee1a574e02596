/**
 * A gateway that refuses, and what workers make of it: they come back later instead of waiting in the
 * function.
 */
import { describe, expect, it } from '@jest/globals';
import { BroadcastError } from 'yc-broadcast';
import { fanoutWorld, timesReached } from '../support/fanout-world.js';

const ONE_SHARD = { maxShards: 1, pageSize: 100 };

describe('a gateway that refuses everything', () => {
  it('is left alone for a while, longer each time, and then everybody is reached once', async () => {
    let isOpen = false;
    const world = await fanoutWorld({
      people: 300,
      fanout: ONE_SHARD,
      script: () => (isOpen ? 'ok' : 'RATE_LIMITED'),
    });
    const { broadcaster, queue, transport, ids, drain } = world;
    const { id } = await broadcaster.to('room').dispatch('x', 1);
    const delays: number[] = [];
    for (let round = 0; round < 4; round++) {
      const before = [...transport.attempts.values()].reduce((sum, n) => sum + n, 0);
      await broadcaster.work(queue.take());
      const calls = [...transport.attempts.values()].reduce((sum, n) => sum + n, 0) - before;
      expect(calls).toBeLessThanOrEqual(150); // fifty refusals, and those under way
      delays.push(queue.waiting[0]?.delaySeconds ?? 0);
    }
    expect(delays[0]).toBeLessThanOrEqual(2);
    expect(delays[3]).toBeGreaterThanOrEqual(8);
    expect(await broadcaster.status(id)).toMatchObject({ state: 'running', recipients: 0, failed: 0 });
    isOpen = true;
    await drain();
    expect(timesReached(transport)).toEqual(new Map(ids.map((one) => [one, 1])));
    expect(await broadcaster.status(id)).toMatchObject({ delivered: 300, failed: 0, complete: true });
  });

  it('gets the pause that it asks for', async () => {
    const refusal = new BroadcastError('RATE_LIMITED', 'scripted', { retryAfterMs: 60_000 });
    const world = await fanoutWorld({
      people: 100,
      fanout: ONE_SHARD,
      broadcaster: { broadcast: { retries: 0 } },
      script: () => refusal,
    });
    await world.broadcaster.to('room').dispatch('x', 1);
    await world.broadcaster.work(world.queue.take());
    expect(world.queue.waiting[0]?.delaySeconds).toBeGreaterThanOrEqual(61);
  });
});

describe('a worker without its role', () => {
  it.each(['FORBIDDEN', 'UNAUTHENTICATED'] as const)('waits for it, and says so: %s', async (code) => {
    let isAllowed = false;
    const world = await fanoutWorld({
      people: 300,
      fanout: ONE_SHARD,
      script: () => (isAllowed ? 'ok' : code),
    });
    const { broadcaster, queue, transport, ids, errors } = world;
    const { id } = await broadcaster.to('room').dispatch('x', 1);
    await broadcaster.work(queue.take());
    expect(errors).toMatchObject([{ code }]);
    expect(await broadcaster.status(id)).toMatchObject({ state: 'running', recipients: 0, failed: 0 });
    isAllowed = true;
    await world.drain();
    expect(timesReached(transport)).toEqual(new Map(ids.map((one) => [one, 1])));
    expect(await broadcaster.status(id)).toMatchObject({ delivered: 300, failed: 0, complete: true });
  });
});

describe('a gateway that refuses some', () => {
  it('is asked for them again, later', async () => {
    const world = await fanoutWorld({
      people: 30,
      fanout: ONE_SHARD,
      broadcaster: { broadcast: { retries: 1 } },
      script: (id, attempt) => (id === 'p00003' && attempt <= 2 ? 'RATE_LIMITED' : 'ok'),
    });
    const { broadcaster, queue, transport } = world;
    const { id } = await broadcaster.to('room').dispatch('x', 1);
    await broadcaster.work(queue.take());
    expect(queue.waiting[0]?.delaySeconds).toBeGreaterThanOrEqual(1);
    expect(await broadcaster.status(id)).toMatchObject({ state: 'running', recipients: 29, failed: 0 });
    await world.drain();
    expect(await broadcaster.status(id)).toMatchObject({ recipients: 30, delivered: 30, complete: true });
    expect(new Set(timesReached(transport).values())).toEqual(new Set([1]));
  });

  it('has failed those whom it refuses three more times', async () => {
    const world = await fanoutWorld({
      people: 30,
      fanout: ONE_SHARD,
      broadcaster: { broadcast: { retries: 1 } },
      script: (id) => (id === 'p00003' ? 'RATE_LIMITED' : id === 'p00004' ? 'GATEWAY_UNAVAILABLE' : 'ok'),
    });
    const { broadcaster, transport } = world;
    const { id } = await broadcaster.to('room').dispatch('x', 1);
    await world.drain();
    expect(await broadcaster.status(id)).toMatchObject({
      recipients: 30,
      delivered: 28,
      failed: 2,
      complete: true,
      settled: true,
      codes: { RATE_LIMITED: 1, GATEWAY_UNAVAILABLE: 1 },
    });
    expect(transport.attempts.get('p00003')).toBe(8);
  });

  it('has failed those whom it refused when the broadcast is called off before that', async () => {
    const world = await fanoutWorld({
      people: 30,
      fanout: ONE_SHARD,
      broadcaster: { broadcast: { retries: 0 } },
      script: (id) => (id === 'p00003' ? 'RATE_LIMITED' : 'ok'),
    });
    const { broadcaster, queue } = world;
    const { id } = await broadcaster.to('room').dispatch('x', 1);
    await broadcaster.work(queue.take());
    await broadcaster.cancel(id);
    await world.drain();
    expect(await broadcaster.status(id)).toMatchObject({
      state: 'cancelled',
      settled: true,
      recipients: 30,
      delivered: 29,
      failed: 1,
      codes: { ABORTED: 1 },
    });
  });

  it('is not asked again where it may have sent: no answer is a failure', async () => {
    const world = await fanoutWorld({
      people: 10,
      fanout: ONE_SHARD,
      broadcaster: { broadcast: { retries: 0 } },
      script: (id) => (id === 'p00003' ? 'NO_ANSWER' : 'ok'),
    });
    const { broadcaster, transport } = world;
    const { id } = await broadcaster.to('room').dispatch('x', 1);
    await world.drain();
    expect(await broadcaster.status(id)).toMatchObject({ delivered: 9, failed: 1, codes: { NO_ANSWER: 1 } });
    expect(transport.attempts.get('p00003')).toBe(1);
  });
});
