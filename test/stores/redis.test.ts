import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { Cluster, Redis } from 'ioredis';
import { CONNECTION_TTL_MS, shardOf } from 'yc-broadcast/stores';
import { redisStore, type RedisClient, type RedisStoreOptions } from 'yc-broadcast/stores/redis';
import { storeContract, type StoreBackend, type StoreCase } from 'yc-broadcast/testing';
import { temporaryProject } from '../support/cli.js';
import { fillRoom, storedConnection } from '../support/people.js';
import {
  describeWithRedis,
  dropKeys,
  startRedis,
  startRedisCluster,
  type RedisServer,
} from '../support/redis-server.js';
import { historyOf, recordsOf, stateOf } from '../support/shared-memory.js';

/**
 * The contract makes tens of thousands of calls, and two processes run it at once, perhaps on a busy machine.
 */
jest.setTimeout(180_000);
const PATIENCE_MS = 30_000;
/** Twice the life of a connection, and five for clocks that differ. */
const MINUTES_AFTER_END = (2 * CONNECTION_TTL_MS) / 60_000 + 5;

describeWithRedis('redisStore', () => {
  let server: RedisServer;
  let clusterServer: RedisServer;
  let client: Redis;
  let cluster: Cluster;
  let clusterNode: Redis;

  beforeAll(async () => {
    [server, clusterServer] = await Promise.all([startRedis(), startRedisCluster()]);
    client = new Redis(server.url);
    cluster = new Cluster([{ host: '127.0.0.1', port: clusterServer.port }]);
    clusterNode = new Redis(clusterServer.url);
  });
  afterAll(async () => {
    for (const each of [client, cluster, clusterNode]) each.disconnect();
    await Promise.all([server.close(), clusterServer.close()]);
  });

  describe('on one server', () => {
    it.each(
      casesOf(
        () => client,
        () => client,
      ),
    )('$name', ({ run }) => run());
  });
  describe('on a cluster', () => {
    it.each(
      casesOf(
        () => cluster,
        () => clusterNode,
      ),
    )('$name', ({ run }) => run());

    // A cluster of one server runs scripts that touch several slots, if they make the names of keys
    // themselves.
    it('keeps all of a connection in one slot, and connections in many', async () => {
      const store = redisStore({ client: cluster, keyPrefix: 'slots' });
      const slots = async () => {
        const keys = await clusterNode.keys('slots*');
        return new Set(await Promise.all(keys.map((key) => clusterNode.cluster('KEYSLOT', key))));
      };
      await store.put(storedConnection('phone', { user: 'ann' }));
      for (const room of ['lobby', '{attic}', 'garden']) await store.join('phone', room);
      expect((await slots()).size).toBe(1);
      await fillRoom(store, 'lobby', 200);
      expect((await slots()).size).toBe(16);
    });
  });
});

