import assert from 'node:assert';
import { randomBytes } from 'node:crypto';
import type { StoredConnection } from '../connection.js';
import { CONNECTION_TTL_MS } from '../protocol.js';
import type { Audience, ConnectionStore, HistoryStore } from '../store.js';
import { createNeighbours } from './neighbours.js';
import type { StoreBackend } from './store-backend.js';
import { sameValue, walk } from './store-probes.js';

/** What a rule of the store contract works with. */
export interface StoreWorld {
  readonly store: ConnectionStore;
  readonly clock: TestClock;
  /** The shortest time that the backend can tell apart, in milliseconds. */
  readonly timeStepMs: number;
  history(store?: ConnectionStore): HistoryStore;
  /** Another instance over the same backend, whose clock is ahead, or behind when negative. */
  openAnother(aheadMs?: number): Promise<ConnectionStore>;
  /** Loses everything, as a backend without a disk would. */
  loseEverything(): Promise<void>;
  /** A connection that begins now and lives as long as the gateway's do. */
  connection(id: string, more?: Partial<StoredConnection>): StoredConnection;
  /** Stores a connection and joins it to rooms. */
  enter(id: string, rooms?: readonly string[], more?: Partial<StoredConnection>): Promise<void>;
  /** That an audience has `ids` and its neighbours, each listed once, and counts as many. */
  expectMembers(audience: Audience, ids: readonly string[], store?: ConnectionStore): Promise<void>;
  /** That a connection is absent, whichever method is asked: it was in `rooms` and belonged to `user`. */
  expectAbsent(id: string, was: { rooms?: readonly string[]; user?: string }): Promise<void>;
  /** That the connections which no rule touches are as they were. */
  expectNeighbours(): Promise<void>;
  close(): Promise<void>;
}

/** Stands still unless it is moved. Starts at a whole second, for backends that know no smaller time. */
export interface TestClock {
  readonly now: () => number;
  advance(ms: number): void;
}

/** A fresh store with its neighbours, in a namespace of its own. */
export async function openWorld(backend: StoreBackend): Promise<StoreWorld> {
  const namespace = `t${randomBytes(10).toString('hex')}`;
  const clock = createTestClock();
  const opened: ConnectionStore[] = [];

  async function open(aheadMs: number): Promise<ConnectionStore> {
    const store = await backend.open({ namespace, now: () => clock.now() + aheadMs });
    opened.push(store);
    const hasHistory = !backend.lacks?.includes('history');
    assert.equal(
      store.history !== undefined,
      hasHistory,
      'store.history and the lacks of the backend disagree',
    );
    return store;
  }

  const store = await open(0);
  const neighbours = createNeighbours(clock.now());
  await neighbours.enter(store);

  const world: StoreWorld = {
    store,
    clock,
    timeStepMs: backend.timeStepMs ?? 1,
    history: ({ history } = store) => {
      assert.ok(history, 'store.history is missing');
      return history;
    },
    openAnother: (aheadMs = 0) => open(aheadMs),
    async loseEverything() {
      await backend.drop?.(namespace);
    },
    connection: (id, more = {}) => ({
      id,
      attributes: {},
      connectedAt: clock.now(),
      expiresAt: clock.now() + CONNECTION_TTL_MS,
      ...more,
    }),
    async enter(id, rooms = [], more = {}) {
      assert.equal(await store.put(world.connection(id, more)), 'stored');
      for (const room of rooms) assert.equal(await store.join(id, room), 'joined');
    },
    async expectMembers(audience, ids, from = store) {
      const expected = [...ids, ...neighbours.idsIn(audience)];
      sameValue(
        (await walk(from, audience)).sort(),
        expected.sort(),
        `members of ${JSON.stringify(audience)}`,
      );
      assert.equal(await from.count(audience), expected.length, `count of ${JSON.stringify(audience)}`);
    },
    async expectAbsent(id, { rooms = [], user }) {
      assert.equal(await store.get(id), undefined, `get('${id}')`);
      sameValue(await store.rooms(id), [], `rooms('${id}')`);
      assert.equal(await store.setAttributes(id, { back: true }), false, `setAttributes('${id}')`);
      assert.equal(await store.join(id, 'lobby'), 'absent', `join('${id}')`);
      const audiences: Audience[] = [{ all: true }, { room: 'lobby' }, ...rooms.map((room) => ({ room }))];
      if (user !== undefined) audiences.push({ user });
      for (const audience of audiences) {
        assert.ok(
          !(await walk(store, audience)).includes(id),
          `'${id}' is listed in ${JSON.stringify(audience)}`,
        );
      }
    },
    expectNeighbours: () => neighbours.expectUntouched(store),
    async close() {
      for (const each of opened) await each.close?.();
      await backend.drop?.(namespace);
    },
  };
  return world;
}

function createTestClock(): TestClock {
  let now = Math.ceil(Date.now() / 1000) * 1000;
  return {
    now: () => now,
    advance(ms) {
      now += ms;
    },
  };
}
