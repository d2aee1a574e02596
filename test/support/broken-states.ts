/** Stores that break a rule of the state of rooms, for test/stores/contract-mutants.test.ts. */
import { setImmediate } from 'node:timers/promises';
import {
  BroadcastError,
  MAX_STATE_BYTES,
  MAX_STATE_KEYS,
  type StateChange,
  type StoredPage,
  type StatePosition,
  type StateResult,
  type StoredRow,
  type StateStore,
} from 'yc-broadcast/stores';
import type { Fault } from './broken-stores.js';
import { stateOf } from './shared-memory.js';

/** A state with other methods in the place of some of its own. */
function altering(alter: (state: StateStore, now: () => number) => Partial<StateStore>): Fault {
  return (store, { now }) => ({ state: { ...stateOf(store), ...alter(stateOf(store), now) } });
}

function changing(
  change: (change: StateChange, state: StateStore, room: string) => Promise<StateChange>,
): Fault {
  return altering((state) => ({
    change: async (room, changes) => {
      const changed: StateChange[] = [];
      for (const each of changes) changed.push(await change(each, state, room));
      return state.change(room, changed);
    },
  }));
}

function reading(show: (page: StoredPage, since: StatePosition | null) => StoredPage): Fault {
  return altering((state) => ({
    read: async (room, options) => show(await state.read(room, options), options.since),
  }));
}

const naming = (rename: (name: string) => string): Fault =>
  altering((state) => ({
    change: (room, changes) =>
      state.change(
        room,
        changes.map((each) => ({ ...each, map: rename(each.map), key: rename(each.key) })),
      ),
    get: (room, map, key) => state.get(room, rename(map), rename(key)),
  }));

/** All rooms are one. */
const mergingRooms: Fault = altering((state) => ({
  change: (_room, changes) => state.change('all', changes),
  read: (_room, options) => state.read('all', options),
  get: (_room, map, key) => state.get('all', map, key),
}));

/** A refused change has taken a number. */
const numberingRefused: Fault = altering((state) => ({
  change: async (room, changes) => {
    const result = await state.change(room, changes);
    if (!result.changed) await state.change(room, [{ map: 'numbers', key: 'given', value: '1' }]);
    return result;
  },
}));

/** Makes one change after the other, until one is refused. */
const changingOneByOne: Fault = altering((state) => ({
  change: async (room, changes) => {
    let result: StateResult | undefined;
    for (const each of changes) {
      result = await state.change(room, [each]);
      if (!result.changed) return result;
    }
    return result ?? state.change(room, changes);
  },
}));

async function mismatches(
  state: StateStore,
  room: string,
  changes: readonly StateChange[],
): Promise<StoredRow[]> {
  const rows: StoredRow[] = [];
  for (const { map, key, ifVersion } of changes) {
    const row = (await state.get(room, map, key)) ?? { map, key, version: 0 };
    if (ifVersion !== undefined && row.version !== ifVersion) rows.push(row);
  }
  return rows;
}

/** The condition is met by a snapshot that is older than the lock. */
const checkingLate: Fault = altering((state) => ({
  change: async (room, changes) => {
    const rows = await mismatches(state, room, changes);
    await setImmediate();
    if (rows.length > 0) return { changed: false, rows };
    return state.change(
      room,
      changes.map((each) => ({ ...each, ifVersion: undefined })),
    );
  },
}));

/** For conditions, a key ends when the backend deletes it. */
const conditionsSeeExpired: Fault = altering((state) => {
  const versions = new Map<string, StoredRow>();
  return {
    change: async (room, changes) => {
      const [{ map, key, ifVersion } = { map: '', key: '' }] = changes;
      const last = versions.get(`${map}/${key}`);
      if (last?.value !== undefined && ifVersion !== undefined && last.version !== ifVersion) {
        return { changed: false, rows: [last] };
      }
      const result = await state.change(room, changes);
      for (const each of changes) {
        const version = result.changed ? result.position.version : 0;
        if (result.changed) versions.set(`${each.map}/${each.key}`, { ...each, version });
      }
      return result;
    },
  };
});

