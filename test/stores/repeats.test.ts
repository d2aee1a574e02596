/** What the stores promise when an answer of a real server is lost and the store repeats the call. */
import { afterAll, afterEach, beforeAll, describe, it } from '@jest/globals';
import type { ConnectionStore } from 'yc-broadcast';
import { postgresStore, type PostgresStore } from 'yc-broadcast/stores/postgres';
import { redisStore } from 'yc-broadcast/stores/redis';
import { createYdbTable, ydbStore } from 'yc-broadcast/stores/ydb';
import { storeContract, type StoreBackend, type StoreCase } from 'yc-broadcast/testing';
import { startDocumentProxy, type DocumentRequest } from '../support/document-proxy.js';
import { LOCAL_KEY, startDynalite, type Dynalite } from '../support/dynalite.js';
import { storedConnection } from '../support/people.js';
import { describeWithPostgres } from '../support/postgres-server.js';
import { describeWithRedis, startRedis, type RedisServer } from '../support/redis-server.js';
import { historyOf, recordsOf } from '../support/shared-memory.js';
import { startTcpProxy } from '../support/tcp-proxy.js';

const CASE_TIMEOUT_MS = 60_000;
const TIMEOUT_MS = 20_000;
const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function repeatCases(backend: StoreBackend): readonly StoreCase[] {
  return storeContract(backend).filter(({ name }) => name.startsWith('repeat'));
}

/** Through a proxy that loses the answer to the call. What goes wrong meanwhile is the outcome. */
async function losingAnswer<T>(
  target: number,
  openAt: (port: number) => ConnectionStore,
  call: (store: ConnectionStore) => Promise<T>,
  meanwhile: () => Promise<void>,
): Promise<T> {
  const proxy = await startTcpProxy(target);
  cleanUps.push(() => proxy.close());
  const store = openAt(proxy.port);
  cleanUps.push(() => store.close?.());
  await store.get('nobody'); // So that the next answer is not one about the connection.
  const failures: unknown[] = [];
  proxy.loseNextAnswer(() => meanwhile().catch((reason: unknown) => void failures.push(reason)));
  return call(store).finally(() => {
    if (failures.length > 0) throw failures[0];
  });
}

/** A server answers once that it does not know a script; that is not the answer that should get lost. */
async function loadScripts(store: ConnectionStore): Promise<void> {
  await store.put(storedConnection('phone'));
  await store.join('phone', 'lobby');
  await store.leave('phone', 'lobby');
  await store.setAttributes('phone', {});
  await store.remove(['phone']);
  await historyOf(store).append('lobby', 'x', { maxEntries: 1, maxAgeMs: 1000 });
  await recordsOf(store).write('job', 'x', { ifVersion: undefined, ttlMs: 1000 });
  await recordsOf(store).remove('job');
  await store.close?.();
}

describeWithRedis('redisStore, when an answer is lost', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
    await loadScripts(open(server.port, 'scripts', Date.now));
  });
  afterAll(() => server.close());

  const open = (port: number, keyPrefix: string, now: () => number): ConnectionStore =>
    redisStore({ url: `redis://127.0.0.1:${port}`, keyPrefix, timeoutMs: TIMEOUT_MS, now });
  const backend: StoreBackend = {
    open: ({ namespace, now }) => open(server.port, namespace, now),
    loseAnswer: ({ namespace, now }, call, meanwhile) =>
      losingAnswer(server.port, (port) => open(port, namespace, now), call, meanwhile),
  };

  it.each(repeatCases(backend))('$name', ({ run }) => run(), CASE_TIMEOUT_MS);
});

describeWithPostgres('postgresStore, when an answer is lost', (server) => {
  function open(port: number, namespace: string, now: () => number): PostgresStore {
    const connectionString = server().url.replace(`:${server().port}/`, `:${port}/`);
    const tablePrefix = `${namespace}_`;
    return postgresStore({ connectionString, tablePrefix, maxConnections: 1, timeoutMs: TIMEOUT_MS, now });
  }
  const backend: StoreBackend = {
    async open({ namespace, now }) {
      const store = open(server().port, namespace, now);
      await store.migrate();
      return store;
    },
    loseAnswer: ({ namespace, now }, call, meanwhile) =>
      losingAnswer(server().port, (port) => open(port, namespace, now), call, meanwhile),
  };

  it.each(repeatCases(backend))('$name', ({ run }) => run(), CASE_TIMEOUT_MS);
});

/**
 * What changes a connection, a record or a history; its copies and reservations are repeated without harm.
 */
function isDecisive({ action, body }: DocumentRequest): boolean {
  const { Key, Item } = body as { Key?: { p: { S: string } }; Item?: { p: { S: string } } };
  const partition = (Key ?? Item)?.p.S ?? '';
  return action !== 'GetItem' && /^(c$|h:|k:)/.test(partition);
}

describe('ydbStore, when an answer is lost', () => {
  let dynalite: Dynalite;
  beforeAll(async () => {
    dynalite = await startDynalite();
  });
  afterAll(() => dynalite.close());

  /** dynalite has no transactions, which the state of rooms needs. */
  const open = (endpoint: string, namespace: string, now: () => number): ConnectionStore => {
    const tablePrefix = `${namespace}_`;
    const store = ydbStore({ endpoint, credentials: LOCAL_KEY, tablePrefix, timeoutMs: TIMEOUT_MS, now });
    return { ...store, state: undefined };
  };
  const backend: StoreBackend = {
    lacks: ['state'],
    async open({ namespace, now }) {
      const tablePrefix = `${namespace}_`;
      await createYdbTable({ endpoint: dynalite.endpoint, credentials: LOCAL_KEY, tablePrefix });
      return open(dynalite.endpoint, namespace, now);
    },
    async loseAnswer({ namespace, now }, call, meanwhile) {
      const proxy = await startDocumentProxy(dynalite.endpoint);
      cleanUps.push(() => proxy.close());
      const store = open(proxy.endpoint, namespace, now);
      cleanUps.push(() => store.close?.());
      const failures: unknown[] = [];
      let isLost = false;
      proxy.script(async (request) => {
        if (!isLost && isDecisive(request)) {
          isLost = true;
          return 'lose-answer';
        }
        if (!isLost) return undefined;
        proxy.script(() => undefined);
        await meanwhile().catch((reason: unknown) => void failures.push(reason));
        return undefined;
      });
      return call(store).finally(() => {
        if (failures.length > 0) throw failures[0];
      });
    },
  };

  it.each(repeatCases(backend))('$name', ({ run }) => run(), CASE_TIMEOUT_MS);
});
