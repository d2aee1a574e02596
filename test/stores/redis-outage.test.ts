/** What redisStore does when the server, or the way to it, is not there. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { BroadcastError, createBroadcaster, type ConnectionStore } from 'yc-broadcast';
import type { StatePosition, StateStore } from 'yc-broadcast/stores';
import { redisStore, type RedisStoreOptions } from 'yc-broadcast/stores/redis';
import { localCertificate } from '../support/certificate.js';
import { fillRoom, storedConnection } from '../support/people.js';
import { describeWithRedis, startRedis, type RedisServer } from '../support/redis-server.js';
import { scriptedTransport, type Answer } from '../support/scripted-transport.js';
import { historyOf, recordsOf, stateOf } from '../support/shared-memory.js';
import { startTcpProxy } from '../support/tcp-proxy.js';
import { sent } from '../support/sent.js';

const LIMITS = { maxEntries: 100, maxAgeMs: 3_600_000 };
const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function open(options: RedisStoreOptions): ConnectionStore {
  const store = redisStore(options);
  cleanUps.push(() => store.close?.());
  return store;
}

async function start(...args: Parameters<typeof startRedis>): Promise<RedisServer> {
  const server = await startRedis(...args);
  cleanUps.push(() => server.close());
  return server;
}

async function errorOf(call: Promise<unknown>): Promise<BroadcastError> {
  const reason = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (reason instanceof BroadcastError) return reason;
  throw new Error(`expected a BroadcastError, got ${inspect(reason)}`);
}

describeWithRedis('redisStore, when the server fails during a broadcast', () => {
  it('ends with a report and a cursor, which reaches everyone else once the server is back', async () => {
    const server = await start({ isDurable: true });
    const store = open({ url: server.url });
    const ids = await fillRoom(store, 'news', 1000);
    let sends = 0;
    const transport = scriptedTransport(async (): Promise<Answer> => {
      if (++sends === 250) await server.kill();
      return 'ok';
    });
    const broadcaster = createBroadcaster({ store, transport, broadcast: { pageSize: 100 } });
    const report = await broadcaster.to('news').send('headline', { n: 1 });
    expect(report).toMatchObject({
      stoppedBy: 'store',
      complete: false,
      failed: 0,
      storeError: { code: 'STORE_UNAVAILABLE', message: expect.stringMatching(/ECONNREFUSED/) },
    });
    expect(sent(report).delivered).toBeGreaterThanOrEqual(250);
    expect(sent(report).delivered).toBeLessThan(1000);
    expect(sent(report).durationMs).toBeLessThan(10_000);

    await server.start();
    const rest = await broadcaster.resume(sent(report).cursor ?? '').send('headline', { n: 1 });
    expect(rest).toMatchObject({ complete: true, delivered: 1000 - sent(report).delivered });
    expect([...transport.received.keys()].sort()).toEqual(ids);
    expect([...transport.attempts.values()].every((attempts) => attempts === 1)).toBe(true);
    expect(await store.count({ room: 'news' })).toBe(1000);
  });
});

async function set(
  state: StateStore,
  key: string,
  value: string,
  ifVersion?: number,
): Promise<StatePosition> {
  const result = await state.change('news', [{ map: 'players', key, value, ifVersion }]);
  if (!result.changed) throw new Error('the change was refused');
  return result.position;
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

describeWithRedis('redisStore, generations of a history', () => {
  it('has a reader of the state begin anew after a restart from a snapshot, who knows more than the server', async () => {
    const server = await start();
    const state = stateOf(open({ url: server.url }));
    await set(state, 'ann', '1');
    await administer(server, (client) => client.save());
    const seen = await set(state, 'ann', '2');
    await server.kill();
    await server.start();
    const page = await state.read('news', { since: seen, maxBytes: 1000 });
    expect(page).toMatchObject({ reset: true, version: 1, rows: [{ key: 'ann', value: '1' }] });
    const instead = await set(state, 'ann', 'another 2');
    expect(instead).toEqual({ version: 2, epoch: page.epoch });
    expect(await state.read('news', { since: seen, maxBytes: 1000 })).toMatchObject({ reset: true });
    const { reset } = await state.read('news', { since: instead, maxBytes: 1000 });
    expect(reset).toBeUndefined();
  });

  it('gives a state another epoch when a change finds the loss first', async () => {
    const server = await start();
    const state = stateOf(open({ url: server.url }));
    await set(state, 'ann', '1');
    await administer(server, (client) => client.save());
    const seen = await set(state, 'ann', '2');
    await server.kill();
    await server.start();
    const instead = await set(state, 'ann', 'another 2');
    expect(instead.version).toBe(2);
    expect(instead.epoch).not.toBe(seen.epoch);
  });

  it('keeps the epoch of a room whose server goes on', async () => {
    const server = await start();
    const first = await historyOf(open({ url: server.url })).append('news', 'one', LIMITS);
    const second = await historyOf(open({ url: server.url })).append('news', 'two', LIMITS);
    expect(second).toEqual({ offset: 2, epoch: first.epoch });
  });

  it('names the right that a history needs', async () => {
    const server = await start();
    await administer(server, (client) =>
      client.call('ACL', ['SETUSER', 'app', 'on', '>secret', '~*', '+@all', '-@dangerous']),
    );
    const store = open({ url: server.url.replace('//', '//app:secret@') });
    const failure = await errorOf(historyOf(store).append('news', 'one', LIMITS));
    expect(failure).toMatchObject({ code: 'INVALID_OPTIONS', message: expect.stringMatching(/\+info/) });
  });
});

describeWithRedis('redisStore, when the way to the server fails', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.close());

  async function throughProxy(options: Partial<RedisStoreOptions> = {}) {
    const proxy = await startTcpProxy(server.port);
    cleanUps.push(() => proxy.close());
    const store = open({ url: `redis://127.0.0.1:${proxy.port}`, keyPrefix: `t${proxy.port}`, ...options });
    await store.put(storedConnection('phone'));
    return { proxy, store };
  }

  it('goes on over a new connection when the old one was reset', async () => {
    const { proxy, store } = await throughProxy();
    proxy.reset();
    expect(await store.join('phone', 'lobby')).toBe('joined');
    expect(proxy.connections()).toBe(2);
  });

  it('goes on within the time of a call when the old connection is dead and does not know it', async () => {
    const { proxy, store } = await throughProxy({ timeoutMs: 1000 });
    proxy.freeze();
    expect(await store.join('phone', 'lobby')).toBe('joined');
    expect(proxy.connections()).toBe(2);
  });

  it('appends once when the answer is lost and the client repeats the call', async () => {
    const { proxy, store } = await throughProxy();
    const history = historyOf(store);
    await history.append('news', 'one', LIMITS);
    proxy.loseNextAnswer();
    expect((await history.append('news', 'two', LIMITS)).offset).toBe(2);
    expect(proxy.connections()).toBe(2);
    const { entries } = await history.read('news', { limit: 10 });
    expect(entries.map(({ data }) => data)).toEqual(['one', 'two']);
  });

  it('knows its own write of a record again when the answer is lost and the client repeats the call', async () => {
    const { proxy, store } = await throughProxy();
    const records = recordsOf(store);
    const first = await records.write('job', 'first', { ifVersion: undefined, ttlMs: 60_000 });
    proxy.loseNextAnswer();
    const second = await records.write('job', 'second', { ifVersion: first, ttlMs: 60_000 });
    expect(proxy.connections()).toBe(2);
    expect(second).toBeDefined();
    expect(await records.read('job')).toEqual({ value: 'second', version: second });
  });

  it('knows its own change of a state again, also when another one came between', async () => {
    const { proxy, store } = await throughProxy();
    const state = stateOf(store);
    const first = await set(state, 'ann', '1');
    const other = stateOf(open({ url: server.url, keyPrefix: `t${proxy.port}` }));
    proxy.loseNextAnswer();
    const change = set(state, 'ann', '2', first.version);
    while ((await other.get('news', 'players', 'ann'))?.value !== '2');
    const another = await set(other, 'ann', 'another');
    const second = await change;
    expect(proxy.connections()).toBe(2);
    expect([second.version, another.version]).toEqual([2, 3]);
    expect(await state.get('news', 'players', 'ann')).toMatchObject({ version: 3, value: 'another' });
  });

  it('leaves a server that has become a replica, and works again when it is not', async () => {
    const { proxy, store } = await throughProxy();
    const admin = new Redis(server.url);
    cleanUps.push(() => {
      admin.disconnect();
    });
    await admin.replicaof('127.0.0.1', 1);
    cleanUps.push(() => admin.replicaof('NO', 'ONE'));
    expect(await errorOf(store.join('phone', 'lobby'))).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('READONLY'),
    });
    await admin.replicaof('NO', 'ONE');
    expect(await store.join('phone', 'lobby')).toBe('joined');
    expect(proxy.connections()).toBe(2);
  });
});

describe('redisStore, when there is no server', () => {
  async function deafServer(): Promise<number> {
    const server = createServer((socket) => cleanUps.push(() => socket.destroy())).listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUps.push(() => server.close());
    return (server.address() as AddressInfo).port;
  }

  it('rejects with STORE_UNAVAILABLE and says why', async () => {
    const store = open({ url: 'redis://127.0.0.1:1' });
    const error = await errorOf(store.get('phone'));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('rejects in time when the server takes connections and says nothing', async () => {
    const store = open({ url: `redis://127.0.0.1:${await deafServer()}`, timeoutMs: 300 });
    expect((await errorOf(store.remove(['phone', 'tablet']))).message).toContain('no answer within 300 ms');
  });

  it('rejects in time with a client that would wait for ever', async () => {
    const client = new Redis(await deafServer(), '127.0.0.1', { maxRetriesPerRequest: null });
    cleanUps.push(() => {
      client.disconnect();
    });
    const store = open({ client, timeoutMs: 200 });
    for (const call of [
      store.get('phone'),
      store.count({ all: true }),
      historyOf(store).read('x', { limit: 1 }),
      recordsOf(store).read('x'),
      recordsOf(store).write('x', 'y', { ifVersion: undefined, ttlMs: 1000 }),
      recordsOf(store).remove('x'),
      stateOf(store).get('x', 'y', 'z'),
    ]) {
      expect(await errorOf(call)).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    }
  });

  it('rejects after close, and does not connect again', async () => {
    const store = open({ url: 'redis://127.0.0.1:1' });
    await store.close?.();
    expect(await errorOf(store.get('phone'))).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('closed'),
    });
  });
});

describeWithRedis('redisStore and secrets', () => {
  const PASSWORD = 'hunter2-very-secret';
  const MESSAGE = 'a private message';

  /** Everything that a careless logger could write. */
  function everythingIn(error: BroadcastError): string {
    return `${inspect(error, { depth: 20, showHidden: true })} ${JSON.stringify(error)} ${error.stack ?? ''}`;
  }

  it('keeps the password out of errors, whether it is right or wrong', async () => {
    const server = await start({ args: ['--requirepass', 'another'] });
    const wrong = open({ url: `redis://default:${PASSWORD}@127.0.0.1:${server.port}` });
    const refused = await errorOf(wrong.get('phone'));
    expect(refused.message).toContain('WRONGPASS');
    const unreachable = await errorOf(open({ url: `redis://:${PASSWORD}@127.0.0.1:1` }).get('phone'));
    for (const error of [refused, unreachable]) expect(everythingIn(error)).not.toContain(PASSWORD);
    const right = open({ url: `redis://:another@127.0.0.1:${server.port}` });
    expect(await right.put(storedConnection('phone'))).toBe('stored');
  });

  it('keeps what is stored out of errors', async () => {
    const server = await start({ args: ['--maxmemory', '1', '--maxmemory-policy', 'noeviction'] });
    const store = open({ url: server.url });
    const error = await errorOf(store.put(storedConnection('phone', { attributes: { text: MESSAGE } })));
    expect(error.message).toContain('OOM');
    expect(everythingIn(error)).not.toContain(MESSAGE);
    const renamed = await start({ args: ['--rename-command', 'EVALSHA', ''] });
    const odd = open({ url: renamed.url });
    const unknown = await errorOf(historyOf(odd).append(MESSAGE, MESSAGE, LIMITS));
    expect(unknown.message).toContain('unknown command');
    const written = recordsOf(odd).write(MESSAGE, MESSAGE, { ifVersion: undefined, ttlMs: 1000 });
    const changed = stateOf(odd).change(MESSAGE, [{ map: MESSAGE, key: MESSAGE, value: MESSAGE }]);
    for (const each of [unknown, await errorOf(written), await errorOf(changed)])
      expect(everythingIn(each)).not.toContain(MESSAGE);
  });

  it.each([`redis://:${PASSWORD}@host:notaport`, `http://:${PASSWORD}@host`, PASSWORD])(
    'keeps a URL that it does not understand to itself',
    (url) => {
      let error: unknown;
      try {
        redisStore({ url });
      } catch (reason) {
        error = reason;
      }
      expect(error).toMatchObject({ code: 'INVALID_OPTIONS', path: ['url'] });
      expect(everythingIn(error as BroadcastError)).not.toContain(PASSWORD);
    },
  );
});

describeWithRedis('redisStore over TLS', () => {
  it('speaks to a server whose authority it is given, and to no other', async () => {
    const certificate = await localCertificate();
    const { url } = await start({ certificate });
    expect(await open({ url, tls: { ca: certificate.cert } }).put(storedConnection('phone'))).toBe('stored');
    expect((await errorOf(open({ url }).get('phone'))).message).toMatch(/certificate/);
  });
});
