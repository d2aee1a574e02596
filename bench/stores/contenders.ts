import { randomUUID } from 'node:crypto';
import type { ConnectionStore } from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { postgresStore } from 'yc-broadcast/stores/postgres';
import { redisStore } from 'yc-broadcast/stores/redis';
import { createYdbTable, ydbStore } from 'yc-broadcast/stores/ydb';

export const STORE_NAMES = ['memory', 'redis', 'postgres', 'ydb'] as const;
export type StoreName = (typeof STORE_NAMES)[number];

/** A part of a backend that one process has for itself, or shares with those that are told its name. */
export interface Place {
  readonly store: StoreName;
  readonly address: string;
  /** Also the beginning of table names. */
  readonly namespace: string;
}

export function freshNamespace(): string {
  return `b${randomUUID().replaceAll('-', '')}_`;
}

const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };
/** Long, since a full run asks more of a small machine than a function would wait for. */
const TIMEOUT_MS = 60_000;

/** Opens a store as an application would, and makes its tables. */
const OPENERS: Readonly<Record<StoreName, (place: Place) => Promise<ConnectionStore>>> = {
  memory: async () => memoryStore(),
  redis: async ({ address, namespace }) =>
    redisStore({ url: address, keyPrefix: namespace, timeoutMs: TIMEOUT_MS }),
  postgres: async ({ address, namespace }) => {
    const store = postgresStore({
      connectionString: address,
      tablePrefix: namespace,
      timeoutMs: TIMEOUT_MS,
    });
    await store.migrate();
    return store;
  },
  ydb: async ({ address, namespace }) => {
    const options = { endpoint: address, credentials: CREDENTIALS, tablePrefix: namespace };
    await createYdbTable(options);
    return ydbStore({ ...options, timeoutMs: TIMEOUT_MS });
  },
};

export function openStore(place: Place): Promise<ConnectionStore> {
  return OPENERS[place.store](place);
}
