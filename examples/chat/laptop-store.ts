import type { ConnectionStore } from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { postgresStore } from 'yc-broadcast/stores/postgres';
import { redisStore } from 'yc-broadcast/stores/redis';
import { createYdbTable, ydbStore } from 'yc-broadcast/stores/ydb';

/**
 * The store behind an address: `redis://…`, `postgresql://…`, or that of a YDB Document API, `https://…`; a
 * static key may stand in it as user and password. Without an address it is what `yc-broadcast dev --store`
 * offers, or else the memory of this process, which is for one instance. Tables are made if there are none.
 */
export async function openLaptopStore(address: string | undefined): Promise<ConnectionStore> {
  if (address === undefined)
    return process.env['YC_BROADCAST_YDB_ENDPOINT'] === undefined ? memoryStore() : ydbStore();
  const url = new URL(address);
  switch (url.protocol) {
    case 'redis:':
    case 'rediss:':
      return redisStore({ url: address });
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
  const store = postgresStore({ connectionString });
  await store.migrate();
  return store;
}

async function openYdb({ origin, pathname, username, password }: URL): Promise<ConnectionStore> {
  const key = { accessKeyId: decodeURIComponent(username), secretAccessKey: decodeURIComponent(password) };
  const options = {
    endpoint: origin + (pathname === '/' ? '' : pathname),
    ...(username === '' ? {} : { credentials: key }),
  };
  await createYdbTable(options);
  return ydbStore(options);
}
