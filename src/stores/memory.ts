import { channel } from 'node:diagnostics_channel';
import * as z from 'zod/mini';
import type { StoredConnection } from '../model/connection.js';
import { checkName } from '../base/names.js';
import { functionOption, parseOptions } from '../base/options.js';
import { CONNECTION_TTL_MS } from '../base/protocol.js';
import {
  checkListOptions,
  shardOf,
  type CompleteStore,
  type ListOptions,
  type Page,
  type SingleAudience,
} from '../model/store.js';
import { checkRooms, listRooms, type RoomListing } from '../model/several-rooms.js';
import { memoryHistory } from './memory/history.js';
import { memoryRecords } from './memory/records.js';
import { createSortedIds, type SortedIds } from './memory/sorted-ids.js';
import { memoryState } from './memory/state.js';

export type { CompleteStore } from '../model/store.js';

/** What can be set of a store in memory: its clock. */
export interface MemoryStoreOptions {
  /** The clock, in Unix milliseconds. @default Date.now */
  readonly now?: (() => number) | undefined;
}

const optionsSchema = z.strictObject({ now: z._default(functionOption<() => number>(), () => Date.now) });

interface Row {
  connection: StoredConnection;
  readonly rooms: Set<string>;
}

/** The local gateway listens here, to say what comes of several instances. */
const creations = channel('yc-broadcast:memory-store');

/**
 * Expired rows and tombstones are swept out after this many changes, or as many as the last sweep has left.
 */
const MIN_CHANGES_PER_SWEEP = 1000;

/**
 * Keeps connections, histories, records and state in the memory of this process, in the order of the ids.
 *
 * Good for tests and for the laptop. Instances of a function share no memory: with two of them, each knows
 * some of the connections and sends to nobody else, and no error tells, since neither sees anything of the
 * other. In the cloud there may always be a second one, because limits on instances count per zone; use a
 * store that instances share there. What was stored ends with the process.
 */
export function memoryStore(options: MemoryStoreOptions = {}): CompleteStore {
  const { now } = parseOptions(optionsSchema, options, 'memoryStore');
  creations.publish({});
  const rows = new Map<string, Row>();
  /** Ids that were removed, and until when that is remembered. */
  const tombstones = new Map<string, number>();
  const everybody = createSortedIds();
  const byRoom = new Map<string, SortedIds>();
  const byUser = new Map<string, SortedIds>();
  let changesToSweep = MIN_CHANGES_PER_SWEEP;

  function aliveRow(id: string): Row | undefined {
    const row = rows.get(id);
    return row !== undefined && row.connection.expiresAt > now() ? row : undefined;
  }

  function idsOf(audience: SingleAudience): SortedIds | undefined {
    if ('room' in audience) return byRoom.get(checkName(audience.room, 'room'));
    return 'user' in audience ? byUser.get(checkName(audience.user, 'user')) : everybody;
  }

  function drop(id: string): void {
    const row = rows.get(id);
    if (row === undefined) return;
    rows.delete(id);
    everybody.delete(id);
    for (const room of row.rooms) deleteFrom(byRoom, room, id);
    if (row.connection.user !== undefined) deleteFrom(byUser, row.connection.user, id);
  }

  function sweep(): void {
    if (--changesToSweep > 0) return;
    for (const [id, { connection }] of rows) if (connection.expiresAt <= now()) drop(id);
    for (const [id, until] of tombstones) if (until <= now()) tombstones.delete(id);
    changesToSweep = Math.max(MIN_CHANGES_PER_SWEEP, rows.size + tombstones.size);
  }

  function* alive(audience: SingleAudience, after: string | undefined): Iterable<StoredConnection> {
    for (const id of idsOf(audience)?.behind(after) ?? []) {
      const row = aliveRow(id);
      if (row !== undefined) yield row.connection;
    }
  }

  const roomListing: RoomListing = {
    list: async (room, options) => pageOf(alive({ room }, options.after), options),
    compare: (a, b) => (a === b ? 0 : a < b ? -1 : 1),
  };

  return {
    name: 'memory',
    async put(connection) {
      const id = checkName(connection.id, 'connection.id');
      if (connection.user !== undefined) checkName(connection.user, 'connection.user');
      if ((tombstones.get(id) ?? 0) > now()) return 'removed';
      sweep();
      if (aliveRow(id) === undefined) drop(id);
      const before = rows.get(id);
      if (before?.connection.user !== undefined) deleteFrom(byUser, before.connection.user, id);
      rows.set(id, { connection: structuredClone(connection), rooms: before?.rooms ?? new Set() });
      everybody.add(id);
      if (connection.user !== undefined) addTo(byUser, connection.user, id);
      return 'stored';
    },
    async get(id) {
      return aliveRow(checkName(id, 'id'))?.connection;
    },
    async setAttributes(id, attributes) {
      const row = aliveRow(checkName(id, 'id'));
      if (row === undefined) return false;
      row.connection = { ...row.connection, attributes: structuredClone(attributes) };
      return true;
    },
    async remove(ids) {
      for (const id of ids) checkName(id, 'id');
      for (const id of ids) {
        drop(id);
        tombstones.set(id, now() + CONNECTION_TTL_MS);
        sweep();
      }
    },
    async join(id, room) {
      checkName(room, 'room');
      const row = aliveRow(checkName(id, 'id'));
      if (row === undefined) return 'absent';
      row.rooms.add(room);
      addTo(byRoom, room, id);
      return 'joined';
    },
    async leave(id, room) {
      deleteFrom(byRoom, checkName(room, 'room'), id);
      rows.get(checkName(id, 'id'))?.rooms.delete(room);
    },
    async rooms(id) {
      return [...(aliveRow(checkName(id, 'id'))?.rooms ?? [])];
    },
    async list(audience, listOptions) {
      checkListOptions(listOptions);
      if ('rooms' in audience) return listRooms(roomListing, audience.rooms, listOptions);
      return pageOf(alive(audience, listOptions.after), listOptions);
    },
    async count(audience) {
      const audiences =
        'rooms' in audience ? checkRooms(audience.rooms).map((room) => ({ room })) : [audience];
      const ids = new Set<string>();
      for (const one of audiences) for (const { id } of alive(one, undefined)) ids.add(id);
      return ids.size;
    },
    history: memoryHistory(now),
    records: memoryRecords(now),
    state: memoryState(now),
  };
}

function pageOf(connections: Iterable<StoredConnection>, { limit, shard }: ListOptions): Page {
  const page: StoredConnection[] = [];
  for (const connection of connections) {
    if (shard !== undefined && shardOf(connection.id, shard.count) !== shard.index) continue;
    if (page.length === limit)
      return { connections: page, done: false, next: (page.at(-1) as StoredConnection).id };
    page.push(connection);
  }
  return { connections: page, done: true };
}

function addTo(index: Map<string, SortedIds>, key: string, id: string): void {
  let ids = index.get(key);
  if (ids === undefined) index.set(key, (ids = createSortedIds()));
  ids.add(id);
}

/** Forgets a key that has nobody left: rooms come and go, and an instance lives long. */
function deleteFrom(index: Map<string, SortedIds>, key: string, id: string): void {
  const ids = index.get(key);
  ids?.delete(id);
  if (ids?.size === 0) index.delete(key);
}
