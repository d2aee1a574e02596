import { MAX_STATE_BYTES, MAX_STATE_KEYS } from '../../model/state.js';
import { ENDED_ROW_MS } from '../../model/state-page.js';
import { DURABLE, freshEpoch, isCurrentEpoch } from './generation.js';
import type { TableNames } from './table-names.js';

/** Each change forgets rows of so many other rooms. */
const ROOMS_PER_SWEEP = 2;
/** A room is looked through for rows to forget once in this time at most, unless it is full. */
const SWEEP_EVERY_MS = 600_000;

const SIZE = `octet_length(map) + octet_length(key) + coalesce(octet_length(value), 0)`;

/**
 * A change is a function, since one statement has one snapshot. That is older than the lock on which the
 * statement waits: of several writers for a free key more than one would find it free. In a VOLATILE function
 * each statement takes a snapshot of its own.
 */
export function stateSchema(tables: TableNames, tablePrefix: string): string {
  return `\
${stateTables(tables, tablePrefix)}

${forgetFunction(tables)}

${changeFunction(tables)}
`;
}

function stateTables({ states, stateRows }: TableNames, tablePrefix: string): string {
  return `\
CREATE TABLE IF NOT EXISTS ${states} (
  room          text COLLATE "C" PRIMARY KEY,
  epoch         text NOT NULL,
  version       bigint NOT NULL,               -- of the newest change
  floor         bigint NOT NULL,               -- the newest version among the rows that were forgotten
  keys          bigint NOT NULL,               -- rows of the room
  bytes         bigint NOT NULL,               -- what they take
  sweep_at      double precision               -- no row may be forgotten earlier; NULL when none ends
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS ${tablePrefix}states_by_sweep
  ON ${states} (sweep_at);

CREATE TABLE IF NOT EXISTS ${stateRows} (
  room          text COLLATE "C" REFERENCES ${states} ON DELETE CASCADE,
  map           text COLLATE "C",
  key           text COLLATE "C",
  version       bigint NOT NULL,               -- of its last change
  value         text,                          -- JSON; NULL when it was deleted
  ends_at       double precision,              -- absent from then on, forgotten later; NULL when it stays
  PRIMARY KEY (room, map, key)
);
CREATE INDEX IF NOT EXISTS ${tablePrefix}state_rows_by_version
  ON ${stateRows} (room, version);`;
}

/** Forgets what ended long ago in a room whose head is locked. */
function forgetFunction({ states, stateRows, forgetState }: TableNames): string {
  return `\
CREATE OR REPLACE FUNCTION ${forgetState}(in_room text, in_now double precision)
RETURNS ${states} LANGUAGE sql VOLATILE AS $$
  WITH gone AS (
    DELETE FROM ${stateRows} WHERE room = in_room AND ends_at <= in_now - ${ENDED_ROW_MS}
    RETURNING version, ${SIZE} AS size
  ), total AS (
    SELECT max(version) AS version, count(*) AS keys, coalesce(sum(size), 0) AS bytes FROM gone
  )
  UPDATE ${states} AS head SET
    floor = greatest(head.floor, total.version), keys = head.keys - total.keys, bytes = head.bytes - total.bytes,
    sweep_at = (SELECT greatest(min(ends_at) + ${ENDED_ROW_MS}, in_now + ${SWEEP_EVERY_MS}) FROM ${stateRows}
      WHERE room = in_room AND ends_at > in_now - ${ENDED_ROW_MS} HAVING count(*) > 0)
  FROM total WHERE head.room = in_room
  RETURNING head.*
$$;`;
}

/** The changes of a call, by number. */
const CHANGES = `unnest(in_maps, in_keys, in_values, in_ends, in_versions) WITH ORDINALITY
      AS change (map, key, value, ends_at, if_version, number)`;

/** And the rows that they replace. */
function keptBefore({ stateRows }: TableNames): string {
  return `LEFT JOIN ${stateRows} AS kept
      ON kept.room = in_room AND kept.map = change.map AND kept.key = change.key`;
}

/**
 * Locks the head of the room, then checks and writes. Returns `{ version, epoch }`, `{ rows }` that have
 * another version, or `{ full }` as JSON.
 */