describeWithRedis('redisStore, what it costs', () => {
  let server: RedisServer;
  let client: Redis;
  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.url);
  });
  afterAll(async () => {
    client.disconnect();
    await server.close();
  });

  it('sends one command for each call that is about one connection', async () => {
    const store = redisStore({ client, keyPrefix: 'commands' });
    const calls: Record<string, () => Promise<unknown>> = {
      put: () => store.put(storedConnection('phone', { user: 'ann' })),
      setAttributes: () => store.setAttributes('phone', { seat: 1 }),
      get: () => store.get('phone'),
      join: () => store.join('phone', 'lobby'),
      rooms: () => store.rooms('phone'),
      leave: () => store.leave('phone', 'lobby'),
      remove: () => store.remove(['phone']),
      append: () => historyOf(store).append('lobby', 'hello', { maxEntries: 10, maxAgeMs: 60_000 }),
      read: () => historyOf(store).read('lobby', { limit: 10 }),
      'write a record': () => recordsOf(store).write('job', 'x', { ifVersion: undefined, ttlMs: 60_000 }),
      'read a record': () => recordsOf(store).read('job'),
      'remove a record': () => recordsOf(store).remove('job'),
      'change the state': () => stateOf(store).change('lobby', [{ map: 'players', key: 'ann', value: '1' }]),
      'read the state': () => stateOf(store).read('lobby', { since: null, maxBytes: 1000 }),
      'get a key': () => stateOf(store).get('lobby', 'players', 'ann'),
    };
    for (const call of Object.values(calls)) await call();
    for (const [name, call] of Object.entries(calls)) {
      expect([name, await commandsOf(client, call)]).toEqual([name, ['evalsha']]);
    }
  });

  it('takes one round trip for a removal of any size and for a count, one or two for a page', async () => {
    const { counting, roundTripsOf } = countRoundTrips(client);
    const store = redisStore({ client: counting, keyPrefix: 'trips' });
    const ids = await fillRoom(store, 'lobby', 2000);
    await store.list({ room: 'lobby' }, { limit: 1 });
    const list = (room: string, limit: number, after?: string) => () =>
      store.list({ room }, { limit, after });
    expect(await roundTripsOf(() => store.count({ room: 'lobby' }))).toBe(1);
    expect(await roundTripsOf(list('nowhere', 100))).toBe(1);
    expect(await roundTripsOf(list('lobby', 100))).toBe(1);
    expect(await roundTripsOf(list('lobby', 1000))).toBe(2);
    const { connections } = await store.list({ room: 'lobby' }, { limit: 1000 });
    expect(connections).toHaveLength(1000);
    expect(await roundTripsOf(list('lobby', 1000, connections.at(-1)?.id))).toBe(2);
    await store.remove(ids.slice(0, 1));
    expect(await roundTripsOf(() => store.remove(ids))).toBe(1);
    expect(await store.count({ all: true })).toBe(0);
  });

  it('reads the partitions of a shard and no others', async () => {
    const store = redisStore({ client, keyPrefix: 'shards' });
    await fillRoom(store, 'lobby', 64);
    const list = (count: number) => () =>
      store.list({ room: 'lobby' }, { limit: 1000, shard: { index: 1, count } });
    const keysRead = async (count: number) =>
      (await commandsOf(client, list(count))).filter((name) => name === 'evalsha').length;
    expect(await keysRead(16)).toBe(1);
    expect(await keysRead(4)).toBe(4);
    expect(await keysRead(3)).toBe(16);
  });

  it('lets the server forget every key in time, also of connections whose disconnect was lost', async () => {
    const store = redisStore({ client, keyPrefix: 'forgetful' });
    await fillRoom(store, 'lobby', 50, () => ({ user: 'ann', expiresAt: Date.now() + 60_000 }));
    await store.remove(['p00001', 'never-there']);
    await historyOf(store).append('lobby', 'hello', { maxEntries: 10, maxAgeMs: 60_000 });
    await historyOf(store).read('attic', { limit: 0 });
    await recordsOf(store).write('job', 'hello', { ifVersion: undefined, ttlMs: 60_000 });
    await stateOf(store).change('lobby', [{ map: 'players', key: 'ann', value: '1', ttlMs: 60_000 }]);
    const keys = await client.keys('forgetful*');
    expect(keys.length).toBeGreaterThan(50);
    const lives = await Promise.all(keys.map((key) => client.pttl(key)));
    expect(Math.min(...lives)).toBeGreaterThan(60_000);
    expect(Math.max(...lives)).toBeLessThan(2.5 * 3_600_000);
  });

  it('keeps the state of a room while a key has no end, and forgets it some time after the last has ended', async () => {
    const store = redisStore({ client, keyPrefix: 'lasting' });
    const change = (key: string, value?: string, ttlMs?: number) =>
      stateOf(store).change('lobby', [{ map: 'players', key, value, ttlMs }]);
    const minutesLeft = async () => Math.round((await client.pttl('lasting:state:lobby')) / 60_000);
    await change('ann', '1', 60 * 60_000);
    expect(await minutesLeft()).toBe(60 + MINUTES_AFTER_END);
    await change('bob', '1');
    await change('ann');
    expect(await client.pttl('lasting:state:lobby')).toBe(-1);
    await change('bob', '1', 90 * 60_000);
    expect(await minutesLeft()).toBe(90 + MINUTES_AFTER_END);
  });

  it('keeps nothing of calls that nobody repeats any more, nor of rooms that were only read', async () => {
    const store = redisStore({ client, keyPrefix: 'calls', timeoutMs: 20 });
    const state = stateOf(store);
    const change = (count: number) =>
      state.change(
        'lobby',
        Array.from({ length: count }, (_, index) => ({ map: 'm', key: `k${index}`, value: '1' })),
      );
    await change(1);
    const fields = await client.hlen('calls:state:lobby');
    for (let count = 1; count < 10; count++) await change(count);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await change(10);
    expect(await client.hlen('calls:state:lobby')).toBe(fields + 9);
    await state.read('attic', { since: { version: 3, epoch: 'x' }, maxBytes: 1000 });
    await state.get('attic', 'm', 'k0');
    expect(await client.exists('calls:state:attic')).toBe(0);
  });

  it('takes expired connections out of a room that others keep alive', async () => {
    let now = Date.now();
    const store = redisStore({ client, keyPrefix: 'busy', now: () => now });
    const join = async (id: string) => {
      await store.put(storedConnection(id, { expiresAt: now + 60_000 }));
      await store.join(id, 'lobby');
    };
    for (let index = 0; index < 500; index++) await join(`early-${index}`);
    now += 600_000;
    for (let index = 0; index < 100; index++) await join(`late-${index}`);
    const sets = await client.keys('busy*:members:*');
    const sizes = await Promise.all(sets.map((key) => client.zcard(key)));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(200);
    expect(await store.count({ room: 'lobby' })).toBe(100);
  });

  it('passes over a connection that the server has evicted, and forgets it', async () => {
    const store = redisStore({ client, keyPrefix: 'evicted' });
    await fillRoom(store, 'lobby', 3);
    await client.unlink(await client.keys('evicted*:connection:p00001'));
    const { connections } = await store.list({ room: 'lobby' }, { limit: 10 });
    expect(connections.map(({ id }) => id).sort()).toEqual(['p00000', 'p00002']);
    expect(await store.count({ room: 'lobby' })).toBe(2);
  });

  it('goes on when the server has forgotten the scripts', async () => {
    const store = redisStore({ client, keyPrefix: 'scripts' });
    await store.put(storedConnection('phone'));
    await client.script('FLUSH');
    expect(await store.join('phone', 'lobby')).toBe('joined');
  });

  it('never makes a page of more than 1,000, which would keep the server from others', async () => {
    const store = redisStore({ client, keyPrefix: 'large' });
    const ids = Array.from({ length: 20_000 }, (_, index) => `p${index}`).filter(
      (id) => shardOf(id, 16) === 3,
    );
    for (const id of ids) await store.put(storedConnection(id));
    expect(ids.length).toBeGreaterThan(1000);
    const page = await store.list({ all: true }, { limit: 5000, shard: { index: 3, count: 16 } });
    expect(page).toMatchObject({ done: false, next: page.connections.at(-1)?.id });
    expect(page.connections).toHaveLength(1000);
  });
});

