import { randomBytes } from 'node:crypto';
import * as z from 'zod/mini';
import { BroadcastError } from '../base/errors.js';
import { checkName } from '../base/names.js';
import { functionOption, objectWith, parseOptions } from '../base/options.js';
import { CONNECTION_TTL_MS } from '../base/protocol.js';
import { checkListOptions, shardOf, type CompleteStore } from '../model/store.js';
import {
  throughClient,
  throughOwnPool,
  throughPool,
  type Access,
  type PostgresQueryable,
} from './postgres/access.js';
import { createDatabase } from './postgres/database.js';
import { postgresHistory } from './postgres/history.js';
import { connectionOf, countOf, listingOf, pageOf } from './postgres/listing.js';
import { postgresRecords } from './postgres/records.js';
import { postgresSchema, schemaShape, tableNames, type PostgresSchemaOptions } from './postgres/schema.js';
import { postgresState } from './postgres/state.js';
import { connectionStatements } from './postgres/statements.js';

export { postgresSchema } from './postgres/schema.js';
export type { PostgresSchemaOptions } from './postgres/schema.js';
export type { PostgresQuery, PostgresQueryable } from './postgres/access.js';

/** One of `pool`, `client` and `connectionString` is required. */
export interface PostgresStoreOptions extends PostgresSchemaOptions {
  /**
   * A `pg.Pool`. Stays yours: close it yourself. An idle connection that breaks does not end the process any
   * more.
   */
  readonly pool?: PostgresQueryable | undefined;
  /**
   * A connected `pg.Client`, used for one query at a time. It cannot connect again, so it is for scripts and
   * tests.
   */
  readonly client?: PostgresQueryable | undefined;
  /**
   * `postgresql://user:password@host:port/database`; with `?sslmode=verify-full&sslrootcert=<file>` over TLS.
   * Makes a pool of its own when it is needed, and loads the package `pg` for that.
   */
  readonly connectionString?: string | undefined;
  /** Most connections of the pool that `connectionString` makes. @default 5 */
  readonly maxConnections?: number | undefined;
  /** Longest time that one call may take, connecting included, in milliseconds. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** The clock, in Unix milliseconds. The server's is never asked. @default Date.now */
  readonly now?: (() => number) | undefined;
}

/** A store in PostgreSQL; its tables are made by `migrate`. */
export interface PostgresStore extends CompleteStore {
  /** Makes the tables that are missing. May be called again, also by several instances at once. */
  migrate(): Promise<void>;
  close(): Promise<void>;
}

const SOURCES = ['pool', 'client', 'connectionString'] as const;
const CONNECTION_STRING = /^(postgres(ql)?|socket):\/\/|^\//;
const DEFAULT_CONNECTIONS = 5;
const MAX_TIMER_MS = 2 ** 31 - 1;

const optionsSchema = z
  .strictObject({
    ...schemaShape,
    pool: z.optional(objectWith<PostgresQueryable>('a pg.Pool', 'query')),
    client: z.optional(objectWith<PostgresQueryable>('a pg.Client', 'query')),
    connectionString: z.optional(
      z
        .string()
        .check(
          z.refine(
            isConnectionString,
            'expected postgresql://user:password@host:port/database, special characters percent-encoded',
          ),
        ),
    ),
    maxConnections: z.optional(z.int().check(z.minimum(1))),
    timeoutMs: z._default(z.int().check(z.minimum(1), z.maximum(MAX_TIMER_MS)), 5000),
    now: z._default(functionOption<() => number>(), () => Date.now),
  })
  .check(
    z.refine((options) => SOURCES.filter((source) => options[source] !== undefined).length === 1, {
      message: `expected exactly one of ${SOURCES.join(', ')}`,
    }),
    z.refine(
      ({ connectionString, maxConnections }) =>
        maxConnections === undefined || connectionString !== undefined,
      {
        path: ['maxConnections'],
        message: 'requires connectionString; a pool of your own has its own max',
      },
    ),
  );

type Settings = z.output<typeof optionsSchema>;

/** How long after its expiry a row may be deleted, in milliseconds: clocks of instances differ. */
const SWEEP_AFTER_MS = 600_000;

