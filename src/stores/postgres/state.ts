import { randomUUID } from 'node:crypto';
import { checkName } from '../../base/names.js';
import {
  checkStateChanges,
  checkStateRead,
  stateTooLarge,
  type StateChange,
  type StateResult,
  type StateStore,
} from '../../model/state.js';
import {
  currentRow,
  EMPTY_HEAD,
  isLive,
  readStatePage,
  shownRow,
  type KeptRow,
  type KeptState,
} from '../../model/state-page.js';
import type { Database, Row } from './database.js';
import { freshEpoch, isCurrentEpoch } from './generation.js';
import type { TableNames } from './table-names.js';

interface Kept extends KeptState {
  /** False when the server may have lost changes since the epoch began. */
  readonly isCurrent: boolean;
}

/** The state of rooms in two tables. Who changes a room has its head locked until the rows are there. */
export function postgresState(database: Database, tables: TableNames, now: () => number): StateStore {
  const statements = stateStatements(tables);

  async function keptAbove(room: string, version: number): Promise<Kept> {
    const kept = toKept(await database.rows(statements.read, [room, version]));
    if (kept.isCurrent) return kept;
    await database.rows(statements.renew, [room, randomUUID()]);
    return toKept(await database.rows(statements.read, [room, version]));
  }

  return {
    async change(room, changes) {
      checkStateChanges(room, changes);
      const at = now();
      const values = [room, at, randomUUID(), ...columnsOf(changes, at)];
      const [row] = await database.rowsOnce(statements.change, values);
      return toResult(JSON.parse(row?.['outcome'] as string) as Outcome, at);
    },
    async read(room, options) {
      checkStateRead(room, options);
      return readStatePage((version) => keptAbove(room, version), { ...options, now });
    },
    async get(room, map, key) {
      const values = [checkName(room, 'room'), checkName(map, 'map'), checkName(key, 'key')];
      const [found] = await database.rows(statements.get, values);
      const row = found === undefined ? undefined : toRow(found);
      const at = now();
      return row !== undefined && isLive(row, at) ? shownRow(row, at) : undefined;
    },
  };
}

function stateStatements({ states, stateRows, changeState }: TableNames) {
  return {
    /**
     * room, now, epoch, maps, keys, values or null, when they end or null, versions that they must have or
     * null
     */
    change: `SELECT ${changeState}($1, $2, $3, $4, $5, $6, $7, $8)::text AS outcome`,

    /** room, version. One row without a key when none was changed behind the version. */
    read: `
      SELECT head.version AS head, epoch, floor, ${isCurrentEpoch('epoch')} AS is_current,
        map, key, kept.version, value, ends_at
      FROM ${states} AS head LEFT JOIN ${stateRows} AS kept ON kept.room = $1 AND kept.version > $2
      WHERE head.room = $1`,

    /** room, epoch */
    renew: `
      UPDATE ${states} SET epoch = ${freshEpoch('$2')} WHERE room = $1 AND NOT ${isCurrentEpoch('epoch')}`,

    /** room, map, key */
    get: `SELECT map, key, version, value, ends_at FROM ${stateRows} WHERE room = $1 AND map = $2 AND key = $3`,
  } as const;
}

/** Maps, keys, values, ends and conditions of the changes. */
function columnsOf(changes: readonly StateChange[], at: number): unknown[] {
  const endOf = ({ value, ttlMs }: StateChange): number | null => {
    const lifeMs = value === undefined ? 0 : ttlMs;
    return lifeMs === undefined ? null : at + lifeMs;
  };
  return [
    changes.map(({ map }) => map),
    changes.map(({ key }) => key),
    changes.map(({ value }) => value ?? null),
    changes.map(endOf),
    changes.map(({ ifVersion }) => ifVersion ?? null),
  ];
}

/** What the function of the change returns. */
type Outcome =
  | { readonly version: number; readonly epoch: string }
  | { readonly rows: readonly RefusedRow[] }
  | { readonly full: 'keys' | 'bytes' };

interface RefusedRow {
  readonly map: string;
  readonly key: string;
  readonly version: number | null;
  readonly value: string | null;
  readonly endsAt: number | null;
}

function toResult(outcome: Outcome, at: number): StateResult {
  if ('full' in outcome) throw stateTooLarge(outcome.full);
  if ('epoch' in outcome) return { changed: true, position: outcome };
  const rows = outcome.rows.map(({ map, key, version, value, endsAt }) =>
    currentRow(
      { map, key, version: version ?? 0, value: value ?? undefined, endsAt: endsAt ?? undefined },
      at,
    ),
  );
  return { changed: false, rows };
}

function toKept(rows: readonly Row[]): Kept {
  const [first] = rows;
  if (first === undefined) return { head: EMPTY_HEAD, rows: [], isCurrent: true };
  return {
    head: {
      version: Number(first['head']),
      epoch: first['epoch'] as string,
      floor: Number(first['floor']),
    },
    rows: rows.filter(({ key }) => key !== null).map(toRow),
    isCurrent: first['is_current'] === true,
  };
}

function toRow({ map, key, version, value, ends_at: endsAt }: Row): KeptRow {
  return {
    map: map as string,
    key: key as string,
    version: Number(version),
    value: value === null ? undefined : (value as string),
    endsAt: endsAt === null ? undefined : Number(endsAt),
  };
}
