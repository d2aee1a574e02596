import type { TableNames } from './schema.js';

/**
 * Each put clears away so many rows that nobody needs any more. More than one, or they would become ever
 * more.
 */
const ROWS_PER_SWEEP = 5;

const COLUMNS = 'there.id, user_name, attributes::text, connected_at, expires_at';

export type ConnectionStatements = ReturnType<typeof connectionStatements>;

/**
 * What the store asks of its tables. Each is one statement, so it is one transaction and one round trip.
 *
 * A tombstone is a row of its connection's table: writers of one id queue up at one row, and whoever comes
 * after the removal sees it, which no snapshot of another table would promise. A membership counts while its
 * connection is there; one that a join has written beside a removal is never seen.
 *
 * Listings are written as ranges of an index, members are looked up one by one, and the index of expiry is
 * kept out. So a page is read in its order and no further than it goes, also from a room that has grown since
 * the server last took its statistics.
 */
export function connectionStatements(tables: TableNames) {
  return {
    ...connectionChanges(tables),
    ...membershipChanges(tables),
    ...listings(tables),
    ...counts(tables),
  };
}

/**
 * Calls of a connection that are known when they come again, with a space behind each of the eight
 * characters.
 */
const CALLS_LENGTH = 8 * 9;

/** The calls of a row with one more. */
function noted(call: string, calls: string): string {
  return `left(${call}::text || ' ' || ${calls}, ${CALLS_LENGTH})`;
}

/**
 * A statement whose connection was lost is run again, perhaps after others that have been answered. So rows
 * keep the latest calls that changed them, and a call that is among them changes nothing.
 */
function connectionChanges({ connections, members }: TableNames) {
  const isRepeated = 'position($8::text in known.calls) > 0';
  const unlessRepeated = (column: string): string =>
    `${column} = CASE WHEN ${isRepeated} THEN known.${column} ELSE excluded.${column} END`;

  return {
    /**
     * id, shard_hash, user, attributes, connected_at, expires_at, sweep_before, call. The sweep waits for
     * nobody.
     */
    put: `
      WITH stored AS (
        INSERT INTO ${connections} AS known (id, shard_hash, user_name, attributes, connected_at, expires_at, calls)
        VALUES ($1, $2, $3, $4, $5, $6, $8 || ' ')
        ON CONFLICT (id) DO UPDATE SET ${unlessRepeated('user_name')}, ${unlessRepeated('attributes')},
          ${unlessRepeated('connected_at')}, ${unlessRepeated('expires_at')},
          calls = CASE WHEN ${isRepeated} THEN known.calls ELSE ${noted('$8', 'known.calls')} END
        WHERE NOT known.removed
        RETURNING id
      ), done AS (SELECT count(*) AS stored FROM stored), swept AS (
        DELETE FROM ${connections} WHERE id = ANY (ARRAY(
          SELECT old.id FROM ${connections} AS old CROSS JOIN done
          WHERE old.expires_at <= $7 AND old.id <> $1
          ORDER BY old.expires_at LIMIT ${ROWS_PER_SWEEP} FOR UPDATE OF old SKIP LOCKED))
      )
      SELECT stored FROM done`,

    /** id, now */
    get: `SELECT ${COLUMNS} FROM ${connections} AS there WHERE id = $1 AND NOT removed AND expires_at > $2`,

    /** id, attributes, now, call */
    setAttributes: `
      WITH held AS (
        SELECT id, position($4::text in calls) > 0 AS is_repeated FROM ${connections}
        WHERE id = $1 AND NOT removed AND expires_at > $3 FOR NO KEY UPDATE
      ), changed AS (
        UPDATE ${connections} AS known SET attributes = $2, calls = ${noted('$4', 'known.calls')}
        FROM held WHERE known.id = held.id AND NOT is_repeated
      )
      SELECT id FROM held`,

    /** ids, needed_until. In one order, so that two removals do not wait for each other. */
    remove: `
      WITH gone AS (
        INSERT INTO ${connections} (id, shard_hash, attributes, connected_at, expires_at, removed)
        SELECT id, 0, '{}', 0, $2, true FROM unnest($1::text[]) AS id ORDER BY id COLLATE "C"
        ON CONFLICT (id) DO UPDATE SET user_name = NULL, attributes = excluded.attributes,
          expires_at = excluded.expires_at, removed = true
        RETURNING id
      )
      DELETE FROM ${members} WHERE id = ANY (ARRAY(SELECT id FROM gone))`,

    /** id, now */
    rooms: `
      SELECT room FROM ${members} JOIN ${connections} USING (id)
      WHERE id = $1 AND NOT removed AND expires_at > $2`,
  } as const;
}

