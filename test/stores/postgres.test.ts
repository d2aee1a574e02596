/**
 * The store against a real PostgreSQL that works; test/stores/postgres-outage.test.ts has the one that does
 * not.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { ENDED_ROW_MS } from 'yc-broadcast/stores';
import {
  postgresSchema,
  postgresStore,
  type PostgresQuery,
  type PostgresStore,
  type PostgresStoreOptions,
} from 'yc-broadcast/stores/postgres';
import { storeContract, type StoreBackend, type StoreCase } from 'yc-broadcast/testing';
import { fillRoom, storedConnection } from '../support/people.js';
import { describeWithPostgres } from '../support/postgres-server.js';
import { historyOf, recordsOf, stateOf } from '../support/shared-memory.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const TABLES = ['states', 'state_rows', 'records', 'entries', 'histories', 'members', 'connections'] as const;
const HOUR_MS = 3_600_000;
/** The largest case makes 20,000 calls. */
const CASE_TIMEOUT_MS = 120_000;

function freshPrefix(): string {
  return `t${randomBytes(8).toString('hex')}_`;
}

describeWithPostgres('postgresStore', (server) => {
  let pool: pg.Pool;

  beforeAll(() => {
    pool = new pg.Pool({ connectionString: server().url, max: 10 });
  });

  afterAll(() => pool.end());

  async function freshStore(options: Partial<PostgresStoreOptions> = {}): Promise<PostgresStore> {
    const store = postgresStore({ pool, tablePrefix: freshPrefix(), ...options });
    await store.migrate();
    return store;
  }

  async function rowsIn(prefix: string, table: (typeof TABLES)[number]): Promise<number> {
    const { rows } = await pool.query<{ count: string }>(`SELECT count(*) FROM ${prefix}${table}`);
    return Number(rows[0]?.count);
  }

  describe('keeps the rules of a store', () => {
    function backend(
      open: (options: Omit<PostgresStoreOptions, 'pool'>) => PostgresStore | Promise<PostgresStore>,
    ): StoreBackend {
      return {
        async open({ namespace, now }) {
          const store = await open({ tablePrefix: `${namespace}_`, now });
          await store.migrate();
          return store;
        },
        async drop(namespace) {
          for (const table of TABLES) await pool.query(`DELETE FROM ${namespace}_${table}`);
        },
      };
    }

    const withPool = backend((options) => postgresStore({ ...options, pool }));

    const withOwnPool = backend((options) =>
      postgresStore({ ...options, connectionString: server().url, maxConnections: 2 }),
    );

    const withClient = backend(async (options) => {
      const client = new pg.Client({ connectionString: server().url });
      await client.connect();
      const store = postgresStore({ ...options, client });
      return {
        ...store,
        async close() {
          await store.close();
          await client.end();
        },
      };
    });

    /** The way to the server makes no difference to the 20,000 calls of this one. */
    const isQuick = ({ name, skip }: StoreCase): boolean => !skip && !name.includes('10,000');
    /** test/stores/failover.test.ts and repeats.test.ts have the others. */
    const withoutFailover = storeContract(withPool).filter(({ name }) => !/^(failover|repeat)/.test(name));

    it.each(withoutFailover)('through a pool: $name', ({ run }) => run(), CASE_TIMEOUT_MS);
    it.each(storeContract(withOwnPool).filter(isQuick))('through its own pool: $name', ({ run }) => run());
    it.each(storeContract(withClient).filter(isQuick))('through one connection: $name', ({ run }) => run());

    it(
      'in two processes on one server, which do not get in the way of each other',
      async () => {
        const env = { ...process.env, PGURL: server().url };
        const run = (): Promise<{ stdout: string }> =>
          promisify(execFile)(process.execPath, ['test/support/contract-process.js'], { cwd: root, env });
        const [one, other] = await Promise.all([run(), run()]);
        expect(one.stdout).toMatch(/^\d{2,3} passed/);
        expect(other.stdout).toBe(one.stdout);
      },
      CASE_TIMEOUT_MS,
    );
  });

  describe('keeps what PostgreSQL would refuse as text', () => {
    const awkward = 'U+0000: \0, half a pair: \uD83E, both halves: 🦊';

    it('in the entries of a history', async () => {
      const history = historyOf(await freshStore());
      await history.append('lobby', awkward, { maxEntries: 10, maxAgeMs: HOUR_MS });
      expect((await history.read('lobby', { limit: 1 })).entries[0]?.data).toBe(awkward);
    });

    it('in attributes', async () => {
      const store = await freshStore();
      await store.put(storedConnection('phone', { attributes: { [awkward]: awkward } }));
      expect((await store.get('phone'))?.attributes).toEqual({ [awkward]: awkward });
    });
  });

  describe('asks little of the server', () => {
    let asked: PostgresQuery[] = [];
    let store: PostgresStore;

    beforeAll(async () => {
      store = await freshStore({
        pool: {
          query(query) {
            asked.push(query);
            return pool.query(query);
          },
        },
      });
      await fillRoom(store, 'lobby', 2000, (index) => ({ user: index % 2 === 0 ? 'ann' : 'bob' }));
      await pool.query('ANALYZE');
    }, CASE_TIMEOUT_MS);

    function asking(call: () => Promise<unknown>): Promise<number> {
      asked = [];
      return call().then(() => asked.length);
    }

    const limits = { maxEntries: 10, maxAgeMs: HOUR_MS };
    const firstWrite = { ifVersion: undefined, ttlMs: HOUR_MS };
    const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['put', () => store.put(storedConnection('phone'))],
      ['get', () => store.get('phone')],
      ['setAttributes', () => store.setAttributes('phone', { seat: 1 })],
      ['join', () => store.join('phone', 'lobby')],
      ['rooms', () => store.rooms('phone')],
      ['leave', () => store.leave('phone', 'lobby')],
      [
        'remove of 1,000 ids',
        () => store.remove(Array.from({ length: 1000 }, (_, index) => `gone-${index}`)),
      ],
      ['list of a room', () => store.list({ room: 'lobby' }, { limit: 100 })],
      ['list of a user', () => store.list({ user: 'ann' }, { limit: 100 })],
      ['list of everybody', () => store.list({ all: true }, { limit: 100 })],
      ['count', () => store.count({ room: 'lobby' })],
      ['append', () => historyOf(store).append('lobby', 'text', limits)],
      ['read', () => historyOf(store).read('lobby', { limit: 10 })],
      ['a first write of a record', () => recordsOf(store).write('job', 'text', firstWrite)],
      ['a later one', () => recordsOf(store).write('job', 'text', { ...firstWrite, ifVersion: 'any' })],
      ['reading a record', () => recordsOf(store).read('job')],
      ['removing a record', () => recordsOf(store).remove('job')],
      ['a change of the state', () => stateOf(store).change('lobby', [{ map: 'm', key: 'k', value: '1' }])],
      ['reading the state', () => stateOf(store).read('lobby', { since: null, maxBytes: 1000 })],
      ['one key of it', () => stateOf(store).get('lobby', 'm', 'k')],
    ];

    it.each(calls)('one round trip for %s', async (_name, call) => {
      expect(await asking(call)).toBe(1);
    });

    it('nothing for a removal of nobody, three for the first read of a room that has no history', async () => {
      expect(await asking(() => store.remove([]))).toBe(0);
      expect(await asking(() => historyOf(store).read('quiet', { limit: 10 }))).toBe(3);
      expect(await asking(() => historyOf(store).read('quiet', { limit: 10 }))).toBe(1);
    });

    it('no statement that a pooler in transaction mode would have to remember', async () => {
      asked = [];
      for (const [, call] of calls) await call();
      await store.migrate();
      for (const query of asked) {
        expect(Object.keys(query)).not.toContain('name');
        expect(query.text).not.toMatch(
          /\b(SET (?!user_name|attributes|newest|forget_at|value|calls|version|epoch)|LISTEN|PREPARE|TEMP)/,
        );
      }
    });

    it.each([
      ['a room', { room: 'lobby' }, /Index.* Scan using \w+_members_pkey/],
      ['a user', { user: 'ann' }, /Index Scan using \w+_connections_by_user/],
      ['everybody', { all: true }, /Index Scan using \w+_connections_pkey/],
    ] as const)('no more rows than a page of %s has', async (_name, audience, index) => {
      await asking(() => store.list(audience, { limit: 50, after: 'p00900' }));
      const [{ text, values } = { text: '', values: [] }] = asked;
      const explain = `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ${text}`;
      const { rows } = await pool.query<Record<string, string>>({ text: explain, values: values ?? [] });
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).toMatch(index);
      expect(plan).not.toContain('Seq Scan');
      const most = Math.max(...[...plan.matchAll(/rows=(\d+) loops/g)].map(([, count]) => Number(count)));
      expect(most).toBe(51);
    });
  });

  describe('clears away', () => {
    it('a few rows with each put, long after nobody needs them', async () => {
      const tablePrefix = freshPrefix();
      let now = Date.now();
      const store = await freshStore({ tablePrefix, now: () => now });
      for (let index = 0; index < 10; index++) {
        await store.put(storedConnection(`old-${index}`, { expiresAt: now + HOUR_MS }));
        await store.join(`old-${index}`, 'lobby');
      }
      await store.remove(['old-0', 'never-there']);
      now += 2 * HOUR_MS;
      await store.put(storedConnection('new-0', { expiresAt: now + HOUR_MS }));
      expect(await rowsIn(tablePrefix, 'connections')).toBe(11 - 5 + 1);
      for (const id of ['new-1', 'new-2'])
        await store.put(storedConnection(id, { expiresAt: now + HOUR_MS }));
      expect(await rowsIn(tablePrefix, 'connections')).toBe(3);
      expect(await rowsIn(tablePrefix, 'members')).toBe(0);
    });

    it('entries that nobody can read, and histories that nobody can ask for', async () => {
      const tablePrefix = freshPrefix();
      let now = Date.now();
      const history = historyOf(await freshStore({ tablePrefix, now: () => now }));
      const limits = { maxEntries: 3, maxAgeMs: HOUR_MS };
      for (let index = 0; index < 7; index++) await history.append('lobby', 'text', limits);
      expect(await rowsIn(tablePrefix, 'entries')).toBe(3);
      now += HOUR_MS;
      await history.append('lobby', 'text', limits);
      expect(await rowsIn(tablePrefix, 'entries')).toBe(1);
      now += 4 * HOUR_MS;
      await history.read('garden', { limit: 1 });
      expect(await rowsIn(tablePrefix, 'histories')).toBe(1);
      expect(await rowsIn(tablePrefix, 'entries')).toBe(0);
    });
  });

  describe('clears away', () => {
    it('keys that ended long ago, and rooms that have none left, with changes of other rooms', async () => {
      const tablePrefix = freshPrefix();
      let now = Date.now();
      const state = stateOf(await freshStore({ tablePrefix, now: () => now }));
      const change = (room: string, key: string, ttlMs?: number) =>
        state.change(room, [{ map: 'm', key, value: '1', ttlMs }]);
      for (let index = 0; index < 5; index++) await change(`old-${index}`, 'k', HOUR_MS);
      await change('mixed', 'k', HOUR_MS);
      await change('mixed', 'stays');
      await state.change('never', [{ map: 'm', key: 'k', value: '1', ifVersion: 7 }]);
      await state.read('read-only', { since: null, maxBytes: 1000 });
      expect(await rowsIn(tablePrefix, 'states')).toBe(6);
      now += HOUR_MS + ENDED_ROW_MS;
      for (const key of ['a', 'b', 'c']) await change('new', key);
      expect(await rowsIn(tablePrefix, 'states')).toBe(2);
      expect(await rowsIn(tablePrefix, 'state_rows')).toBe(4);
    });

    it('a few records with each first write of another, long after nobody needs them', async () => {
      const tablePrefix = freshPrefix();
      let now = Date.now();
      const records = recordsOf(await freshStore({ tablePrefix, now: () => now }));
      const options = { ifVersion: undefined, ttlMs: HOUR_MS };
      for (let index = 0; index < 5; index++) await records.write(`old-${index}`, 'x', options);
      now += HOUR_MS + 60_000;
      const version = await records.write('new-0', 'x', options);
      expect(await rowsIn(tablePrefix, 'records')).toBe(6);
      now += 600_000;
      await records.write('new-0', 'y', { ...options, ifVersion: version });
      expect(await rowsIn(tablePrefix, 'records')).toBe(6);
      for (const key of ['new-1', 'new-2', 'new-3']) await records.write(key, 'x', options);
      expect(await rowsIn(tablePrefix, 'records')).toBe(4);
    });
  });

  describe('migration', () => {
    it('adds what a database of an earlier version lacks to keep state, which is said until then', async () => {
      const tablePrefix = freshPrefix();
      const store = await freshStore({ tablePrefix });
      const change = () => stateOf(store).change('lobby', [{ map: 'm', key: 'k', value: '1' }]);
      await change();
      await pool.query(`DROP FUNCTION ${tablePrefix}change_state`);
      await expect(change()).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
        message: expect.stringMatching(/a function is missing: run `await store\.migrate\(\)`/),
      });
      await store.migrate();
      expect(await change()).toMatchObject({ position: { version: 2 } });
      await pool.query(`DROP TABLE ${tablePrefix}states, ${tablePrefix}state_rows CASCADE`);
      await expect(stateOf(store).get('lobby', 'm', 'k')).rejects.toMatchObject({
        message: expect.stringMatching(/a table is missing: run `await store\.migrate\(\)`/),
      });
      await store.migrate();
      expect(await change()).toMatchObject({ position: { version: 1 } });
    });

    it('adds the table that a database of an earlier version lacks, which is said until then', async () => {
      const tablePrefix = freshPrefix();
      const store = await freshStore({ tablePrefix });
      await store.put(storedConnection('phone'));
      await pool.query(`DROP TABLE ${tablePrefix}records`);
      expect(await store.count({ all: true })).toBe(1);
      await expect(recordsOf(store).read('job')).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
        message: expect.stringMatching(/a table is missing: run `await store\.migrate\(\)`/),
      });
      await store.migrate();
      expect(await recordsOf(store).write('job', 'x', { ifVersion: undefined, ttlMs: 1000 })).toBeDefined();
      expect(await store.count({ all: true })).toBe(1);
    });

    it('makes the tables once, also when many instances begin at the same time', async () => {
      const tablePrefix = freshPrefix();
      const stores = Array.from({ length: 8 }, () => postgresStore({ pool, tablePrefix }));
      await Promise.all(stores.map((store) => store.migrate()));
      await stores[0]?.put(storedConnection('phone'));
      await stores[1]?.migrate();
      expect(await stores[2]?.count({ all: true })).toBe(1);
    });

    it('is a file of the package as well, for psql', async () => {
      const file = 'dist/stores/postgres/schema.sql';
      for (let time = 1; time <= 2; time++)
        await server().psql('--single-transaction', '-f', `${root}${file}`);
      const store = postgresStore({ pool });
      expect(await store.put(storedConnection('phone'))).toBe('stored');
      expect(postgresSchema()).toContain('CREATE TABLE IF NOT EXISTS yc_broadcast_connections');
    });

    it('goes into the schema that is named', async () => {
      await pool.query('CREATE SCHEMA chat');
      const store = await freshStore({ schema: 'chat', tablePrefix: 'live_' });
      await store.put(storedConnection('phone'));
      expect(await rowsIn('chat.live_', 'connections')).toBe(1);
      const { rows } =
        await pool.query(`SELECT 1 FROM pg_class WHERE relname LIKE 'live\\_%' AND relkind = 'r'
        AND relnamespace <> 'chat'::regnamespace`);
      expect(rows).toEqual([]);
    });
  });
});
