import { BroadcastError } from '../../base/errors.js';

/**
 * What is read of an error of the driver: its own, one of a socket, or an answer of the server with an
 * SQLSTATE.
 */
interface DriverError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly severity?: unknown;
}

const REMEDY =
  'run `await store.migrate()` once, or psql --single-transaction -f node_modules/yc-broadcast/dist/stores/postgres/schema.sql';

/** Conditions that only the user can end, with what to do. Keys are SQLSTATEs. */
const USERS_MOVE: ReadonlyMap<string, string> = new Map([
  ['42P01', `a table is missing: ${REMEDY}`],
  ['42883', `a function is missing: ${REMEDY}`],
  ['42703', `the tables are of another version: ${REMEDY}`],
  ['3F000', 'the schema does not exist: CREATE SCHEMA it first'],
  ['3D000', 'the database does not exist: check the end of connectionString'],
  ['28P01', 'the user or password was rejected: check connectionString, the pool or the client'],
  ['28000', 'the user may not connect this way: check the user, and whether the server requires TLS'],
  ['42501', "the role lacks a right: GRANT it, or run the migration as the tables' owner"],
]);

/**
 * Classes of SQLSTATEs with which a server says that it cannot work now: connection exceptions, read-only
 * transactions (a replica after a failover), rollbacks because of others, resources, locks, operator
 * intervention, system errors.
 */
const UNAVAILABLE = /^(08|25006|40|53|55P03|57|58)/;

/** Translates whatever the driver rejects with. Keeps it as `cause`; neither of them has the password. */
export function storeFailure(reason: unknown): BroadcastError {
  if (reason instanceof BroadcastError) return reason;
  const { message, code } = driverError(reason);
  const what = `${String(message)}${typeof code === 'string' ? ` (${code})` : ''}`;
  if (isMistake(reason)) return BroadcastError.from(reason);
  const state = sqlState(reason);
  if (state === undefined) {
    return new BroadcastError('STORE_UNAVAILABLE', `PostgreSQL cannot be reached: ${what}`, {
      cause: reason,
    });
  }
  const remedy = USERS_MOVE.get(state);
  if (remedy !== undefined) {
    return new BroadcastError('INVALID_OPTIONS', `PostgreSQL: ${what}: ${remedy}`, { cause: reason });
  }
  const errorCode = UNAVAILABLE.test(state) ? 'STORE_UNAVAILABLE' : 'UNKNOWN';
  return new BroadcastError(errorCode, `PostgreSQL: ${what}`, { cause: reason });
}

/** Whether the connection was lost, so that the statement may do better on another one. */
export function isConnectionLost(reason: unknown): boolean {
  if (reason instanceof BroadcastError || isMistake(reason)) return false;
  const state = sqlState(reason);
  return state === undefined || /^(08|57P0)/.test(state);
}

/**
 * Whether the server has undone the statement because of others (serialization, deadlock): it can be run
 * again.
 */
export function isRolledBack(reason: unknown): boolean {
  return /^40(001|P01)$/.test(sqlState(reason) ?? '');
}

/** Of a program, not of a network: such errors come from a pool that somebody has wrapped, or from here. */
function isMistake(reason: unknown): boolean {
  return /^(Type|Range|Reference|Syntax)Error$/.test(String(driverError(reason).name));
}

function sqlState(reason: unknown): string | undefined {
  const { code, severity } = driverError(reason);
  return typeof code === 'string' && severity !== undefined ? code : undefined;
}

function driverError(reason: unknown): DriverError {
  return typeof reason === 'object' && reason !== null ? reason : { message: reason };
}