function membershipChanges({ connections, members }: TableNames) {
  /** Of all who change a connection one is at work, and sees what the others have done. */
  const held = (call: string, condition: string): string => `
      WITH held AS (
        SELECT id, shard_hash, position(${call}::text in calls) > 0 AS is_repeated FROM ${connections}
        WHERE id = $1 AND NOT removed ${condition} FOR NO KEY UPDATE
      ), noted AS (
        UPDATE ${connections} AS known SET calls = ${noted(call, 'known.calls')}
        FROM held WHERE known.id = held.id AND NOT is_repeated
      )`;

  return {
    /** id, room, now, call. The lock keeps the row from being swept away in between. */
    join: `${held('$4', 'AND expires_at > $3')}, joined AS (
        INSERT INTO ${members} (room, id, shard_hash)
        SELECT $2, id, shard_hash FROM held WHERE NOT is_repeated ON CONFLICT DO NOTHING
      )
      SELECT id FROM held`,

    /** id, room, call */
    leave: `${held('$3', '')}
      DELETE FROM ${members} AS member USING held
      WHERE member.room = $2 AND member.id = held.id AND NOT is_repeated`,
  } as const;
}

function listings({ connections, members }: TableNames) {
  return {
    /**
     * now, after, rows, shard count or null, shard index or null, room. Members that are not there have no
     * id.
     */
    listRoom: `
      SELECT page.id AS listed, there.*
      FROM (
        SELECT id FROM ${members}
        WHERE (room, id) > ($6, $2) AND room <= $6 AND ${onShard('$4', '$5')}
        ORDER BY room, id LIMIT $3
      ) AS page
      LEFT JOIN LATERAL (
        SELECT ${COLUMNS} FROM ${connections} AS there
        WHERE there.id = page.id AND NOT removed AND expires_at > $1 LIMIT 1
      ) AS there ON true
      ORDER BY page.id`,

    /**
     * now, after, rows, shard count or null, shard index or null, rooms. Of each room as many as a page has,
     * since the page may be of one room only; places are the numbers of a member's rooms, from 1.
     */
    listRooms: `
      SELECT page.id AS listed, page.places::text, there.*
      FROM (
        SELECT member.id, json_agg(asked.place ORDER BY asked.place) AS places
        FROM unnest($6::text[]) WITH ORDINALITY AS asked (room, place)
        CROSS JOIN LATERAL (
          SELECT one.id FROM ${members} AS one
          WHERE (one.room, one.id) > (asked.room, $2) AND one.room <= asked.room AND ${onShard('$4', '$5')}
          ORDER BY one.room, one.id LIMIT $3
        ) AS member
        GROUP BY member.id ORDER BY member.id LIMIT $3
      ) AS page
      LEFT JOIN LATERAL (
        SELECT ${COLUMNS} FROM ${connections} AS there
        WHERE there.id = page.id AND NOT removed AND expires_at > $1 LIMIT 1
      ) AS there ON true
      ORDER BY page.id`,

    /** now, after, rows, shard count or null, shard index or null, user */
    listUser: `
      SELECT id AS listed, ${COLUMNS} FROM ${connections} AS there
      WHERE (user_name, id) > ($6, $2) AND user_name <= $6
        AND NOT removed AND (expires_at > $1) IS TRUE AND ${onShard('$4', '$5')}
      ORDER BY user_name, id LIMIT $3`,

    /** now, after, rows, shard count or null, shard index or null */
    listAll: `
      SELECT id AS listed, ${COLUMNS} FROM ${connections} AS there
      WHERE id > $2 AND NOT removed AND (expires_at > $1) IS TRUE AND ${onShard('$4', '$5')}
      ORDER BY id LIMIT $3`,
  } as const;
}

function counts({ connections, members }: TableNames) {
  return {
    /** now, room */
    countRoom: `
      SELECT count(*) FROM ${members} JOIN ${connections} USING (id)
      WHERE room = $2 AND NOT removed AND expires_at > $1`,

    /** now, rooms */
    countRooms: `
      SELECT count(DISTINCT id) FROM ${members} JOIN ${connections} USING (id)
      WHERE room = ANY ($2::text[]) AND NOT removed AND expires_at > $1`,

    /** now, user */
    countUser: `
      SELECT count(*) FROM ${connections} WHERE user_name = $2 AND NOT removed AND expires_at > $1`,

    /** now */
    countAll: `SELECT count(*) FROM ${connections} WHERE NOT removed AND expires_at > $1`,
  } as const;
}

/** Everybody when there is no shard: the planner sees the null and drops the condition. */
function onShard(count: string, index: string): string {
  return `(${count}::bigint IS NULL OR shard_hash % ${count}::bigint = ${index}::bigint)`;
}
