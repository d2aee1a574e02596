import {
  checkListOptions,
  checkName,
  checkRooms,
  CONNECTION_TTL_MS,
  shardOf,
  type Audience,
  type ConnectionStore,
  type ListedConnection,
  type StoredConnection,
} from 'yc-broadcast/stores';

/** What all instances share. In the place of a database. */
export interface Tables {
  readonly connections: Map<string, { connection: StoredConnection; readonly rooms: Set<string> }>;
  /** Removed ids, and until when that is remembered. */
  readonly removed: Map<string, number>;
}

export interface SmallStoreOptions {
  readonly tables: Tables;
  /** The clock, in Unix milliseconds. @default Date.now */
  readonly now?: () => number;
}

export function smallStore({ tables, now = Date.now }: SmallStoreOptions): ConnectionStore {
  const { connections, removed } = tables;

  /** The row of a connection, unless it has expired: every method asks here. */
  function alive(id: string) {
    const row = connections.get(checkName(id, 'id'));
    return row !== undefined && row.connection.expiresAt > now() ? row : undefined;
  }

  function members(audience: Audience): ListedConnection[] {
    if ('room' in audience) checkName(audience.room, 'room');
    if ('user' in audience) checkName(audience.user, 'user');
    const several = 'rooms' in audience ? checkRooms(audience.rooms) : undefined;
    return [...connections.keys()].sort().flatMap((id) => {
      const row = alive(id);
      if (row === undefined) return [];
      const rooms = several?.filter((room) => row.rooms.has(room)); // says in which of them it is
      if (rooms !== undefined) return rooms.length === 0 ? [] : [{ ...row.connection, rooms }];
      if ('room' in audience && !row.rooms.has(audience.room)) return [];
      return 'user' in audience && row.connection.user !== audience.user ? [] : [row.connection];
    });
  }

  return {
    name: 'small',
    async put(connection) {
      const id = checkName(connection.id, 'connection.id');
      if (connection.user !== undefined) checkName(connection.user, 'connection.user');
      if ((removed.get(id) ?? 0) > now()) return 'removed'; // a disconnect came first
      const rooms = alive(id)?.rooms ?? new Set();
      connections.set(id, { connection: structuredClone(connection), rooms });
      return 'stored';
    },
    async get(id) {
      return alive(id)?.connection;
    },
    async setAttributes(id, attributes) {
      const row = alive(id);
      if (row === undefined) return false;
      row.connection = { ...row.connection, attributes: structuredClone(attributes) };
      return true;
    },
    async remove(ids) {
      for (const id of ids) checkName(id, 'id');
      for (const id of ids) {
        connections.delete(id);
        removed.set(id, now() + CONNECTION_TTL_MS);
      }
    },
    async join(id, room) {
      checkName(room, 'room');
      return alive(id)?.rooms.add(room) === undefined ? 'absent' : 'joined';
    },
    async leave(id, room) {
      checkName(room, 'room');
      alive(id)?.rooms.delete(room);
    },
    async rooms(id) {
      return [...(alive(id)?.rooms ?? [])];
    },
    async list(audience, options) {
      checkListOptions(options);
      const { after, limit, shard } = options;
      const rest = members(audience)
        .filter(({ id }) => after === undefined || id > after) // needs no trace of `after` itself
        .filter(({ id }) => shard === undefined || shardOf(id, shard.count) === shard.index);
      const page = rest.slice(0, limit);
      return { connections: page, done: rest.length <= limit, next: page.at(-1)?.id };
    },
    async count(audience) {
      return members(audience).length;
    },
  };
}
