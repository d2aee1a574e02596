import type { ConnectionStore, HistoryStore, RecordStore, StateStore } from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import type { StoreBackend, StoreInstance } from 'yc-broadcast/testing';

interface Space {
  store: ConnectionStore;
  /** Of the instance that is being called. */
  now: () => number;
}

/** Changes one instance of a store, for tests of the contract itself. */
export type Alteration = (store: ConnectionStore, instance: StoreInstance) => ConnectionStore;

/**
 * A backend like those of the cloud, in one process: all instances of a namespace work on one memory store, each by its
 * own clock. That is possible because the memory store does everything before it returns its promise.
 */
export function sharedMemory(alter: Alteration = (store) => store): StoreBackend {
  const spaces = new Map<string, Space>();

  function spaceOf({ namespace, now }: StoreInstance): Space {
    let space = spaces.get(namespace);
    if (space === undefined) spaces.set(namespace, (space = createSpace(now)));
    return space;
  }

  return {
    open: (instance) => alter(instanceOf(spaceOf(instance), instance.now), instance),
    drop(namespace) {
      const space = spaces.get(namespace);
      if (space !== undefined) space.store = memoryStore({ now: () => space.now() });
    },
  };
}

function createSpace(now: () => number): Space {
  const space: Space = { now, store: memoryStore({ now: () => space.now() }) };
  return space;
}

function instanceOf(space: Space, now: () => number): ConnectionStore {
  function store(): ConnectionStore {
    space.now = now;
    return space.store;
  }

  return {
    name: 'shared memory',
    put: (connection) => store().put(connection),
    get: (id) => store().get(id),
    setAttributes: (id, attributes) => store().setAttributes(id, attributes),
    remove: (ids) => store().remove(ids),
    join: (id, room) => store().join(id, room),
    leave: (id, room) => store().leave(id, room),
    rooms: (id) => store().rooms(id),
    list: (audience, options) => store().list(audience, options),
    count: (audience) => store().count(audience),
    history: {
      append: (room, data, limits) => historyOf(store()).append(room, data, limits),
      read: (room, options) => historyOf(store()).read(room, options),
    },
    records: {
      read: (key) => recordsOf(store()).read(key),
      write: (key, value, options) => recordsOf(store()).write(key, value, options),
      remove: (key) => recordsOf(store()).remove(key),
    },
    state: {
      change: (room, changes) => stateOf(store()).change(room, changes),
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
