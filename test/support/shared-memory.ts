import type { ConnectionStore } from 'yc-broadcast';
import type { HistoryStore, RecordStore, StateStore } from 'yc-broadcast/stores';
import { memoryStore } from 'yc-broadcast/stores/memory';
import type { StoreBackend, StoreInstance } from 'yc-broadcast/testing';

interface Space {
  store: ConnectionStore;
  /** What has changed the store, to be done again without the latest changes. */
  log: ((store: ConnectionStore) => unknown)[];
  /** Of the instance that is being called. */
  now: () => number;
}

/** Changes one instance of a store, for tests of the contract itself. */
export type Alteration = (store: ConnectionStore, instance: StoreInstance) => ConnectionStore;

/**
 * A backend like those of the cloud, in one process: all instances of a namespace work on one memory store,
 * each by its own clock. That is possible because the memory store does everything before it returns its
 * promise.
 */
export function sharedMemory(alter: Alteration = (store) => store): StoreBackend {
  const spaces = new Map<string, Space>();

  function spaceOf({ namespace, now }: StoreInstance): Space {
    let space = spaces.get(namespace);
    if (space === undefined) spaces.set(namespace, (space = createSpace(now)));
    return space;
  }

  const open = (instance: StoreInstance): ConnectionStore =>
    alter(instanceOf(spaceOf(instance), instance.now), instance);

  return {
    open,
    async loseAnswer(instance, call, meanwhile) {
      const result = await call(open(instance));
      await meanwhile();
      return result;
    },
    drop(namespace) {
      const space = spaces.get(namespace);
      if (space !== undefined) restore(space, 0);
    },
    async failOver(namespace, work) {
      const space = spaces.get(namespace);
      const length = space?.log.length ?? 0;
      await work();
      if (space !== undefined) restore(space, length);
    },
  };
}

function createSpace(now: () => number): Space {
  const space: Space = { now, store: memoryStore({ now: () => space.now() }), log: [] };
  return space;
}

/** Makes the store as it was after so many changes. */
function restore(space: Space, length: number): void {
  space.store = memoryStore({ now: () => space.now() });
  space.log = space.log.slice(0, length);
  for (const change of space.log) change(space.store);
}

function instanceOf(space: Space, now: () => number): ConnectionStore {
  function store(): ConnectionStore {
    space.now = now;
    return space.store;
  }

  function change<T>(how: (store: ConnectionStore) => T): T {
    const at = now();
    space.log.push((restored) => {
      space.now = () => at;
      return how(restored);
    });
    return how(store());
  }

  return {
    name: 'shared memory',
    put: (connection) => change((store) => store.put(connection)),
    get: (id) => store().get(id),
    setAttributes: (id, attributes) => change((store) => store.setAttributes(id, attributes)),
    remove: (ids) => change((store) => store.remove(ids)),
    join: (id, room) => change((store) => store.join(id, room)),
    leave: (id, room) => change((store) => store.leave(id, room)),
    rooms: (id) => store().rooms(id),
    list: (audience, options) => store().list(audience, options),
    count: (audience) => store().count(audience),
    history: {
      append: (room, data, limits) => change((store) => historyOf(store).append(room, data, limits)),
      read: (room, options) => historyOf(store()).read(room, options),
    },
    records: {
      read: (key) => recordsOf(store()).read(key),
      write: (key, value, options) => change((store) => recordsOf(store).write(key, value, options)),
      remove: (key) => change((store) => recordsOf(store).remove(key)),
    },
    state: {
      change: (room, changes) => change((store) => stateOf(store).change(room, changes)),
      read: (room, options) => stateOf(store()).read(room, options),
      get: (room, map, key) => stateOf(store()).get(room, map, key),
    },
  };
}

/** The history of a store that is known to have one. */
export function historyOf({ history }: ConnectionStore): HistoryStore {
  if (history === undefined) throw new Error('this store has no history');
  return history;
}

/** The records of a store that is known to have some. */
export function recordsOf({ records }: ConnectionStore): RecordStore {
  if (records === undefined) throw new Error('this store has no records');
  return records;
}

/** The state of a store that is known to keep it. */
export function stateOf({ state }: ConnectionStore): StateStore {
  if (state === undefined) throw new Error('this store keeps no state');
  return state;
}
