/** Rows of connections whose disconnect event was lost: a sweep finds them without a broadcast. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { connect } from 'yc-broadcast/client';
import { createApp, defineContract, presence, sweep, type SweepOptions } from 'yc-broadcast';
import { startEmulator } from 'yc-broadcast/emulator';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { restTransport } from 'yc-broadcast/transports/rest';
import { until } from '../support/until.js';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/**
 * An app on the local gateway, which loses its disconnect events, its clients, and a clock that is ahead of
 * all handshakes by `aheadMs`.
 */
async function world(aheadMs = 120_000) {
  const store = memoryStore();
  const shown = presence();
  const transport = restTransport({ endpoint: () => emulator.endpoint, token: 'local' });
  const app = createApp({
    contract: defineContract({ client: {}, server: {} }),
    store,
    transport,
    origins: 'any',
    authenticate: ({ query }) => ({ user: query['user'] ?? '' }),
    rooms: { join: true, presence: shown },
  });
  const emulator = await startEmulator({ routes: { '/ws': app.handler }, faults: 'disconnect.effect=lost' });
  cleanUps.push(
    () => emulator.stop(),
    () => transport.close(),
  );
  const now = (): number => Date.now() + aheadMs;
  return {
    store,
    emulator,
    shown,
    sweep: (options: SweepOptions = {}) => sweep(app.broadcaster, { now, ...options }),
    async enter(user: string) {
      const client = connect({ url: emulator.wsUrl(`/ws?user=${user}`), WebSocket });
      cleanUps.push(() => {
        client.close();
      });
      const room = client.join('lobby');
      await room.joined;
      return { client, room };
    },
  };
}

describe('a sweep', () => {
  it('removes those that are gone, and nobody else', async () => {
    const { store, sweep, enter, emulator } = await world();
    await enter('ann');
    const bob = await enter('bob');
    bob.client.close();
    await until(() => emulator.connections().length === 1);
    expect(await store.count({ all: true })).toBe(2);
    expect(await sweep()).toEqual({ checked: 2, removed: 1, failed: 0 });
    expect((await store.list({ all: true }, { limit: 10 })).connections.map(({ user }) => user)).toEqual([
      'ann',
    ]);
    expect(await sweep()).toEqual({ checked: 1, removed: 0, failed: 0 });
  });

  it('tells the rooms who has left, where they show it', async () => {
    const { sweep, enter, emulator, shown } = await world();
    const ann = await enter('ann');
    const left: unknown[] = [];
    ann.room.onPresence((change) => {
      if (change !== undefined && 'left' in change) left.push(change.left);
    });
    const bob = await enter('bob');
    bob.client.close();
    await until(() => emulator.connections().length === 1);
    expect(await sweep({ presence: shown })).toMatchObject({ removed: 1 });
    await until(() => left.length > 0);
    expect(left).toEqual([['bob']]);
  });

  it('leaves alone who may still be connecting', async () => {
    const { store, sweep } = await world(0);
    const connectedAt = Date.now();
    await store.put({ id: 'soon', attributes: {}, connectedAt, expiresAt: connectedAt + 3_600_000 });
    expect(await sweep()).toEqual({ checked: 0, removed: 0, failed: 0 });
    expect(await store.count({ all: true })).toBe(1);
  });

  it('goes as far as its limit, and on from there', async () => {
    const { store, sweep } = await world();
    const connectedAt = Date.now();
    for (const id of ['a', 'b', 'c', 'd', 'e'])
      await store.put({ id, attributes: {}, connectedAt, expiresAt: connectedAt + 3_600_000 });
    const first = await sweep({ limit: 3, concurrency: 2 });
    expect(first).toEqual({ checked: 3, removed: 3, failed: 0, next: expect.any(String) });
    const rest = await sweep({ after: first.next });
    expect(rest).toEqual({ checked: 2, removed: 2, failed: 0 });
    expect(await store.count({ all: true })).toBe(0);
  });

  it('keeps everybody while the gateway answers nothing, and ends early', async () => {
    const { store, sweep, emulator } = await world();
    const connectedAt = Date.now();
    for (const id of ['a', 'b', 'c'])
      await store.put({ id, attributes: {}, connectedAt, expiresAt: connectedAt + 3_600_000 });
    await emulator.stop();
    expect(await sweep({ concurrency: 2 })).toEqual({
      checked: 0,
      removed: 0,
      failed: 2,
      code: 'GATEWAY_UNAVAILABLE',
      next: expect.any(String),
    });
    expect(await store.count({ all: true })).toBe(3);
  });

  it('does not begin a page when the time of the call is over', async () => {
    const { sweep, store } = await world();
    await store.put({ id: 'a', attributes: {}, connectedAt: Date.now(), expiresAt: Date.now() + 3_600_000 });
    const context = { getRemainingTimeInMillis: () => 400 };
    expect(await sweep({ context })).toEqual({ checked: 0, removed: 0, failed: 0 });
    expect(await store.count({ all: true })).toBe(1);
  });

  it.each([{ limit: 0 }, { limit: 100_001 }, { after: '' }, { concurrency: 0 }])(
    'refuses %j',
    async (options) => {
      await expect((await world()).sweep(options)).rejects.toThrow(`sweep.${Object.keys(options)[0]}`);
    },
  );
});