describeWithRedis('redisStore, made from a URL', () => {
  it('closes the client that it made, and leaves alone the one that it was given', async () => {
    const server = await startRedis();
    const client = new Redis(server.url);
    try {
      const own = redisStore({ url: `${server.url}/1`, keyPrefix: 'mine' });
      await own.put(storedConnection('phone'));
      expect(await clientsIn(client, 1)).toBe(1);
      expect(await client.keys('mine*')).toEqual([]);
      await own.close?.();
      await own.close?.();
      while ((await clientsIn(client, 1)) > 0);
      await redisStore({ client }).close?.();
      expect(await client.ping()).toBe('PONG');
    } finally {
      client.disconnect();
      await server.close();
    }
  });

  it('lets two processes work on one server at once without interfering', async () => {
    const server = await startRedis();
    const project = temporaryProject({ 'contract.mjs': CONTRACT_PROCESS });
    try {
      const runs = [1, 2].map(() =>
        execute(process.execPath, ['contract.mjs', server.url], { cwd: project.path }),
      );
      for (const { stdout } of await Promise.all(runs))
        expect(JSON.parse(stdout)).toEqual({ passed: expect.any(Number), failed: [] });
    } finally {
      project.remove();
      await server.close();
    }
  });

  it('says how to install ioredis when it is missing, and needs it for nothing before the first call', async () => {
    const project = temporaryProject({ 'missing.mjs': MISSING_PROCESS });
    try {
      const { stdout } = await execute(process.execPath, ['missing.mjs'], { cwd: project.path });
      expect(stdout).toBe(
        'INVALID_OPTIONS: redisStore.url: needs the package ioredis, which is not installed: npm install ioredis',
      );
    } finally {
      project.remove();
    }
  });
});

