import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { BroadcastError } from 'yc-broadcast';
import type { ConnectionStore, StoredConnection } from 'yc-broadcast';
import type { HistoryEntry, HistoryStore, RecordStore } from 'yc-broadcast/stores';
import { historyOf, recordsOf, type Alteration } from './shared-memory.js';

/** Methods that replace those of a healthy store. */
export type Fault = (...healthy: Parameters<Alteration>) => Partial<ConnectionStore>;

/** Everything that a fault needs to remember, by namespace: what instances of one backend share. */
function shared<T>(create: () => T): (namespace: string) => T {
  const all = new Map<string, T>();
  return (namespace) => {
    const found = all.get(namespace) ?? create();
    all.set(namespace, found);
    return found;
  };
}

export function changingRead(change: (connection: StoredConnection) => StoredConnection | undefined): Fault {
  return (store) => ({
    get: async (id) => {
      const connection = await store.get(id);
      return connection && change(connection);
    },
  });
}

export function renamingRooms(rename: (room: string) => string): Fault {
  return (store) => ({
    join: async (id, room) => store.join(id, rename(room)),
    leave: async (id, room) => store.leave(id, rename(room)),
    list: async (audience, options) =>
      store.list('room' in audience ? { room: rename(audience.room) } : audience, options),
    count: async (audience) => store.count('room' in audience ? { room: rename(audience.room) } : audience),
  });
}

/** A page begins behind as many members as have been listed, like SQL's `OFFSET`. */
export const pagingByOffset: Fault = (store) => {
  const listedUpTo = new Map<string, number>();
  return {
    async list(audience, options) {
      const start = options.after === undefined ? 0 : (listedUpTo.get(options.after) ?? 0);
      const { connections } = await store.list(audience, { limit: 20_000 });
      const page = connections.slice(start, start + options.limit);
      for (const [index, { id }] of page.entries()) listedUpTo.set(id, start + index + 1);
      const done = start + options.limit >= connections.length;
      return { connections: page, done, next: page.at(-1)?.id };
    },
  };
};

/**
 * Several rooms as many listings, each member in its first room, if at all. `after` is a room's number and an
 * id.
 */
export function listingRoomAfterRoom({ skipsKnown }: { readonly skipsKnown: boolean }): Fault {
  return (store) => {
    const roomOf = new Map<string, number>();
    return {
      async list(audience, options) {
        if (!('rooms' in audience)) return store.list(audience, options);
        const { after } = options;
        const at =
          after === undefined ? 0 : (roomOf.get(after) ?? Number(/^room (\d+)$/.exec(after)?.[1] ?? 0));
        const behind = after?.startsWith('room ') ? undefined : after;
        const page = await store.list({ room: audience.rooms[at] ?? '' }, { ...options, after: behind });
        const connections = [];
        for (const connection of page.connections) {
          const isIn = await store.rooms(connection.id);
          const rooms = audience.rooms.filter((room) => isIn.includes(room));
          if (skipsKnown && audience.rooms.indexOf(rooms[0] ?? '') < at) continue;
          roomOf.set(connection.id, at);
          connections.push({ ...connection, rooms });
        }
        if (!page.done) return { ...page, connections };
        const isLast = at === audience.rooms.length - 1;
        return isLast ? { connections, done: true } : { connections, done: false, next: `room ${at + 1}` };
      },
    };
  };
}

/** Lists those who were there when the audience was first listed. */
export const listingSnapshots: Fault = (store) => {
  let snapshot: readonly StoredConnection[] | undefined;
  return {
    async list(audience, { after = '', limit }) {
      snapshot ??= (await store.list(audience, { limit: 20_000 })).connections;
      const rest = snapshot.filter(({ id }) => id > after);
      const page = rest.slice(0, limit);
      return { connections: page, done: rest.length <= limit, next: page.at(-1)?.id };
    },
  };
};

