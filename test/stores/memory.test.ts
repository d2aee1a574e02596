import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import type { ConnectionStore } from 'yc-broadcast';
import { CONNECTION_TTL_MS } from 'yc-broadcast/stores';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { storeContract } from 'yc-broadcast/testing';
import { storedConnection } from '../support/people.js';
import { historyOf } from '../support/shared-memory.js';

const MEGABYTE = 1_048_576;
const HISTORY_LIMITS = { maxEntries: 10, maxAgeMs: 60_000 };

/** Instances share no memory, which is why this store is for one instance only. */
const cases = storeContract({
  open: ({ now }) => memoryStore({ now }),
  lacks: ['sharing'],
});

function createClock() {
  let now = Date.now();
  return {
    now: () => now,
    advance: (ms: number) => {
      now += ms;
    },
  };
}

async function connectAndLeave(store: ConnectionStore, now: number, id: string): Promise<void> {
  const expiresAt = now + CONNECTION_TTL_MS;
  await store.put(storedConnection(id, { user: id, connectedAt: now, expiresAt }));
  await store.join(id, `room of ${id}`);
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('memoryStore', () => {
  it.each(cases.filter(({ skip }) => !skip))('$name', ({ run }) => run());

  it('is excused from nothing but what needs two instances, or a backend apart from the store', () => {
    const excused = cases.filter(({ skip }) => skip).map(({ name }) => name);
    const reasons = new Set(excused.map((name) => name.slice(name.indexOf('(not applicable'))));
    expect([...reasons]).toEqual([
      '(not applicable: the backend lacks sharing)',
      '(not applicable: the backend has no drop())',
      '(not applicable: the backend has no failOver())',
      '(not applicable: the backend has no loseAnswer())',
    ]);
    for (const name of excused)
      expect(name).toMatch(
        /^(two instances|clock skew|(history|state): has another epoch|failover: |repeat: )/,
      );
  });

  it('has other epochs in another process, as it were', async () => {
    const [first, second] = [historyOf(memoryStore()), historyOf(memoryStore())];
    const { epoch } = await first.append('room', 'x', HISTORY_LIMITS);
    expect((await second.append('room', 'x', HISTORY_LIMITS)).epoch).not.toBe(epoch);
  });

  it('refuses an option that it does not know, and a clock that is none', () => {
    expect(() => memoryStore({ nwo: Date.now } as object)).toThrow(/INVALID_OPTIONS: .*nwo/);
    expect(() => memoryStore({ now: 5 } as object)).toThrow(
      'INVALID_OPTIONS: memoryStore.now: expected a function',
    );
  });

  it('forgets a removal when no connection can be left that it concerns', async () => {
    const clock = createClock();
    const store = memoryStore({ now: clock.now });
    await store.remove(['phone']);
    clock.advance(CONNECTION_TTL_MS);
    expect(await store.put(storedConnection('phone'))).toBe('stored');
  });

  it('gives a connection no rooms of an expired one of the same id', async () => {
    const clock = createClock();
    const store = memoryStore({ now: clock.now });
    await connectAndLeave(store, clock.now(), 'phone');
    clock.advance(CONNECTION_TTL_MS);
    await store.put(storedConnection('phone', { expiresAt: clock.now() + 1000 }));
    expect(await store.rooms('phone')).toEqual([]);
    expect(await store.count({ room: 'room of phone' })).toBe(0);
  });

  it('begins the history of a room again, with another epoch, when it has long been forgotten', async () => {
    const clock = createClock();
    const history = historyOf(memoryStore({ now: clock.now }));
    const { epoch } = await history.append('room', 'old', HISTORY_LIMITS);
    clock.advance(HISTORY_LIMITS.maxAgeMs + CONNECTION_TTL_MS);
    const { position } = await history.read('room', { limit: 10 });
    expect(position.offset).toBe(0);
    expect(position.epoch).not.toBe(epoch);
  });

  it('joins 50,000 members to a room in time that grows with their number, not with its square', async () => {
    const store = memoryStore();
    const costs: number[] = [];
    for (let block = 0; block < 5; block++) {
      const started = process.cpuUsage();
      // Multiplying by a prime visits all ids in a scattered order, as the gateway's ids arrive.
      for (let n = block * 10_000; n < (block + 1) * 10_000; n++) {
        await store.put(storedConnection(`c${String((n * 7919) % 100_003)}`));
        await store.join(`c${String((n * 7919) % 100_003)}`, 'room');
      }
      costs.push(process.cpuUsage(started).user);
    }
    const [, second = 0, , , fifth = 0] = costs;
    expect(fifth / second).toBeLessThan(3);
  });

  it.each<[string, number, (store: ConnectionStore, now: number, id: string) => Promise<unknown>]>([
    ['connections that expired', 2500, connectAndLeave],
    ['removals', 50_000, (store, _now, id) => store.remove([id])],
    ['rooms with a history', 10_000, (store, _now, id) => historyOf(store).append(id, 'x', HISTORY_LIMITS)],
  ])('does not grow with the number of %s', async (_what, count, act) => {
    const clock = createClock();
    const store = memoryStore({ now: clock.now });
    const heap: number[] = [];
    for (let generation = 0; generation < 10; generation++) {
      for (let n = 0; n < count; n++) await act(store, clock.now(), `id-${generation}-${n}`);
      clock.advance(3 * CONNECTION_TTL_MS);
      collectGarbage();
      heap.push(process.memoryUsage().heapUsed);
    }
    expect(((heap[9] ?? 0) - (heap[2] ?? 0)) / MEGABYTE).toBeLessThan(12);
  });
});
