/** What the stores promise when a real server comes back older than what it acknowledged. */
import { afterEach, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { postgresStore, type PostgresStore } from 'yc-broadcast/stores/postgres';
import { redisStore } from 'yc-broadcast/stores/redis';
import { storeContract, type StoreBackend, type StoreCase } from 'yc-broadcast/testing';
import { describeWithPostgres, type PostgresServer } from '../support/postgres-server.js';
import { describeWithRedis, startRedis, type RedisServer } from '../support/redis-server.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

/** A server that recovers, a copy of a database: longer than a call, and a busy machine takes its time. */
const CASE_TIMEOUT_MS = 120_000;
const TIMEOUT_MS = 30_000;
const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function failoverCases(backend: StoreBackend): readonly StoreCase[] {
  return storeContract(backend).filter(({ name }) => name.startsWith('failover'));
}

async function start(): Promise<RedisServer> {
  const server = await startRedis();
  cleanUps.push(() => server.close());
  return server;
}

async function proxyTo(port: number): Promise<TcpProxy> {
  const proxy = await startTcpProxy(port);
  cleanUps.push(() => proxy.close());
  return proxy;
}

/** Runs commands as an administrator would. */
async function administer<T>({ url }: RedisServer, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url);
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

describeWithRedis('redisStore, when the server starts from a snapshot', () => {
  let server: RedisServer;
  const backend: StoreBackend = {
    async open({ namespace, now }) {
      server = await start();
      return redisStore({ url: server.url, keyPrefix: namespace, timeoutMs: TIMEOUT_MS, now });
    },
    async failOver(_namespace, work) {
      await administer(server, (client) => client.save());
      await work();
      await server.kill();
      await server.start();
    },
  };

  it.each(failoverCases(backend))('$name', ({ run }) => run(), CASE_TIMEOUT_MS);
});

describeWithRedis('redisStore, when a replica is promoted', () => {
  let master: RedisServer;
  let proxy: TcpProxy;
  const backend: StoreBackend = {
    async open({ namespace, now }) {
      master = await start();
      proxy = await proxyTo(master.port);
      const url = `redis://127.0.0.1:${proxy.port}`;
      return redisStore({ url, keyPrefix: namespace, timeoutMs: TIMEOUT_MS, now });
    },
    async failOver(_namespace, work) {
      const replica = await start();
      await administer(replica, async (client) => {
        await client.replicaof('127.0.0.1', master.port);
        while (!(await client.info('replication')).includes('master_link_status:up'));
        await client.replicaof('NO', 'ONE');
      });
      await work();
      proxy.retarget(replica.port);
      proxy.reset();
      await master.kill();
    },
  };

  it.each(failoverCases(backend))('$name', ({ run }) => run(), CASE_TIMEOUT_MS);
});

describeWithPostgres('postgresStore, when an asynchronous standby is promoted', (server) => {
  let proxy: TcpProxy;
  let store: PostgresStore;
  const urlOf = ({ url, port }: PostgresServer): string => url.replace(`:${port}/`, `:${proxy.port}/`);
  const backend: StoreBackend = {
    async open({ namespace, now }) {
      proxy = await proxyTo(server().port);
      const connectionString = urlOf(server());
      const options = { connectionString, tablePrefix: `${namespace}_`, timeoutMs: TIMEOUT_MS, now };
      store = postgresStore(options);
      await store.migrate();
      return store;
    },
    async failOver(_namespace, work) {
      const standby = await server().promoteStandby();
      await work();
      proxy.retarget(standby.port);
      proxy.reset();
      // An append is not sent again when its connection turns out to be dead; a read is.
      await store.count({ all: true });
    },
  };

  it.each(failoverCases(backend))('$name', ({ run }) => run(), CASE_TIMEOUT_MS);
});
