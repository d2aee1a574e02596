import type { ConnectionStore, StoredConnection } from 'yc-broadcast';

const HOUR_MS = 3_600_000;

/** A connection as `onConnect` would store it, alive for an hour. */
export function storedConnection(id: string, more: Partial<StoredConnection> = {}): StoredConnection {
  return { id, attributes: {}, connectedAt: Date.now(), expiresAt: Date.now() + HOUR_MS, ...more };
}

/** Fills a room with connections `p00000`, `p00001`, … and returns their ids in that order. */
export async function fillRoom(
  store: ConnectionStore,
  room: string,
  count: number,
  more: (index: number) => Partial<StoredConnection> = () => ({}),
): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, index) => `p${String(index).padStart(5, '0')}`);
  for (const [index, id] of ids.entries()) {
    await store.put(storedConnection(id, more(index)));
    await store.join(id, room);
  }
  return ids;
}
