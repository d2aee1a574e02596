import type { ConnectionStore } from 'yc-broadcast';

/**
 * The store behind an address: `redis://…`, `postgresql://…`, or that of a YDB Document API, `https://…`; a static key
 * may stand in it as user and password. Without an address the memory of this process has to do, which is for one
 * instance. Tables are made if there are none.
 */
export async function openStore(address: string | undefined): Promise<ConnectionStore> {
  if (address === undefined) return (await import('yc-broadcast/stores/memory')).memoryStore();
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
