/**
 * Another one after each start of a server and each promotion: only then may writes be lost whose numbers are
 * given again. It is the end of an epoch behind a dot, so a room whose epoch ends otherwise gets a new one.
 * Hashed, since clients see it. Nothing in it depends on settings of the session, such as its time zone.
 */
const GENERATION = `(SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE
  to_hex(hashtextextended((extract(epoch FROM pg_postmaster_start_time()) * 1000)::bigint::text
    || left(pg_walfile_name(pg_current_wal_lsn()), 8), 0)) END)`;

/** The crash of one process keeps the start time: what was numbered must have reached the disk. */
export const DURABLE = `CASE WHEN current_setting('synchronous_commit') = 'off'
  THEN set_config('synchronous_commit', 'on', true) END`;

/** SQL of an epoch that begins now. `unique` is SQL of a text that was never used. */
export function freshEpoch(unique: string): string {
  return `${unique}::text || '.' || ${GENERATION}`;
}

/** SQL that tells whether the server can have lost nothing since the epoch began. */
export function isCurrentEpoch(epoch: string): string {
  return `split_part(${epoch}, '.', 2) = ${GENERATION}`;
}