/** Reads as many rows as the limit, expired ones too, and takes a page of nobody but those for the end. */
export const endingAtGaps: Fault = (store) => {
  const rows: string[] = [];
  return {
    put: async (connection) => {
      rows.push(connection.id);
      return store.put(connection);
    },
    list: async (audience, options) => {
      if (!('all' in audience)) return store.list(audience, options);
      const { after = '', limit } = options;
      const read = rows
        .toSorted()
        .filter((id) => id > after)
        .slice(0, limit);
      const alive = (await store.list(audience, { limit: 20_000 })).connections;
      const connections = alive.filter(({ id }) => read.includes(id));
      return { connections, done: connections.length === 0, next: read.at(-1) };
    },
  };
};

/** Takes a connection that began later than now for a mistake. */
export const blindForTheFuture: Fault = (store, { now }) => ({
  count: async (audience) => {
    const { connections } = await store.list(audience, { limit: 1000 });
    return connections.filter(({ connectedAt }) => connectedAt <= now()).length;
  },
});

/** Invents an epoch for each room that it sees first, without telling the other instances. */
export const epochOfOneInstance: Fault = (store, instance) => {
  const mine = randomUUID();
  return altering((history) => ({
    append: async (room, data, limits) => ({ ...(await history.append(room, data, limits)), epoch: mine }),
    read: async (room, options) => {
      const read = await history.read(room, options);
      return { ...read, position: { ...read.position, epoch: mine } };
    },
  }))(store, instance);
};

/** Cursors are known only to the instance that gave them out. */
export const cursorsOfOneInstance: Fault = (store) => {
  const given = new Set<string>();
  return {
    async list(audience, options) {
      const isKnown = options.after === undefined || given.has(options.after);
      const page = await store.list(audience, isKnown ? options : { ...options, after: undefined });
      for (const { id } of page.connections) given.add(id);
      return page;
    },
  };
};

/** Of two writes, the one with the later time stamp wins. */
export function lastTimeStampWins(): Fault {
  const times = shared(() => new Map<string, number>());
  return (store, { namespace, now }) => ({
    async setAttributes(id, attributes) {
      const latest = times(namespace).get(id) ?? 0;
      if (now() < latest) return true;
      times(namespace).set(id, now());
      return store.setAttributes(id, attributes);
    },
  });
}

/** Removals carry a time stamp, and a connection that says it is newer is stored. */
export function removalsByTimeStamp(): Fault {
  const removed = shared(() => new Map<string, number>());
  return (store, { namespace, now }) => ({
    async remove(ids) {
      for (const id of ids) removed(namespace).set(id, now());
      return store.remove(ids);
    },
    async put(connection) {
      const at = removed(namespace).get(connection.id);
      return at !== undefined && at < now() ? 'stored' : store.put(connection);
    },
  });
}

export const cachingReads: Fault = (store) => {
  const cache = new Map<string, StoredConnection>();
  return {
    async put(connection) {
      cache.delete(connection.id);
      return store.put(connection);
    },
    async get(id) {
      const connection = cache.get(id) ?? (await store.get(id));
      if (connection !== undefined) cache.set(id, connection);
      return connection;
    },
  };
};

/** All instances of a namespace use one client, and each closes it. */
export function closingForAll(): Fault {
  const closed = shared(() => ({ is: false }));
  return (store, { namespace }) => ({
    count: async (audience) => {
      if (closed(namespace).is) throw new BroadcastError('STORE_UNAVAILABLE', 'closed');
      return store.count(audience);
    },
    close: async () => {
      closed(namespace).is = true;
    },
  });
}

export function closingOnce(): Fault {
  const closed = shared(() => ({ times: 0 }));
  return (_store, { namespace }) => ({
    close: async () => {
      if (++closed(namespace).times === 2) throw new BroadcastError('STORE_UNAVAILABLE', 'closed already');
    },
  });
}