/** The head is read after the rows: what was changed in between is taken for known. */
const readingRowsFirst: Fault = altering((state) => ({
  read: async (room, { since }) => {
    const page = await state.read(room, { since, maxBytes: 10_000_000 });
    // Not longer, or all writers of a case are done.
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    const { version, epoch } = await state.read(room, { since: null, maxBytes: 10_000_000 });
    return { ...page, version, epoch };
  },
}));

/** A row whose key has expired is not there any more. */
const hidingExpired: Fault = altering((state) => {
  const deleted = new Set<string>();
  return {
    change: async (room, changes) => {
      for (const { map, key, value } of changes) if (value === undefined) deleted.add(`${map}/${key}`);
      return state.change(room, changes);
    },
    read: async (room, options) => {
      const page = await state.read(room, options);
      const isShown = ({ map, key, value }: StoredRow) => value !== undefined || deleted.has(`${map}/${key}`);
      return { ...page, rows: page.rows.filter(isShown) };
    },
  };
});

/** What is forgotten was never there: nobody who may have missed it begins anew. */
const forgettingTheFloor: Fault = reading((page, since) => {
  if (page.reset !== true || since?.epoch !== page.epoch || since.version > page.version) return page;
  const rows = page.rows.filter(({ version }) => version > since.version);
  return { after: since.version, version: page.version, epoch: page.epoch, rows, more: page.more };
});

/** An old position is of no use, also when nothing has happened since. */
const resettingAll: Fault = altering((state, now) => {
  const begun = now();
  return {
    read: (room, options) =>
      state.read(room, { ...options, since: now() - begun > 12_000_000 ? null : options.since }),
  };
});

/** The epoch does not end with what it numbers. */
const oneEpochForever: Fault = altering((state) => ({
  change: async (room, changes) => {
    const result = await state.change(room, changes);
    return result.changed ? { ...result, position: { ...result.position, epoch: 'same' } } : result;
  },
  read: async (room, { since, maxBytes }) => {
    const { epoch } = await state.read(room, { since: null, maxBytes });
    const real = since?.epoch === 'same' ? { ...since, epoch } : since;
    return { ...(await state.read(room, { since: real, maxBytes })), epoch: 'same' };
  },
}));

/** Remembers for ever what it has read. */
const caching: Fault = altering((state) => {
  const pages = new Map<string, StoredPage>();
  return {
    read: async (room, options) => {
      const asked = JSON.stringify([room, options]);
      const page = pages.get(asked) ?? (await state.read(room, options));
      pages.set(asked, page);
      return page;
    },
  };
});

/** What was written counts for ever. */
const neverMakingRoom: Fault = altering((state) => {
  let bytes = 0;
  return {
    change: async (room, changes) => {
      for (const { value = '' } of changes) bytes += value.length;
      if (bytes > MAX_STATE_BYTES) throw new BroadcastError('PAYLOAD_TOO_LARGE', 'full');
      return state.change(room, changes);
    },
  };
});

/** A full room cannot be changed at all. */
const lockingFullRooms: Fault = altering((state) => {
  const keys = new Set<string>();
  return {
    change: async (room, changes) => {
      if (keys.size >= MAX_STATE_KEYS) throw new BroadcastError('PAYLOAD_TOO_LARGE', 'full');
      for (const { key } of changes) keys.add(key);
      return state.change(room, changes);
    },
  };
});