/**
 * Keeps connections, histories, records and state in PostgreSQL, 12 or newer, in the order of the bytes of
 * their ids. Every method is one statement and one round trip. Three take the first read of a history that
 * nobody has used, and of a state after a failover; two the state of a reader that has to begin anew.
 *
 * Needs no session: works through a pooler in transaction mode (Odyssey, PgBouncer). The tables are made by
 * `migrate()` or by the `schema.sql` of the package. Rows that have expired are deleted a few at a time by
 * later calls of `put`.
 *
 * Throws `INVALID_OPTIONS` that names the option. Methods reject with `INVALID_OPTIONS` for what only you can
 * change (a missing table, a wrong password) and with `STORE_UNAVAILABLE` when the server cannot be reached.
 *
 * @example
 * const store = postgresStore({ connectionString: process.env.DATABASE_URL });
 */
export function postgresStore(options: PostgresStoreOptions): PostgresStore {
  const settings = parseOptions(optionsSchema, options, 'postgresStore');
  const { now, timeoutMs } = settings;
  const { schema, tablePrefix } = settings;
  const tables = tableNames({ schema, tablePrefix });
  const database = createDatabase(accessOf(settings), timeoutMs);
  const statements = connectionStatements(tables);

  return {
    name: 'postgres',
    async put({ id, user, attributes, connectedAt, expiresAt }) {
      checkName(id, 'connection.id');
      if (user !== undefined) checkName(user, 'connection.user');
      const [row] = await database.rows(statements.put, [
        id,
        shardHash(id),
        user ?? null,
        JSON.stringify(attributes),
        connectedAt,
        expiresAt,
        now() - SWEEP_AFTER_MS,
        newCall(),
      ]);
      return Number(row?.['stored']) === 1 ? 'stored' : 'removed';
    },
    async get(id) {
      const [row] = await database.rows(statements.get, [checkName(id, 'id'), now()]);
      return row === undefined ? undefined : connectionOf(row);
    },
    async setAttributes(id, attributes) {
      const values = [checkName(id, 'id'), JSON.stringify(attributes), now(), newCall()];
      return (await database.rows(statements.setAttributes, values)).length === 1;
    },
    async remove(ids) {
      const names = [...new Set(ids)].map((id) => checkName(id, 'id'));
      if (names.length === 0) return;
      await database.rows(statements.remove, [names, now() + CONNECTION_TTL_MS]);
    },
    async join(id, room) {
      const values = [checkName(id, 'id'), checkName(room, 'room'), now(), newCall()];
      return (await database.rows(statements.join, values)).length === 1 ? 'joined' : 'absent';
    },
    async leave(id, room) {
      await database.rows(statements.leave, [checkName(id, 'id'), checkName(room, 'room'), newCall()]);
    },
    async rooms(id) {
      const rows = await database.rows(statements.rooms, [checkName(id, 'id'), now()]);
      return rows.map(({ room }) => room as string);
    },
    async list(audience, listOptions) {
      checkListOptions(listOptions);
      const { text, values } = listingOf(statements, audience, listOptions, now());
      return pageOf(await database.rows(text, values), listOptions.limit, audience);
    },
    async count(audience) {
      const { text, values } = countOf(statements, audience, now());
      const [row] = await database.rows(text, values);
      return Number(row?.['count']);
    },
    history: postgresHistory(database, tables, now),
    records: postgresRecords(database, tables, now),
    state: postgresState(database, tables, now),
    migrate: () => database.script(postgresSchema({ schema, tablePrefix })),
    close: () => database.close(),
  };
}

/** Tells a call that comes again from one that only looks like it. */
function newCall(): string {
  return randomBytes(6).toString('base64url');
}

function accessOf({ pool, client, connectionString, maxConnections, timeoutMs, now }: Settings): Access {
  if (pool !== undefined) return throughPool(pool);
  if (client !== undefined) return throughClient(client);
  if (connectionString === undefined) {
    throw new BroadcastError('INVALID_OPTIONS', `postgresStore: expected one of ${SOURCES.join(', ')}`);
  }
  return throughOwnPool({
    connectionString,
    maxConnections: maxConnections ?? DEFAULT_CONNECTIONS,
    timeoutMs,
    now,
  });
}

function isConnectionString(text: string): boolean {
  return CONNECTION_STRING.test(text) && (text.startsWith('/') || URL.canParse(text));
}

/** All 32 bits of the hash by which ids fall on shards. */
function shardHash(id: string): number {
  return shardOf(id, 2 ** 32);
}
