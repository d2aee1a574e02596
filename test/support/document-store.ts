import { setImmediate } from 'node:timers/promises';
import type { ConnectionStore, StoredConnection } from 'yc-broadcast';
import { shardOf, type Audience } from 'yc-broadcast/stores';
import type { StoreBackend } from 'yc-broadcast/testing';

interface Document {
  readonly connection: StoredConnection;
  readonly rooms: readonly string[];
}

/**
 * The store that people write first: one document for each connection, read, changed and written back. Right
 * as long as one call waits for the other, and wrong in a race. Removals are remembered for `rememberMs`.
 */
export function documentStore(rememberMs: number): StoreBackend {
  const databases = new Map<string, Map<string, Document>>();
  const removals = new Map<string, number>();

  return {
    lacks: ['history', 'records', 'state'],
    open({ namespace, now }) {
      const documents = databases.get(namespace) ?? new Map<string, Document>();
      databases.set(namespace, documents);
      return overDocuments(documents, {
        now,
        isRemoved: (id) => (removals.get(namespace + id) ?? 0) > now(),
        remember: (id) => removals.set(namespace + id, now() + rememberMs),
      });
    },
  };
}

interface Memory {
  readonly now: () => number;
  isRemoved(id: string): boolean;
  remember(id: string): void;
}

function overDocuments(
  documents: Map<string, Document>,
  { now, isRemoved, remember }: Memory,
): ConnectionStore {
  async function read(id: string): Promise<Document | undefined> {
    await setImmediate();
    const document = documents.get(id);
    return document !== undefined && document.connection.expiresAt > now() ? document : undefined;
  }

  async function write(document: Document): Promise<void> {
    await setImmediate();
    documents.set(document.connection.id, document);
  }

  async function change(id: string, changed: (document: Document) => Document): Promise<boolean> {
    const document = await read(id);
    if (document !== undefined) await write(changed(document));
    return document !== undefined;
  }

  function members(audience: Audience): StoredConnection[] {
    return [...documents.values()]
      .filter(({ connection }) => connection.expiresAt > now())
      .filter((document) => belongs(document, audience))
      .map(({ connection }) => connection)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  return {
    name: 'documents',
    async put(connection) {
      const before = await read(connection.id);
      if (isRemoved(connection.id)) return 'removed';
      await write({ connection: structuredClone(connection), rooms: before?.rooms ?? [] });
      return 'stored';
    },
    get: async (id) => (await read(id))?.connection,
    setAttributes: (id, attributes) =>
      change(id, ({ connection, rooms }) => ({
        connection: { ...connection, attributes: structuredClone(attributes) },
        rooms,
      })),
    async remove(ids) {
      await setImmediate();
      for (const id of ids) {
        remember(id);
        documents.delete(id);
      }
    },
    async join(id, room) {
      const isThere = await change(id, (document) => ({
        ...document,
        rooms: [...new Set([...document.rooms, room])],
      }));
      return isThere ? 'joined' : 'absent';
    },
    async leave(id, room) {
      await change(id, (document) => ({
        ...document,
        rooms: document.rooms.filter((other) => other !== room),
      }));
    },
    rooms: async (id) => (await read(id))?.rooms ?? [],
    async list(audience, { after = '', limit, shard }) {
      const rest = members(audience)
        .filter(({ id }) => id > after)
        .filter(({ id }) => shard === undefined || shardOf(id, shard.count) === shard.index);
      return { connections: rest.slice(0, limit), done: rest.length <= limit, next: rest[limit - 1]?.id };
    },
    count: async (audience) => members(audience).length,
  };
}

function belongs({ connection, rooms }: Document, audience: Audience): boolean {
  if ('room' in audience) return rooms.includes(audience.room);
  return 'user' in audience ? connection.user === audience.user : true;
}
