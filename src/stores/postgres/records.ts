import { randomUUID } from 'node:crypto';
import { checkName } from '../../base/names.js';
import { checkRecord, type RecordStore } from '../../model/records.js';
import type { Database } from './database.js';
import type { TableNames } from './schema.js';

/** Each first write of a record clears away so many that nobody needs any more: more than it adds. */
const ROWS_PER_SWEEP = 2;
/** How long after its expiry a record may be deleted, in milliseconds: clocks of instances differ. */
const SWEEP_AFTER_MS = 600_000;

/** How long a removal is remembered, in milliseconds: longer than a statement is repeated. */
const REMOVAL_MEMORY_MS = 60_000;

/** Records in one table. Every method is one statement, which may be run twice. */
export function postgresRecords(database: Database, tables: TableNames, now: () => number): RecordStore {
  const statements = recordStatements(tables);

  return {
    async read(key) {
      const [row] = await database.rows(statements.read, [checkName(key, 'key'), now()]);
      return row && { value: row['value'] as string, version: row['version'] as string };
    },
    async write(key, value, options) {
      checkRecord(key, value, options);
      const { ifVersion, ttlMs } = options;
      const at = now();
      const values = [key, value, randomUUID(), at, at + ttlMs];
      const [row] =
        ifVersion === undefined
          ? await database.rows(statements.create, [...values, at - SWEEP_AFTER_MS])
          : await database.rows(statements.update, [...values, ifVersion]);
      return row?.['version'] as string | undefined;
    },
    async remove(key) {
      await database.rows(statements.remove, [
        checkName(key, 'key'),
        randomUUID(),
        now() + REMOVAL_MEMORY_MS,
      ]);
    },
  };
}

/** Calls of a record that are known when they come again: UUIDs, with a space behind each. */
const CALLS_LENGTH = 4 * 37;

/**
 * A statement whose connection was lost is run again, perhaps after others that have been answered. It finds
 * its own version among the latest calls then: it has won nevertheless, and changes nothing.
 */
function recordStatements({ records }: TableNames) {
  const isRepeated = 'position($3::text in known.calls) > 0';
  const unlessRepeated = (column: string, value: string): string =>
    `${column} = CASE WHEN ${isRepeated} THEN known.${column} ELSE ${value} END`;
  const written = `${unlessRepeated('value', '$2')}, ${unlessRepeated('version', '$3')},
    ${unlessRepeated('expires_at', '$5')}, ${unlessRepeated('removed', 'false')},
    ${unlessRepeated('calls', `left($3::text || ' ' || known.calls, ${CALLS_LENGTH})`)}`;

  return {
    /** key, now */
    read: `SELECT value, version FROM ${records} WHERE key = $1 AND expires_at > $2 AND NOT removed`,

    /** key, value, version, now, expires_at, sweep_before. The sweep waits for nobody. */
    create: `
      WITH written AS (
        INSERT INTO ${records} AS known (key, value, version, expires_at, calls)
        VALUES ($1, $2, $3, $5, $3 || ' ')
        ON CONFLICT (key) DO UPDATE SET ${written}
          WHERE known.expires_at <= $4 OR known.removed OR ${isRepeated}
        RETURNING $3::text AS version
      ), done AS (SELECT count(*) FROM written), swept AS (
        DELETE FROM ${records} WHERE key = ANY (ARRAY(
          SELECT old.key FROM ${records} AS old CROSS JOIN done
          WHERE old.expires_at <= $6 AND old.key <> $1
          ORDER BY old.expires_at LIMIT ${ROWS_PER_SWEEP} FOR UPDATE OF old SKIP LOCKED))
      )
      SELECT version FROM written`,

    /** key, value, version, now, expires_at, version that it must have */
    update: `
      UPDATE ${records} AS known SET ${written}
      WHERE key = $1 AND ((version = $6 AND expires_at > $4 AND NOT removed) OR ${isRepeated})
      RETURNING $3::text AS version`,

    /** key, call, needed_until */
    remove: `
      UPDATE ${records} SET value = '', version = $2, expires_at = $3, removed = true,
        calls = left($2::text || ' ' || calls, ${CALLS_LENGTH})
      WHERE key = $1 AND position($2::text in calls) = 0`,
  } as const;
}