/** Keeps attributes as the object that it was given. */
export const keepingObjects: Fault = (store) => {
  const given = new Map<string, StoredConnection['attributes']>();
  return {
    put: async (connection) => {
      given.set(connection.id, connection.attributes);
      return store.put(connection);
    },
    get: async (id) => {
      const connection = await store.get(id);
      return connection && { ...connection, attributes: given.get(id) ?? connection.attributes };
    },
  };
};

/** Listings show the attributes of the time when the connection joined. */
export const listingOldAttributes: Fault = (store) => {
  const old = new Map<string, StoredConnection['attributes']>();
  return {
    put: async (connection) => {
      old.set(connection.id, connection.attributes);
      return store.put(connection);
    },
    list: async (audience, options) => {
      const page = await store.list(audience, options);
      const connections = page.connections.map((each) => ({ ...each, attributes: old.get(each.id) ?? {} }));
      return { ...page, connections };
    },
  };
};

/** Memberships of which more than 25 belong to one connection outlive it. */
export const leavingMemberships: Fault = (store) => {
  const left = new Map<string, number>();
  return {
    remove: async (ids) => {
      for (const id of ids) {
        for (const room of (await store.rooms(id)).slice(25)) left.set(room, (left.get(room) ?? 0) + 1);
      }
      return store.remove(ids);
    },
    count: async (audience) =>
      (await store.count(audience)) + ('room' in audience ? (left.get(audience.room) ?? 0) : 0),
  };
};

/** Joins of connections that are not there come into force when they are. */
export const joiningInAdvance: Fault = (store) => {
  const waiting = new Map<string, string>();
  return {
    join: async (id, room) => {
      const answer = await store.join(id, room);
      if (answer === 'absent') waiting.set(id, room);
      return answer;
    },
    put: async (connection) => {
      const answer = await store.put(connection);
      const room = waiting.get(connection.id);
      if (room !== undefined) await store.join(connection.id, room);
      return answer;
    },
  };
};

/** Counts everyone who ever joined a room and was not removed, expired or not. */
export const countingExpired: Fault = (store) => {
  const joined = new Map<string, Set<string>>();
  return {
    join: async (id, room) => {
      const answer = await store.join(id, room);
      if (answer === 'joined') joined.set(room, (joined.get(room) ?? new Set()).add(id));
      return answer;
    },
    leave: async (id, room) => {
      joined.get(room)?.delete(id);
      return store.leave(id, room);
    },
    remove: async (ids) => {
      for (const members of joined.values()) for (const id of ids) members.delete(id);
      return store.remove(ids);
    },
    count: async (audience) =>
      'room' in audience ? (joined.get(audience.room)?.size ?? 0) : store.count(audience),
  };
};

/** Reads whose connection it was, waits, and then notes whose it is. */
export const indexingUsersLate: Fault = (store) => {
  const users = new Map<string, Set<string>>();
  return {
    put: async (connection) => {
      const before = await store.get(connection.id);
      if (before?.user !== undefined) users.get(before.user)?.delete(connection.id);
      const answer = await store.put(connection);
      const { user, id } = connection;
      if (user !== undefined) users.set(user, (users.get(user) ?? new Set()).add(id));
      return answer;
    },
    list: async (audience, options) => {
      if (!('user' in audience)) return store.list(audience, options);
      const found = await Promise.all([...(users.get(audience.user) ?? [])].map((id) => store.get(id)));
      return { connections: found.filter((connection) => connection !== undefined), done: true };
    },
  };
};

/** A history with other methods in the place of some of its own. */
export function altering(alter: (history: HistoryStore, now: () => number) => Partial<HistoryStore>): Fault {
  return (store, { now }) => ({ history: { ...historyOf(store), ...alter(historyOf(store), now) } });
}

export function showing(
  change: (entries: readonly HistoryEntry[], now: number) => readonly HistoryEntry[],
): Fault {
  return altering((history, now) => ({
    read: async (room, options) => {
      const read = await history.read(room, options);
      return { ...read, entries: change(read.entries, now()) };
    },
  }));
}

