import assert from 'node:assert';
import { randomBytes } from 'node:crypto';
import type { StoredConnection } from '../model/connection.js';
import { CONNECTION_TTL_MS } from '../base/protocol.js';
import type { RecordStore } from '../model/records.js';
import type { StateStore } from '../model/state.js';
import type { Audience, ConnectionStore, HistoryStore } from '../model/store.js';
import { createNeighbours, LOBBY } from './bystanders.js';
import type { StoreBackend } from './store-backend.js';
import { sameValue, walk } from './store-probes.js';

/** What a rule of the store contract works with. */
export interface StoreWorld {
  readonly store: ConnectionStore;
  readonly clock: TestClock;
  /** The shortest time that the backend can tell apart, in milliseconds. */
  readonly timeStepMs: number;
  history(store?: ConnectionStore): HistoryStore;
  records(store?: ConnectionStore): RecordStore;
  state(store?: ConnectionStore): StateStore;
  /** Another instance over the same backend, whose clock is ahead, or behind when negative. */
  openAnother(aheadMs?: number): Promise<ConnectionStore>;
  /** Loses everything, as a backend without a disk would. */
  loseEverything(): Promise<void>;
  /** Has the backend lose what `work` stores, and resolves with what `work` does. */
  failOver<T>(work: () => Promise<T>): Promise<T>;
  /** Makes a call whose answer is lost; `meanwhile` runs before the store can repeat it. */
  loseAnswer<T>(call: (store: ConnectionStore) => Promise<T>, meanwhile: () => Promise<void>): Promise<T>;
  /** A connection that begins now and lives as long as the gateway's do. */
  connection(id: string, more?: Partial<StoredConnection>): StoredConnection;
  /** Stores a connection and joins it to rooms. */
  enter(id: string, rooms?: readonly string[], more?: Partial<StoredConnection>): Promise<void>;
  /** That an audience has `ids` and its neighbours, each listed once, and counts as many. */
  expectMembers(audience: Audience, ids: readonly string[], store?: ConnectionStore): Promise<void>;
  /** That a connection is absent, whichever method is asked: it was in `rooms` and belonged to `user`. */
  expectAbsent(id: string, was: Past): Promise<void>;
  /** Puts in the connections that no rule touches. First of all; see {@link createNeighbours}. */
  enterNeighbours(): Promise<void>;
  /** That the connections which no rule touches are as they were. */
  expectNeighbours(): Promise<void>;
  close(): Promise<void>;
}

/** Where a connection was while it was there. */
export interface Past {
  readonly rooms?: readonly string[];
  readonly user?: string;
}

/** Stands still unless it is moved. Starts at a whole second, for backends that know no smaller time. */
export interface TestClock {
  readonly now: () => number;
  advance(ms: number): void;
}

/** A fresh store in a namespace of its own. Whatever happens to it, it wants to be closed. */
export async function openWorld(backend: StoreBackend): Promise<StoreWorld> {
  const namespace = `t${randomBytes(10).toString('hex')}`;
  const clock = createTestClock();
  const opened: ConnectionStore[] = [];

  async function open(aheadMs: number): Promise<ConnectionStore> {
    const store = await backend.open({ namespace, now: () => clock.now() + aheadMs });
    opened.push(store);
    return store;
  }

  const store = await open(0);
  const neighbours = createNeighbours(clock.now());

  const world: StoreWorld = {
    store,
    clock,
    timeStepMs: backend.timeStepMs ?? 1,
    history: ({ history } = store) => {
      assert.ok(history, 'store.history is missing');
      return history;
    },
    records: ({ records } = store) => {
      assert.ok(records, 'store.records is missing');
      return records;
    },
    state: ({ state } = store) => {
      assert.ok(state, 'store.state is missing');
      return state;
    },
    openAnother: (aheadMs = 0) => open(aheadMs),
    async loseEverything() {
      await backend.drop?.(namespace);
    },
    async failOver<T>(work: () => Promise<T>) {
      const results: T[] = [];
      await backend.failOver?.(namespace, async () => void results.push(await work()));
      assert.equal(results.length, 1, 'failOver() of the backend calls the work once');
      return results[0] as T;
    },
    async loseAnswer(call, meanwhile) {
      assert.ok(backend.loseAnswer, 'the backend has no loseAnswer()');
      return backend.loseAnswer({ namespace, now: clock.now }, call, meanwhile);
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
    expectAbsent: (id, was) => expectAbsent(store, id, was),
    async enterNeighbours() {
      for (const feature of ['history', 'records', 'state'] as const) {
        const isThere = store[feature] !== undefined;
        const isLacking = backend.lacks?.includes(feature) ?? false;
        assert.notEqual(isThere, isLacking, `store.${feature} and lacks of the backend disagree`);
      }
      await neighbours.enter(store);
    },
    expectNeighbours: () => neighbours.expectUntouched(store),
    async close() {
      for (const each of opened) await each.close?.();
      await backend.drop?.(namespace);
    },
  };
  return world;
}

async function expectAbsent(store: ConnectionStore, id: string, { rooms = [], user }: Past): Promise<void> {
  assert.equal(await store.get(id), undefined, `get('${id}')`);
  sameValue(await store.rooms(id), [], `rooms('${id}')`);
  assert.equal(await store.setAttributes(id, { back: true }), false, `setAttributes('${id}')`);
  assert.equal(await store.join(id, LOBBY), 'absent', `join('${id}')`);
  const audiences: Audience[] = [{ all: true }, ...[LOBBY, ...rooms].map((room) => ({ room }))];
  if (user !== undefined) audiences.push({ user });
  for (const audience of audiences) {
    const isListed = (await walk(store, audience)).includes(id);
    assert.ok(!isListed, `'${id}' is listed in ${JSON.stringify(audience)}`);
  }
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