describe('redisStore, its options', () => {
  const client = {
    eval: () => Promise.reject(new Error()),
    evalsha: () => Promise.reject(new Error()),
    zcount: () => Promise.reject(new Error()),
  };

  it.each<[string, object, RegExp]>([
    ['neither client nor url', {}, /redisStore: expected either client or url/],
    ['both', { client, url: 'redis://localhost' }, /either client or url/],
    ['a client that is none', { client: {} }, /redisStore\.client: expected a client of ioredis/],
    ['another protocol', { url: 'http://localhost' }, /redisStore\.url: expected redis:/],
    ['TLS for a client', { client, tls: {} }, /redisStore\.tls: requires url/],
    ['braces in the prefix', { client, keyPrefix: 'a{b}' }, /redisStore\.keyPrefix: expected no braces/],
    ['no time', { client, timeoutMs: 0 }, /redisStore\.timeoutMs/],
    ['an option that is none', { client, keyprefix: 'a' }, /keyprefix/],
  ])('refuses %s', (_, options, message) => {
    expect(() => redisStore(options as RedisStoreOptions)).toThrow(message);
  });
});

/** Runs the contract from the package as it is published. */
const CONTRACT_PROCESS = `
  import { Redis } from 'ioredis';
  import { redisStore } from 'yc-broadcast/stores/redis';
  import { storeContract } from 'yc-broadcast/testing';
  const client = new Redis(process.argv[2]);
  const result = { passed: 0, failed: [] };
  const backend = { open: ({ namespace, now }) => redisStore({ client, keyPrefix: namespace, now, timeoutMs: ${PATIENCE_MS} }) };
  for (const { name, skip, run } of storeContract(backend)) {
    if (skip || name.includes('10,000')) continue;
    await run().then(() => result.passed++, (error) => result.failed.push(name + ': ' + error.message));
  }
  client.disconnect();
  console.log(JSON.stringify(result));
`;

/** A process in which ioredis cannot be found. */
const MISSING_PROCESS = `
  import { register } from 'node:module';
  const hook = "export const resolve = (name, context, next) => next(name === 'ioredis' ? 'not-installed' : name, context)";
  register('data:text/javascript,' + encodeURIComponent(hook));
  await import('yc-broadcast');
  const { redisStore } = await import('yc-broadcast/stores/redis');
  const store = redisStore({ url: 'redis://127.0.0.1:1' });
  await store.get('phone').catch((error) => process.stdout.write(error.message));
`;

const execute = promisify(execFile);

async function clientsIn(client: Redis, database: number): Promise<number> {
  const list = (await client.client('LIST')) as string;
  return list.split('\n').filter((line) => line.includes(` db=${database} `)).length;
}

/** The commands that a call sends, as the server sees them; not those that scripts run. */
async function commandsOf(client: Redis, call: () => Promise<unknown>): Promise<string[]> {
  const monitor = await client.monitor();
  const end = randomUUID();
  const commands: string[] = [];
  try {
    const seen = new Promise<void>((resolve) => {
      monitor.on('monitor', (_time: string, [name = '', argument]: string[], source: string) => {
        if (argument === end) resolve();
        else if (source !== 'lua') commands.push(name.toLowerCase());
      });
    });
    await call();
    await client.echo(end);
    await seen;
  } finally {
    monitor.disconnect();
  }
  return commands;
}

/** Commands that are sent while others are under way share a round trip with them. */
function countRoundTrips(client: Redis) {
  let underWay = 0;
  let trips = 0;
  async function counted<T>(call: Promise<T>): Promise<T> {
    if (underWay++ === 0) trips++;
    try {
      return await call;
    } finally {
      underWay--;
    }
  }
  const counting: RedisClient = {
    eval: (...args) => counted(client.eval(...args)),
    evalsha: (...args) => counted(client.evalsha(...args)),
    zcount: (...args) => counted(client.zcount(...args)),
  };
  return {
    counting,
    async roundTripsOf(call: () => Promise<unknown>): Promise<number> {
      const before = trips;
      await call();
      return trips - before;
    },
  };
}

/** The rules, except those that test/stores/failover.test.ts and repeats.test.ts have. */
function casesOf(client: () => RedisClient, node: () => Redis): readonly StoreCase[] {
  return storeContract(backendOf(client, node)).filter(({ name }) => !/^(failover|repeat)/.test(name));
}

/** Stores that share one client, as those of a warm function do. */
function backendOf(client: () => RedisClient, node: () => Redis): StoreBackend {
  return {
    open: ({ namespace, now }) =>
      redisStore({ client: client(), keyPrefix: namespace, now, timeoutMs: PATIENCE_MS }),
    drop: (namespace) => dropKeys(node(), namespace),
  };
}