/** Each instance counts the offsets of a room itself. */
export const countingAlone: Fault = altering((history) => {
  const offsets = new Map<string, number>();
  return {
    append: async (room, data, limits) => {
      const position = await history.append(room, data, limits);
      const offset = (offsets.get(room) ?? 0) + 1;
      offsets.set(room, offset);
      return { ...position, offset };
    },
  };
});

/** Answers with whatever is left behind a position. */
export const givingParts: Fault = altering((history) => ({
  read: async (room, options) => {
    const read = await history.read(room, options);
    return read.recovered
      ? read
      : { ...(await history.read(room, { limit: options.limit })), recovered: true };
  },
}));

/** Every history ever has the same epoch. */
export const oneEpochForever: Fault = altering((history) => ({
  append: async (room, data, limits) => ({ ...(await history.append(room, data, limits)), epoch: 'epoch' }),
  read: async (room, { since, limit }) => {
    const { epoch } = (await history.read(room, { limit: 0 })).position;
    const real = since && { ...since, epoch: since.epoch === 'epoch' ? epoch : 'unknown' };
    const read = await history.read(room, { since: real, limit });
    return { ...read, position: { ...read.position, epoch: 'epoch' } };
  },
}));

/** Reads the newest offset and gives out the next one, whoever else does. */
export const countingLate: Fault = altering((history) => ({
  append: async (room, data, limits) => {
    const { offset, epoch } = (await history.read(room, { limit: 0 })).position;
    await history.append(room, data, limits);
    return { offset: offset + 1, epoch };
  },
}));

export function renamingHistories(rename: (room: string) => string): Fault {
  return altering((history) => ({
    append: (room, data, limits) => history.append(rename(room), data, limits),
    read: (room, options) => history.read(rename(room), options),
  }));
}

/** Records with other methods in the place of some of their own. */
export function alteringRecords(
  alter: (records: RecordStore, now: () => number) => Partial<RecordStore>,
): Fault {
  return (store, { now }) => ({ records: { ...recordsOf(store), ...alter(recordsOf(store), now) } });
}

/** Looks whether the version is the latest, waits, and writes. */
export const checkingLate: Fault = alteringRecords((records) => ({
  write: async (key, value, options) => {
    if ((await records.read(key))?.version !== options.ifVersion) return undefined;
    await setImmediate();
    const ifVersion = (await records.read(key))?.version;
    return records.write(key, value, { ...options, ifVersion });
  },
}));

/** Versions are 1, 2, 3 …, and begin again when the record does. */
export const countingVersions: Fault = alteringRecords((records) => {
  const counts = new Map<string, number>();
  const countOf = (key: string): string => String(counts.get(key));
  return {
    read: async (key) => {
      const record = await records.read(key);
      return record && { ...record, version: countOf(key) };
    },
    write: async (key, value, options) => {
      const before = await records.read(key);
      const isLatest = before === undefined ? undefined : countOf(key);
      if (options.ifVersion !== isLatest) return undefined;
      await records.write(key, value, { ...options, ifVersion: before?.version });
      counts.set(key, before === undefined ? 1 : (counts.get(key) ?? 0) + 1);
      return countOf(key);
    },
  };
});

/** Remembers what it has read or written for ever. */
export const cachingRecords: Fault = alteringRecords((records) => {
  const cache = new Map<string, Awaited<ReturnType<RecordStore['read']>>>();
  return {
    read: async (key) => {
      if (!cache.has(key)) cache.set(key, await records.read(key));
      return cache.get(key);
    },
    write: async (key, value, options) => {
      cache.delete(key);
      return records.write(key, value, options);
    },
  };
});

/** Of two writes to a record, the one with the later time stamp wins. */
export function recordsByTimeStamp(): Fault {
  const times = shared(() => new Map<string, number>());
  return (store, instance) =>
    alteringRecords((records, now) => ({
      write: async (key, value, options) => {
        if (now() < (times(instance.namespace).get(key) ?? 0)) return undefined;
        times(instance.namespace).set(key, now());
        return records.write(key, value, options);
      },
    }))(store, instance);
}
