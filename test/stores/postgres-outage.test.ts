/**
 * What the PostgreSQL store does when the server, the network, the set-up or the package is not as it should
 * be.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect, promisify } from 'node:util';
import pg from 'pg';
import { generate } from 'selfsigned';
import { BroadcastError, createBroadcaster, type ConnectionStore } from 'yc-broadcast';
import type { StatePosition } from 'yc-broadcast/stores';
import {
  postgresStore,
  type PostgresQueryable,
  type PostgresStoreOptions,
} from 'yc-broadcast/stores/postgres';
import { fillRoom, storedConnection } from '../support/people.js';
import { describeWithPostgres, PASSWORD } from '../support/postgres-server.js';
import { scriptedTransport } from '../support/scripted-transport.js';
import { historyOf, recordsOf, stateOf } from '../support/shared-memory.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const LIMITS = { maxEntries: 10, maxAgeMs: 3_600_000 };

async function failureOf(call: () => Promise<unknown>): Promise<BroadcastError> {
  const reason: unknown = await call().then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(reason).toBeInstanceOf(BroadcastError);
  const shown = inspect(reason, { depth: 10, showHidden: true });
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD)]) expect(shown).not.toContain(secret);
  return reason as BroadcastError;
}

describeWithPostgres('postgresStore, when something is wrong', (server) => {
  let store: ConnectionStore;

  beforeAll(async () => {
    const own = postgresStore({ connectionString: server().url });
    await own.migrate();
    store = own;
  });

  afterAll(() => store.close?.());

  it('ends a broadcast with a cursor when the server dies, and goes on to everyone when it is back', async () => {
    const ids = await fillRoom(store, 'lobby', 120);
    let sent = 0;
    const transport = scriptedTransport(async () => {
      if (++sent === 25) await server().kill();
      return 'ok' as const;
    });
    const broadcaster = createBroadcaster({ store, transport, broadcast: { pageSize: 10 } });
    const first = await broadcaster.to('lobby').sendRaw('news');
    expect(first).toMatchObject({ stoppedBy: 'store', complete: false });
    const cursor = first.cursor ?? '';
    expect(transport.received.size).toBeLessThan(ids.length);

    const meanwhile = await failureOf(() => broadcaster.resume(cursor).sendRaw('news'));
    expect(meanwhile).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });

    await server().start();
    const second = await broadcaster.resume(cursor).sendRaw('news');
    expect(second).toMatchObject({ stoppedBy: 'done', complete: true });
    expect([...transport.received.keys()].sort()).toEqual(ids);
    expect([...transport.received.values()].every((texts) => texts.length === 1)).toBe(true);
  });

  it('gives a room another epoch when the server was started again, and keeps its entries', async () => {
    const history = historyOf(store);
    await history.append('failover', 'one', LIMITS);
    const seen = await history.append('failover', 'two', LIMITS);
    expect((await history.append('failover-2', 'one', LIMITS)).offset).toBe(1);
    expect(await history.read('failover', { since: seen, limit: 10 })).toMatchObject({ recovered: true });
    const other = await history.read('failover-2', { limit: 0 });
    const elsewhere = encodeURIComponent(
      '-c TimeZone=Asia/Tokyo -c DateStyle=German -c extra_float_digits=0',
    );
    const there = postgresStore({ connectionString: `${server().url}?options=${elsewhere}` });
    expect(await historyOf(there).read('failover-2', { limit: 0 })).toEqual(other);
    await there.close();
    await server().kill();
    await server().start();
    const read = await history.read('failover', { since: seen, limit: 10 });
    expect(read).toMatchObject({ recovered: false, entries: [], position: { offset: 2 } });
    expect(read.position.epoch).not.toBe(seen.epoch);
    const three = await history.append('failover', 'three', LIMITS);
    expect(three).toEqual({ offset: 3, epoch: read.position.epoch });
    expect((await history.read('failover', { limit: 10 })).entries).toHaveLength(3);
    const appended = await history.append('failover-2', 'two', LIMITS);
    expect(appended.epoch).not.toBe(other.position.epoch);
    expect(appended.offset).toBe(2);
  });

  it('gives a state another epoch when the server was started again, whether a read or a change finds out', async () => {
    const state = stateOf(store);
    const set = (room: string, value: string) => state.change(room, [{ map: 'm', key: 'k', value }]);
    await set('failover', '1');
    await set('failover-2', '1');
    const read = (room: string, since: StatePosition | null) => state.read(room, { since, maxBytes: 1000 });
    const { version, epoch } = await read('failover', null);
    await server().kill();
    await server().start();
    const page = await read('failover', { version, epoch });
    expect(page).toMatchObject({ reset: true, version: 1, rows: [{ value: '1' }] });
    expect(await set('failover', '2')).toEqual({
      changed: true,
      position: { version: 2, epoch: page.epoch },
    });
    const other = await read('failover-2', null);
    expect(await set('failover-2', '2')).toEqual({
      changed: true,
      position: { version: 2, epoch: other.epoch },
    });
    await server().kill();
    await server().start();
    const third = await set('failover-2', '3');
    expect(third).toMatchObject({ position: { version: 3, epoch: expect.not.stringMatching(other.epoch) } });
    expect(await read('failover-2', { version: 2, epoch: other.epoch })).toMatchObject({ reset: true });
  });

  it.each(['serializable', 'repeatable read'])(
    'lets one of several writers for a free key win where %s is default',
    async (level) => {
      const settings = encodeURIComponent(`-c default_transaction_isolation=${level.replace(' ', '\\ ')}`);
      const strict = postgresStore({ connectionString: `${server().url}?options=${settings}` });
      const results = await Promise.all(
        Array.from({ length: 15 }, (_, n) =>
          stateOf(strict).change(`strict ${level}`, [
            { map: 'm', key: `k${n % 3}`, value: String(n), ifVersion: 0 },
          ]),
        ),
      );
      expect(results.filter(({ changed }) => changed)).toHaveLength(3);
      const page = await stateOf(strict).read(`strict ${level}`, { since: null, maxBytes: 1000 });
      expect(page).toMatchObject({ version: 3, rows: [{ version: 1 }, { version: 2 }, { version: 3 }] });
      await strict.close();
    },
  );

  it.each(['serializable', 'repeatable read'])(
    'numbers appends from all sides where %s is default',
    async (level) => {
      const settings = encodeURIComponent(`-c default_transaction_isolation=${level.replace(' ', '\\ ')}`);
      const strict = postgresStore({ connectionString: `${server().url}?options=${settings}` });
      const room = `strict ${level}`;
      const positions = await Promise.all(
        Array.from({ length: 15 }, (_, n) =>
          historyOf(strict).append(room, `${n}`, { ...LIMITS, maxEntries: 100 }),
        ),
      );
      const offsets = positions.map(({ offset }) => offset).sort((a, b) => a - b);
      expect(offsets).toEqual(Array.from({ length: 15 }, (_, n) => n + 1));
      await strict.close();
    },
  );

  it('is not the end of the process when idle connections of a pool are ended, and the next call gets others', async () => {
    const pool = new pg.Pool({ connectionString: server().url, max: 3 });
    const pooled = postgresStore({ pool });
    await Promise.all([1, 2, 3].map(() => pooled.count({ all: true })));
    const removed = new Promise((resolve) => pool.once('remove', resolve));
    await store.put(storedConnection('phone'));
    await server().psql(
      '-c',
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
    );
    await removed;
    expect((await pooled.get('phone'))?.id).toBe('phone');
    expect((await store.get('phone'))?.id).toBe('phone');
    await pool.end();
  });

  it('says that a lost single connection is not coming back', async () => {
    const client = new pg.Client({ connectionString: server().url });
    await client.connect();
    const single = postgresStore({ client });
    const ended = new Promise((resolve) => client.once('end', resolve));
    await server().psql(
      '-c',
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
    );
    await ended;
    expect(await failureOf(() => single.get('phone'))).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  describe('behind a network that fails', () => {
    let proxy: TcpProxy;
    let proxied: string;

    beforeAll(async () => {
      proxy = await startTcpProxy(server().port);
      proxied = server().url.replace(String(server().port), String(proxy.port));
    });

    afterAll(() => proxy.close());

    it.each(['pool', 'client', 'connectionString'] as const)('does not wait for ever: %s', async (source) => {
      const connection = { connectionString: proxied };
      const client = new pg.Client(connection);
      const pool = new pg.Pool({ ...connection, max: 1 });
      if (source === 'client') await client.connect();
      // One connection each: the second call waits for the first.
      const through = {
        pool: { pool },
        client: { client },
        connectionString: { ...connection, maxConnections: 1 },
      };
      const silent = postgresStore({ ...through[source], timeoutMs: 2000 });
      await silent.count({ all: true });
      proxy.freeze();
      const failures = await Promise.all([1, 2].map(() => failureOf(() => silent.count({ all: true }))));
      for (const failure of failures)
        expect(failure.message).toMatch(/^STORE_UNAVAILABLE: .*(2000 ms|timeout)/);
      await silent.close();
      proxy.reset();
      await pool.end();
    });

    it('begins anew after a pause that its connections have not survived, without losing a call', async () => {
      let now = Date.now();
      const paused = postgresStore({ connectionString: proxied, now: () => now });
      const before = await historyOf(paused).append('paused', 'one', LIMITS);
      proxy.freeze();
      now += 31_000;
      const after = await historyOf(paused).append('paused', 'two', LIMITS);
      expect(after).toEqual({ ...before, offset: 2 });
      proxy.reset();
      await paused.close();
    });

    it('never says that another one was faster when the answer to a change is lost', async () => {
      const state = stateOf(postgresStore({ connectionString: proxied }));
      await state.change('lost', [{ map: 'm', key: 'k', value: '1' }]);
      proxy.loseNextAnswer();
      const changes = [{ map: 'm', key: 'k', value: '2', ifVersion: 1 }];
      expect(await failureOf(() => state.change('lost', changes))).toMatchObject({
        code: 'STORE_UNAVAILABLE',
      });
      expect(await state.get('lost', 'm', 'k')).toMatchObject({ version: 2, value: '2' });
    });

    it('cannot be reached at all', async () => {
      const nobody = postgresStore({ connectionString: server().url.replace(String(server().port), '1') });
      const failure = await failureOf(() => nobody.get('phone'));
      expect(failure.message).toMatch(/^STORE_UNAVAILABLE: PostgreSQL cannot be reached: .*ECONNREFUSED/);
      for (const call of [
        () => recordsOf(nobody).read('job'),
        () => recordsOf(nobody).write('job', PASSWORD, { ifVersion: undefined, ttlMs: 1000 }),
        () => recordsOf(nobody).remove('job'),
        () => stateOf(nobody).change('lobby', [{ map: 'm', key: 'k', value: JSON.stringify(PASSWORD) }]),
      ]) {
        expect((await failureOf(call)).code).toBe('STORE_UNAVAILABLE');
      }
    });
  });

  it('repeats what does no harm when the answer was lost, and never an append', async () => {
    const pool = new pg.Pool({ connectionString: server().url });
    let calls = 0;
    const losing: PostgresQueryable = {
      async query(query) {
        const result = await pool.query<object>(query);
        if (++calls === 1) throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
        return result;
      },
    };
    const unlucky = postgresStore({ pool: losing });
    expect(await unlucky.put(storedConnection('tablet'))).toBe('stored');
    expect(calls).toBe(2);
    const records = recordsOf(unlucky);
    calls = 0;
    const first = await records.write('job', 'first', { ifVersion: undefined, ttlMs: 60_000 });
    expect([calls, (await records.read('job'))?.version]).toEqual([2, first]);
    calls = 0;
    const second = await records.write('job', 'second', { ifVersion: first, ttlMs: 60_000 });
    expect(await records.read('job')).toEqual({ value: 'second', version: second });
    calls = 0;
    const failure = await failureOf(() => historyOf(unlucky).append('attic', 'once', LIMITS));
    expect(failure.code).toBe('STORE_UNAVAILABLE');
    expect((await historyOf(unlucky).read('attic', { limit: 10 })).position.offset).toBe(1);
    await pool.end();
  });

  describe('in its set-up', () => {
    const withUrl = (change: (url: string) => string, more: Partial<PostgresStoreOptions> = {}) =>
      failureOf(() => postgresStore({ connectionString: change(server().url), ...more }).get('phone'));

    it.each([
      [
        'a wrong password',
        () => withUrl((url) => url.replace('tester:', 'tester:x')),
        /password was rejected/,
      ],
      ['a wrong database', () => withUrl((url) => `${url}x`), /database does not exist/],
      [
        'a table that is missing',
        () => withUrl((url) => url, { tablePrefix: 'none_' }),
        /store\.migrate\(\)/,
      ],
      [
        'a schema that is missing',
        () => failureOf(() => postgresStore({ connectionString: server().url, schema: 'none' }).migrate()),
        /CREATE SCHEMA/,
      ],
    ])('names the remedy for %s', async (_what, fail, remedy) => {
      const failure = await fail();
      expect(failure.code).toBe('INVALID_OPTIONS');
      expect(failure.message).toMatch(remedy);
    });

    it('tells a mistake in a wrapped pool from a server that is away', async () => {
      const broken: PostgresQueryable = { query: () => Promise.reject(new TypeError('x is undefined')) };
      expect(await failureOf(() => postgresStore({ pool: broken }).get('phone'))).toMatchObject({
        code: 'UNKNOWN',
      });
    });

    it('checks the certificate of the server against the given authority', async () => {
      const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
        keyType: 'ec',
        extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
      });
      const files = { key: server().write('server.key', key), cert: server().write('server.crt', cert) };
      for (const [setting, value] of Object.entries({
        ssl_key_file: files.key,
        ssl_cert_file: files.cert,
        ssl: 'on',
      })) {
        await server().psql('-c', `ALTER SYSTEM SET ${setting} = '${value}'`);
      }
      await server().psql('-c', 'SELECT pg_reload_conf()');
      const checked = (more: string) =>
        postgresStore({ connectionString: `${server().url}?sslmode=verify-full${more}` });
      const secure = checked(`&sslrootcert=${files.cert}`);
      expect(await secure.get('nobody')).toBeUndefined();
      await secure.close();
      expect(await failureOf(() => checked('').get('nobody'))).toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining('certificate'),
      });
    });
  });

  it('closes what it has opened, twice if need be, and nothing else', async () => {
    const pool = new pg.Pool({ connectionString: server().url });
    const [own, borrowing] = [
      postgresStore({ connectionString: `${server().url}?application_name=own` }),
      postgresStore({ pool }),
    ];
    await Promise.all([own.get('phone'), borrowing.get('phone')]);
    for (const each of [own, own, borrowing, borrowing]) await each.close();
    const { rows } = await pool.query("SELECT 1 FROM pg_stat_activity WHERE application_name = 'own'");
    expect(rows).toEqual([]);
    expect(await failureOf(() => own.get('phone'))).toMatchObject({
      message: expect.stringContaining('closed'),
    });
    await pool.end();
  });
});

describe('the options of postgresStore', () => {
  const pool: PostgresQueryable = { query: () => Promise.reject(new Error('not asked')) };
  const options: readonly (readonly [string, PostgresStoreOptions & Record<string, unknown>, RegExp])[] = [
    ['no source', {}, /exactly one of pool, client, connectionString/],
    ['two sources', { pool, client: pool }, /exactly one of pool, client, connectionString/],
    ['a pool that is none', { pool: {} as PostgresQueryable }, /postgresStore\.pool: expected a pg\.Pool/],
    [
      'connections of a pool of yours',
      { pool, maxConnections: 3 },
      /postgresStore\.maxConnections: requires connectionString/,
    ],
    [
      'a prefix that needs quotes',
      { pool, tablePrefix: 'a"; DROP' },
      /postgresStore\.tablePrefix: expected lower/,
    ],
    ['a prefix that is too long', { pool, tablePrefix: 'a'.repeat(41) }, /tablePrefix: expected at most 40/],
    ['a schema that needs quotes', { pool, schema: 'Chat' }, /postgresStore\.schema: expected lower-case/],
    ['no time', { pool, timeoutMs: 0 }, /postgresStore\.timeoutMs/],
    ['an option that does not exist', { pool, timeout: 5 }, /timeout/],
  ];

  it.each(options)('refuse %s', (_what, given, message) => {
    expect(() => postgresStore(given)).toThrow(message);
  });

  it('refuse a connection string without repeating it', () => {
    for (const connectionString of ['postgresql://me:s3cret#@:x', 'host=db password=s3cret', '']) {
      expect(() => postgresStore({ connectionString })).toThrow(
        /connectionString: expected postgresql:.*encoded$/,
      );
    }
  });

  it('need the package pg for a connection string only, and say how to get it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'yc-broadcast-without-pg-'));
    try {
      const modules = join(folder, 'node_modules');
      mkdirSync(join(modules, 'yc-broadcast'), { recursive: true });
      for (const part of ['dist', 'package.json']) {
        cpSync(join(root, part), join(modules, 'yc-broadcast', part), { recursive: true });
      }
      symlinkSync(join(root, 'node_modules/zod'), join(modules, 'zod'));
      const program = `
        import { postgresStore } from 'yc-broadcast/stores/postgres';
        const pooled = postgresStore({ pool: { query: async () => ({ rows: [{ count: 7 }] }) } });
        console.log(await pooled.count({ all: true }));
        await postgresStore({ connectionString: 'postgresql://me:s3cret@127.0.0.1:1/db' }).get('phone')
          .catch(({ message }) => console.log(message));`;
      const args = ['--input-type=module', '-e', program];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
      expect(stdout.split('\n')).toEqual([
        '7',
        expect.stringMatching(/^INVALID_OPTIONS: .*npm install pg$/),
        '',
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