function changeFunction(tables: TableNames): string {
  const { states, stateRows, changeState } = tables;
  const before = keptBefore(tables);

  return `\
CREATE OR REPLACE FUNCTION ${changeState}(in_room text, in_now double precision, in_epoch text, in_maps text[],
  in_keys text[], in_values text[], in_ends double precision[], in_versions bigint[])
RETURNS json LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  head ${states};
  refused json;
  more_keys bigint;
  more_bytes bigint;
  overflow text;
  is_swept boolean := false;
  other record;
BEGIN
  LOOP
    SELECT * INTO head FROM ${states} AS known WHERE known.room = in_room FOR UPDATE;
    EXIT WHEN FOUND;
    INSERT INTO ${states} VALUES (in_room, ${freshEpoch('in_epoch')}, 0, 0, 0, 0, NULL) ON CONFLICT DO NOTHING;
  END LOOP;

  SELECT json_agg(json_build_object('map', change.map, 'key', change.key, 'version', kept.version,
      'value', kept.value, 'endsAt', kept.ends_at) ORDER BY number) INTO refused
  FROM ${CHANGES} ${before}
  WHERE if_version <> CASE
    WHEN kept.value IS NOT NULL AND coalesce(kept.ends_at > in_now, true) THEN kept.version ELSE 0 END;
  IF refused IS NOT NULL THEN
    DELETE FROM ${states} AS unused WHERE unused.room = in_room AND unused.version = 0;
    RETURN json_build_object('rows', refused);
  END IF;

${checkBounds(tables)}

  INSERT INTO ${stateRows} AS kept (room, map, key, version, value, ends_at)
  SELECT in_room, map, key, head.version + number, value, ends_at FROM ${CHANGES}
  ON CONFLICT (room, map, key) DO UPDATE
    SET version = excluded.version, value = excluded.value, ends_at = excluded.ends_at;
  UPDATE ${states} AS known SET
    version = known.version + cardinality(in_keys), keys = known.keys + more_keys, bytes = known.bytes + more_bytes,
    epoch = CASE WHEN ${isCurrentEpoch('known.epoch')} THEN known.epoch ELSE ${freshEpoch('in_epoch')} END,
    sweep_at = least(known.sweep_at, (SELECT min(ends_at) + ${ENDED_ROW_MS} FROM unnest(in_ends) AS ends_at))
  WHERE known.room = in_room RETURNING * INTO head;
  PERFORM ${DURABLE};

${sweepOthers(tables)}
  RETURN json_build_object('version', head.version, 'epoch', head.epoch);
END $$;`;
}

/** Forgets what ended long ago, when it is time or the room is full. */
function checkBounds(tables: TableNames): string {
  const size = (row: string): string => SIZE.replace(/map|key|value/g, `${row}.$&`);
  return `\
  LOOP
    SELECT count(*) - count(kept.key), sum(${size('change')} - coalesce(${size('kept')}, 0))
    INTO more_keys, more_bytes FROM ${CHANGES} ${keptBefore(tables)};
    overflow := CASE
      WHEN more_keys > 0 AND head.keys + more_keys > ${MAX_STATE_KEYS} THEN 'keys'
      WHEN more_bytes > 0 AND head.bytes + more_bytes > ${MAX_STATE_BYTES} THEN 'bytes' END;
    EXIT WHEN is_swept OR (overflow IS NULL AND coalesce(head.sweep_at > in_now, true));
    head := ${tables.forgetState}(in_room, in_now);
    is_swept := true;
  END LOOP;
  IF overflow IS NOT NULL THEN
    RETURN json_build_object('full', overflow);
  END IF;`;
}

/** Never waits: whoever changes another room has it locked. */
function sweepOthers({ states, forgetState }: TableNames): string {
  return `\
  FOR other IN SELECT due.room FROM ${states} AS due WHERE due.sweep_at <= in_now AND due.room <> in_room
    ORDER BY due.sweep_at LIMIT ${ROOMS_PER_SWEEP} FOR UPDATE SKIP LOCKED
  LOOP
    PERFORM ${forgetState}(other.room, in_now);
    DELETE FROM ${states} AS empty WHERE empty.room = other.room AND empty.keys = 0;
  END LOOP;`;
}
