import type { Pool, PoolConfig } from 'pg';
import { BroadcastError } from '../../base/errors.js';
import { withinTime, type IsOver } from './time-limit.js';

/**
 * A query as the driver takes it. It has no name, so nothing is kept in the session, which a pooler would
 * give away.
 */
export interface PostgresQuery {
  readonly text: string;
  /** Absent for several statements in one text. */
  readonly values?: unknown[];
  /** In milliseconds; `pg` gives a connection up that takes longer. */
  readonly query_timeout: number;
}

/** What the store needs of a `pg.Pool` or a `pg.Client`. */
export interface PostgresQueryable {
  query(query: PostgresQuery): Promise<{ readonly rows: readonly object[] }>;
  on?(event: 'error', listener: (error: Error) => void): unknown;
}

/** A way to the server. */
export interface Access {
  query(query: PostgresQuery, isOver: IsOver): Promise<{ readonly rows: readonly object[] }>;
  close(): Promise<void>;
}

/**
 * The own pool begins anew after such a pause: an instance that was frozen wakes up to connections that are
 * dead.
 */
const MAX_IDLE_MS = 30_000;

/** Pools and clients that have a listener for their errors already. */
const heard = new WeakSet();
/** The end of the last query of each client. `pg` 9 will not queue them any more. */
const lastOf = new WeakMap<PostgresQueryable, Promise<unknown>>();

/** Through a pool that belongs to the user. */
export function throughPool(pool: PostgresQueryable): Access {
  listen(pool);
  return { query: (query) => pool.query(query), close: async () => undefined };
}

/** Through a connection that belongs to the user: one query at a time. */
export function throughClient(client: PostgresQueryable): Access {
  listen(client);
  return {
    query(query, isOver) {
      const turn = (lastOf.get(client) ?? Promise.resolve()).then(() => {
        // Whoever asked for this was told that it has failed.
        if (isOver()) throw new BroadcastError('STORE_UNAVAILABLE', 'the previous query took too long');
        return client.query(query);
      });
      lastOf.set(
        client,
        turn.catch(() => undefined),
      );
      return turn;
    },
    close: async () => undefined,
  };
}

export interface OwnPoolOptions {
  readonly connectionString: string;
  readonly maxConnections: number;
  readonly timeoutMs: number;
  readonly now: () => number;
}

/** Through a pool of our own, which is made when it is needed. */
export function throughOwnPool({ connectionString, maxConnections, timeoutMs, now }: OwnPoolOptions): Access {
  let pool: Promise<Pool> | undefined;
  let usedAt = now();
  let isClosed = false;

  function current(): Promise<Pool> {
    if (now() - usedAt > MAX_IDLE_MS) void retire();
    usedAt = now();
    pool ??= openPool({
      connectionString,
      max: maxConnections,
      connectionTimeoutMillis: timeoutMs,
      keepAlive: true,
      allowExitOnIdle: true,
    });
    return pool;
  }

  /**
   * Never rejects, and takes no longer than a call may: the goodbye of a dead connection is never answered.
   */
  async function retire(): Promise<void> {
    const old = pool;
    pool = undefined;
    if (old !== undefined) await withinTime(timeoutMs, async () => (await old).end()).catch(() => undefined);
  }

  return {
    async query(query) {
      if (isClosed) throw new BroadcastError('STORE_UNAVAILABLE', 'the store was closed');
      const result = await (await current()).query<object>(query);
      usedAt = now();
      return result;
    },
    close() {
      isClosed = true;
      return retire();
    },
  };
}

async function openPool(config: PoolConfig): Promise<Pool> {
  const { Pool } = await importPg();
  const pool = new Pool(config);
  listen(pool);
  return pool;
}

async function importPg(): Promise<{ readonly Pool: typeof Pool }> {
  try {
    return (await import('pg')).default;
  } catch (cause) {
    throw new BroadcastError(
      'INVALID_OPTIONS',
      'postgresStore.connectionString: needs the package pg, which cannot be loaded: npm install pg',
      { cause },
    );
  }
}

/**
 * A connection that breaks while nobody uses it must not end the process: the next query says so, or gets
 * another.
 */
function listen(queryable: PostgresQueryable): void {
  if (heard.has(queryable)) return;
  heard.add(queryable);
  queryable.on?.('error', () => undefined);
}
