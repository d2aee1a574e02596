import { randomUUID } from 'node:crypto';
import { checkName } from '../../base/names.js';
import { checkRecord, type RecordStore } from '../../model/records.js';
import type { Database } from './database.js';
import type { TableNames } from './schema.js';

/** Each first write of a record clears away so many that nobody needs any more: more than it adds. */
const ROWS_PER_SWEEP = 2;
/** How long after its expiry a record may be deleted, in milliseconds: clocks of instances differ. */
const SWEEP_AFTER_MS = 600_000;

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
      await database.rows(statements.remove, [checkName(key, 'key')]);
    },
  };
}

/** A write whose connection was lost is sent again; it finds its own version then, and has won nevertheless. */
function recordStatements({ records }: TableNames) {
  return {
    /** key, now */
    read: `SELECT value, version FROM ${records} WHERE key = $1 AND expires_at > $2`,

    /** key, value, version, now, expires_at, sweep_before. The sweep waits for nobody. */
    create: `
      WITH written AS (
        INSERT INTO ${records} AS known (key, value, version, expires_at) VALUES ($1, $2, $3, $5)
        ON CONFLICT (key) DO UPDATE
          SET value = excluded.value, version = excluded.version, expires_at = excluded.expires_at
          WHERE known.expires_at <= $4 OR known.version = $3
        RETURNING version
      ), done AS (SELECT count(*) FROM written), swept AS (
        DELETE FROM ${records} WHERE key = ANY (ARRAY(
          SELECT old.key FROM ${records} AS old CROSS JOIN done
          WHERE old.expires_at <= $6 AND old.key <> $1
          ORDER BY old.expires_at LIMIT ${ROWS_PER_SWEEP} FOR UPDATE OF old SKIP LOCKED))
      )
      SELECT version FROM written`,

    /** key, value, version, now, expires_at, version that it must have */
    update: `
      UPDATE ${records} SET value = $2, version = $3, expires_at = $5
      WHERE key = $1 AND ((version = $6 AND expires_at > $4) OR version = $3)
      RETURNING version`,

    /** key */
    remove: `DELETE FROM ${records} WHERE key = $1`,
  } as const;
}
