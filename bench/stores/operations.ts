import type { ConnectionStore, StoredConnection } from 'yc-broadcast';
import { CONNECTION_TTL_MS, type HistoryPosition, type HistoryStore } from 'yc-broadcast/stores';
import { connectionId, PAYLOAD } from '../target.js';
import { forEach } from './in-flight.js';

export const OPERATION_NAMES = [
  'put',
  'join',
  'leave',
  'remove',
  'list',
  'count',
  'append',
  'read since',
] as const;
export type OperationName = (typeof OPERATION_NAMES)[number];

/** A kind of call that can be made for 0, 1, 2 … in the order of {@link OPERATION_NAMES}. */
export interface Operation {
  /** Returns false, having done nothing, when there is nothing left to do: nobody leaves a room twice. */
  run(index: number): Promise<boolean>;
  /** How many are made at once when speed is measured. */
  readonly underWay: number;
}

export const PAGE_SIZE = 500;
/** About what an instance of a function does at once. */
export const UNDER_WAY = 16;
export const ENTRIES_MISSED = 10;
const ENTRIES_KEPT = 50;
const LIMITS = { maxEntries: ENTRIES_KEPT, maxAgeMs: 3_600_000 };
const CROWD = 'crowd';
const LOBBY = 'lobby';

export function connectionAt(index: number): StoredConnection {
  const now = Date.now();
  return {
    id: connectionId(index),
    attributes: { name: 'somebody', locale: 'en' },
    connectedAt: now,
    expiresAt: now + CONNECTION_TTL_MS,
  };
}

/**
 * Fills a room with `members` and a history, and returns what can then be measured. Who comes and goes is not
 * in it.
 */
export async function prepareOperations(
  store: ConnectionStore,
  members: number,
): Promise<Readonly<Record<OperationName, Operation>>> {
  const history = historyOf(store);
  await fillCrowd(store, members);
  // A room's first entry may take more than those that follow.
  await forEach(UNDER_WAY, UNDER_WAY, (index) => history.append(`room ${index}`, PAYLOAD, LIMITS));
  const since = await fillHistory(history);
  let put = 0;
  let joined = 0;
  const common = { underWay: UNDER_WAY };

  return {
    put: {
      ...common,
      async run(index) {
        await store.put(connectionAt(index));
        put++;
        return true;
      },
    },
    join: {
      ...common,
      async run(index) {
        if (index >= put) return false;
        expectToBe(await store.join(connectionId(index), LOBBY), 'joined');
        joined++;
        return true;
      },
    },
    // Half of those who joined leave, and the others are removed from the room they are in.
    leave: {
      ...common,
      async run(index) {
        if (2 * index >= joined) return false;
        await store.leave(connectionId(2 * index), LOBBY);
        return true;
      },
    },
    remove: {
      ...common,
      async run(index) {
        if (2 * index + 1 >= joined) return false;
        await store.remove([connectionId(2 * index + 1)]);
        return true;
      },
    },
    list: {
      underWay: 1,
      async run() {
        let listed = 0;
        for await (const page of pagesOf(store, { room: CROWD })) listed += page.length;
        expectToBe(listed, members);
        return true;
      },
    },
    count: {
      ...common,
      async run() {
        expectToBe(await store.count({ room: CROWD }), members);
        return true;
      },
    },
    append: {
      ...common,
      async run(index) {
        await history.append(`room ${index % UNDER_WAY}`, PAYLOAD, LIMITS);
        return true;
      },
    },
    'read since': {
      ...common,
      async run() {
        const { entries } = await history.read(CROWD, { since, limit: 100 });
        expectToBe(entries.length, ENTRIES_MISSED);
        return true;
      },
    },
  };
}

/** Every page of an audience, one after the other. */
export async function* pagesOf(
  store: ConnectionStore,
  audience: { readonly room: string } | { readonly all: true },
): AsyncGenerator<readonly StoredConnection[], void, undefined> {
  let after: string | undefined;
  for (;;) {
    const page = await store.list(audience, { after, limit: PAGE_SIZE });
    yield page.connections;
    if (page.done) return;
    after = page.next;
  }
}

async function fillCrowd(store: ConnectionStore, members: number): Promise<void> {
  await forEach(members, UNDER_WAY, async (index) => {
    const id = `m${connectionId(index).slice(1)}`;
    await store.put({ ...connectionAt(index), id });
    await store.join(id, CROWD);
  });
}

/** Returns the position of somebody who has missed {@link ENTRIES_MISSED}. */
async function fillHistory(history: HistoryStore): Promise<HistoryPosition> {
  const positions: HistoryPosition[] = [];
  for (let i = 0; i < ENTRIES_KEPT; i++) positions.push(await history.append(CROWD, PAYLOAD, LIMITS));
  return positions.at(-1 - ENTRIES_MISSED) as HistoryPosition;
}

function historyOf({ name, history }: ConnectionStore): HistoryStore {
  if (history === undefined) throw new Error(`${name} has no history`);
  return history;
}

/** What is wrong must not count as fast. */
function expectToBe<T>(actual: T, expected: T): void {
  if (actual !== expected) throw new Error(`expected ${String(expected)}, got ${String(actual)}`);
}
