import type { ConnectionStore } from 'yc-broadcast';

/**
 * The store behind an address: `redis://…`, `postgresql://…`, or that of a YDB Document API, `https://…`; a static key
 * may stand in it as user and password. Without an address it is what `yc-broadcast dev --store` offers, or else the
 * memory of this process, which is for one instance. Tables are made if there are none.
 */
export async function openStore(address: string | undefined): Promise<ConnectionStore> {
  if (address === undefined) return openLocalStore();
  const url = new URL(address);
  switch (url.protocol) {
    case 'redis:':
    case 'rediss:':
      return (await import('yc-broadcast/stores/redis')).redisStore({ url: address });
    case 'postgres:':
    case 'postgresql:':
      return openPostgres(address);
    case 'http:':
    case 'https:':
      return openYdb(url);
    default:
      throw new Error('STORE_URL: expected redis://, postgresql://, or https:// for YDB');
  }
}

async function openLocalStore(): Promise<ConnectionStore> {
  const isShared = process.env['YC_BROADCAST_YDB_ENDPOINT'] !== undefined;
  if (isShared) return (await import('yc-broadcast/stores/ydb')).ydbStore();
  return (await import('yc-broadcast/stores/memory')).memoryStore();
}

async function openPostgres(connectionString: string): Promise<ConnectionStore> {
  const { postgresStore } = await import('yc-broadcast/stores/postgres');
  const store = postgresStore({ connectionString });
  await store.migrate();
  return store;
}

async function openYdb({ origin, pathname, username, password }: URL): Promise<ConnectionStore> {
  const { createYdbTable, ydbStore } = await import('yc-broadcast/stores/ydb');
  const key = { accessKeyId: decodeURIComponent(username), secretAccessKey: decodeURIComponent(password) };
  const options = {
    endpoint: origin + (pathname === '/' ? '' : pathname),
    ...(username === '' ? {} : { credentials: key }),
  };
  await createYdbTable(options);
  return ydbStore(options);
}
