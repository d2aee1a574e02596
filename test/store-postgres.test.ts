import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { postgresSchema, postgresStore, type PostgresStoreOptions } from 'yc-broadcast/stores/postgres';
import { storeContract, type StoreBackend } from 'yc-broadcast/testing';
import { startPostgres, type PostgresServer } from './support/postgres-server.js';

let server: PostgresServer;
let pool: pg.Pool;

beforeAll(async () => {
  server = await startPostgres();
  pool = new pg.Pool({ connectionString: server.url, max: 10 });
});

afterAll(async () => {
  await pool.end();
  await server[Symbol.asyncDispose]();
});

const TABLES = ['entries', 'histories', 'members', 'connections'];

function backend(through: () => PostgresStoreOptions | Promise<PostgresStoreOptions>): StoreBackend {
  return {
    async open({ namespace, now }) {
      const store = postgresStore({ ...(await through()), tablePrefix: `${namespace}_`, now });
      await store.migrate();
      return store;
    },
    async drop(namespace) {
      for (const table of TABLES) await pool.query(`DELETE FROM ${namespace}_${table}`);
    },
  };
}

describe('postgresStore with a pool', () => {
  const cases = storeContract(backend(() => ({ pool })));
  it.each(cases)('$name', ({ run }) => run());
});