/** What is wrong, which case says so, and how it is done. */
export const STATE_MUTANTS: readonly (readonly [fault: string, refusedBy: string, how: Fault])[] = [
  [
    'begins a room when it is read',
    'state: a room that nobody has changed is empty and stands at version 0',
    reading((page) => (page.version === 0 ? { ...page, epoch: 'new' } : page)),
  ],
  [
    'takes null for a deletion',
    'state: values come back unchanged, and versions count 1, 2, 3',
    changing(async (change) => (change.value === 'null' ? { ...change, value: undefined } : change)),
  ],
  [
    'gives refused changes a number',
    'state: a change with another version is refused, takes no number and returns the key as it is',
    numberingRefused,
  ],
  [
    'keeps the number of a refused change',
    'state: of eight writers for a free key one wins, and the numbers have no gap',
    numberingRefused,
  ],
  [
    'makes one change after the other',
    'state: changes that are made together have consecutive versions, or none is stored',
    changingOneByOne,
  ],
  [
    'shows no deleted keys',
    'state: a reader gets the last change of each key behind its position, deleted ones too',
    reading((page) => ({ ...page, rows: page.rows.filter(({ value }) => value !== undefined) })),
  ],
  [
    'keeps a key one millisecond longer',
    'state: a key is absent exactly after ttlMs, for readers and conditions, and present one step before',
    changing(async (change) =>
      change.ttlMs === undefined ? change : { ...change, ttlMs: change.ttlMs + 1 },
    ),
  ],
  [
    'has conditions see expired keys',
    'state: a key is absent exactly after ttlMs, for readers and conditions, and present one step before',
    conditionsSeeExpired,
  ],
  [
    'shows no expired keys',
    'state: a reader that missed a key which has expired is told of its end',
    hidingExpired,
  ],
  [
    'keeps the time to live of the change before',
    'state: each change begins a new time to live, and a change without one ends it',
    changing(async (change, state, room) => ({
      ...change,
      ttlMs: change.ttlMs ?? (await state.get(room, change.map, change.key))?.ttlMs,
    })),
  ],
  [
    'makes pages of any size',
    'state: pages end within their size, and whoever takes one after the other has everything',
    altering((state) => ({ read: (room, { since }) => state.read(room, { since, maxBytes: 10_000_000 }) })),
  ],
  [
    'ends with the first page',
    'state: pages end within their size, and whoever takes one after the other has everything',
    reading((page) => ({ ...page, more: false })),
  ],
  [
    'takes a position of another epoch',
    'state: a reader of another epoch, beyond the head or without a position begins anew',
    altering((state) => ({
      read: async (room, { since, maxBytes }) => {
        const { epoch } = await state.read(room, { since: null, maxBytes });
        return state.read(room, { since: since && { ...since, epoch }, maxBytes });
      },
    })),
  ],
  [
    'forgets keys without a reset',
    'state: who was away for long begins anew, and who stands at the head does not',
    forgettingTheFloor,
  ],
  [
    'resets who stands at the head',
    'state: who was away for long begins anew, and who stands at the head does not',
    resettingAll,
  ],
  [
    'forgets where the first page began',
    'state: a reader that is slow to take its pages does not begin anew for ever',
    altering((state) => ({
      read: (room, { since, maxBytes }) =>
        state.read(room, {
          since: since && { version: since.version, epoch: since.epoch },
          maxBytes,
        }),
    })),
  ],
  [
    'has one state for all rooms',
    'state: rooms have numbers of their own, and members do not matter',
    mergingRooms,
  ],
  ['keeps its epoch when all is lost', 'state: has another epoch after it was lost', oneEpochForever],
  [
    'takes composed and decomposed letters for the same in a state',
    'state: awkward rooms, maps and keys are kept apart from their like',
    naming((name) => name.normalize()),
  ],
  [
    'takes half a character in a value',
    'state: wrong names, values, times and versions are refused with INVALID_OPTIONS',
    changing(async (change) => ({ ...change, value: change.value?.toWellFormed() })),
  ],
  [
    'loses the end of a long value',
    'state: values are kept up to their limit, and a longer one is refused',
    changing(async (change) => ({ ...change, value: change.value?.slice(0, 32_000) })),
  ],
  [
    'never takes bytes again',
    'state: a room takes no more bytes than it may, and takes them again once there is room',
    neverMakingRoom,
  ],
  [
    'locks a full room',
    'state: a room takes no more keys than it may, and changes and deletes those that it has',
    lockingFullRooms,
  ],
  [
    'finds a winner in an old snapshot',
    'state: of eight writers for a free key one wins, and the numbers have no gap',
    checkingLate,
  ],
  [
    'finds a winner in a snapshot that is old',
    'two instances: of eight writers for a free key one wins, and the numbers have no gap',
    checkingLate,
  ],
  [
    'checks a version, then writes',
    'two instances: adding to a key at the same time loses nothing',
    checkingLate,
  ],
  ['caches pages', 'two instances: what one has changed the other reads at once', caching],
  [
    'reads the rows before the head',
    'two instances: readers that read while others write have, at the end, what is stored',
    readingRowsFirst,
  ],
  [
    'finds an expired key free for each',
    'clock skew: of two writers for a key that has expired one wins',
    checkingLate,
  ],
];
