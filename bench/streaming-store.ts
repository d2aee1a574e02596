import { BroadcastError, type ConnectionStore, type StoredConnection } from 'yc-broadcast';
import { connectionId } from './target.js';

export interface StreamingStore extends ConnectionStore {
  /** From now on every audience has this many connections. */
  resize(count: number): void;
}

/**
 * A store that keeps nothing: every audience has `count` connections, made while they are listed, as rows
 * from a database are. So what a broadcast needs in memory is the broadcast's own.
 */
export function streamingStore(count = 0): StreamingStore {
  let size = count;
  const readOnly = (): Promise<never> =>
    Promise.reject(new BroadcastError('STORE_UNAVAILABLE', 'this store can only be listed'));
  return {
    name: 'streaming',
    resize(next) {
      size = next;
    },
    async list(_audience, { after, limit }) {
      const from = after === undefined ? 0 : Number(after.slice(1)) + 1;
      const connections = connectionsBetween(from, Math.min(from + limit, size));
      const next = connections.at(-1)?.id;
      return from + limit >= size || next === undefined
        ? { connections, done: true }
        : { connections, done: false, next };
    },
    count: () => Promise.resolve(size),
    put: readOnly,
    get: readOnly,
    setAttributes: readOnly,
    remove: readOnly,
    join: readOnly,
    leave: readOnly,
    rooms: readOnly,
  };
}

function connectionsBetween(from: number, to: number): StoredConnection[] {
  const now = Date.now();
  return Array.from({ length: Math.max(0, to - from) }, (_, offset) => ({
    id: connectionId(from + offset),
    attributes: {},
    connectedAt: now,
    expiresAt: now + 3_600_000,
  }));
}
