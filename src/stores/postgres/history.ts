import { randomUUID } from 'node:crypto';
import { checkName } from '../../base/names.js';
import { CONNECTION_TTL_MS } from '../../base/protocol.js';
import {
  checkReadLimit,
  type HistoryPosition,
  type HistoryRead,
  type HistoryStore,
} from '../../model/store.js';
import type { Database, Row } from './database.js';
import { DURABLE, freshEpoch, isCurrentEpoch } from './generation.js';
import type { TableNames } from './schema.js';

/** Each statement that may make a room forgets so many others. */
const ROOMS_PER_SWEEP = 2;
/** `forget_at` is a multiple of this, rounded up. */
const FORGET_STEP_MS = 600_000;
/** Bigger numbers are not whole any more. */
const UNBOUNDED = Number.MAX_SAFE_INTEGER;

/** What came back of a room: its numbers, and the entries that were asked for. */
interface RoomRead {
  readonly position: HistoryPosition;
  /** Offset of the oldest entry that can be read, or the next one when there is none. */
  readonly first: number;
  readonly forgetAt: number;
  /** False when the server may have lost appends since the epoch began. */
  readonly isCurrent: boolean;
  readonly rows: readonly Row[];
}

/**
 * Histories in two tables. The row of a room is the counter: who appends has it locked until the entry is
 * there.
 */
export function postgresHistory(database: Database, tables: TableNames, now: () => number): HistoryStore {
  const statements = historyStatements(tables);

  async function readRoom(
    room: string,
    since: HistoryPosition | undefined,
    limit: number,
  ): Promise<RoomRead | undefined> {
    const rows = await database.rows(statements.read, [
      room,
      now(),
      limit,
      since?.offset ?? null,
      since?.epoch ?? null,
    ]);
    return rows[0] === undefined ? undefined : roomOf(rows[0], rows);
  }

  /** Makes an empty room, has one remembered for longer, or begins an epoch after a failover. */
  async function remember(room: string): Promise<void> {
    await database.rows(statements.remember, [room, randomUUID(), forgetAt(now()), now()]);
  }

  return {
    async append(room, data, { maxEntries, maxAgeMs }) {
      checkName(room, 'room');
      const expiresAt = now() + maxAgeMs;
      const kept = Math.min(Math.floor(maxEntries), UNBOUNDED);
      const rows = await database.rowsOnce(statements.append, [
        room,
        JSON.stringify(data),
        now(),
        expiresAt,
        kept,
        randomUUID(),
        forgetAt(expiresAt),
      ]);
      return positionOf(rows[0] as Row);
    },
    async read(room, { since, limit }) {
      checkReadLimit(limit);
      checkName(room, 'room');
      const from = since !== undefined && isPossible(since) ? since : undefined;
      const asked = from === since ? limit : 0;
      let read = await readRoom(room, from, asked);
      if (read === undefined || !read.isCurrent || isSoonForgotten(read, now())) {
        await remember(room);
        read = await readRoom(room, from, asked);
      }
      return answer(read as RoomRead, since, limit);
    },
  };
}

function historyStatements({ histories, entries }: TableNames) {
  const renewed = `epoch = CASE WHEN ${isCurrentEpoch('known.epoch')} THEN known.epoch ELSE excluded.epoch END`;

  const sweep = (before: string): string => sweepOf(histories, before);

  return {
    /**
     * room, data, now, expires_at, max_entries, epoch, forget_at. Trims what `oldest` has passed and what has
     * aged, always from the old end. An entry that is added by somebody else meanwhile is left to the next
     * append.
     */
    append: `
      WITH counter AS (
        INSERT INTO ${histories} AS known (room, epoch, newest, oldest, forget_at)
        VALUES ($1, ${freshEpoch('$6')}, 1, 1, $7)
        ON CONFLICT (room) DO UPDATE SET newest = known.newest + 1, ${renewed},
          oldest = greatest(known.oldest, known.newest + 2 - $5::bigint),
          forget_at = greatest(known.forget_at, excluded.forget_at)
        RETURNING epoch, newest, oldest
      ), added AS (
        INSERT INTO ${entries} (room, entry, data, at, expires_at)
        SELECT $1, newest, $2::json, $3::double precision, $4::double precision FROM counter
      ), trimmed AS (
        DELETE FROM ${entries} USING counter WHERE room = $1 AND entry < greatest(oldest, coalesce(
          (SELECT entry FROM ${entries} WHERE room = $1 AND expires_at > $3 ORDER BY entry LIMIT 1), newest))
      ), done AS (SELECT count(*) FROM counter), swept AS (${sweep('$3')})
      SELECT epoch, newest, ${DURABLE} FROM counter`,

    /**
     * room, now, limit, since offset or null, since epoch or null. One row without an entry when none is
     * found.
     */
    read: `
      SELECT epoch, newest, first, forget_at, ${isCurrentEpoch('epoch')} AS is_current, entry, data::text, at
      FROM ${histories} AS history
      CROSS JOIN LATERAL (SELECT coalesce(
        (SELECT entry FROM ${entries} AS kept
         WHERE kept.room = $1 AND entry >= oldest AND kept.expires_at > $2 ORDER BY entry LIMIT 1),
        newest + 1) AS first) AS kept
      LEFT JOIN ${entries} AS found ON found.room = $1 AND entry >= first
        AND entry > coalesce($4::bigint, newest - $3::bigint)
        AND entry <= coalesce($4::bigint, newest - $3::bigint) + $3::bigint
        AND ($5::text IS NULL OR ($5 = epoch AND $4::bigint + 1 >= first))
      WHERE history.room = $1
      ORDER BY entry`,

    /** room, epoch, forget_at, now */
    remember: `
      WITH remembered AS (
        INSERT INTO ${histories} AS known (room, epoch, newest, oldest, forget_at) VALUES ($1, ${freshEpoch('$2')}, 0, 1, $3)
        ON CONFLICT (room) DO UPDATE SET ${renewed}, forget_at = greatest(known.forget_at, excluded.forget_at)
        RETURNING room
      ), done AS (SELECT count(*) FROM remembered)
      ${sweep('$4')}`,
  } as const;
}

/** Never waits: whoever uses a room has it locked, and has moved its `forget_at`. */
function sweepOf(histories: string, before: string): string {
  return `
    DELETE FROM ${histories} WHERE room = ANY (ARRAY(
      SELECT old.room FROM ${histories} AS old CROSS JOIN done
      WHERE old.forget_at <= ${before} AND old.room <> $1
      ORDER BY old.forget_at LIMIT ${ROOMS_PER_SWEEP} FOR UPDATE OF old SKIP LOCKED))`;
}

/** When the numbers of a room may be forgotten of which nothing can be read from `from` on. */
function forgetAt(from: number): number {
  return Math.ceil((from + 2 * CONNECTION_TTL_MS) / FORGET_STEP_MS) * FORGET_STEP_MS;
}

/** An empty room is remembered for as long as whoever read it may come back. */
function isSoonForgotten({ position, forgetAt: until }: RoomRead, now: number): boolean {
  return position.offset === 0 && until < now + CONNECTION_TTL_MS;
}

/** A position comes from a client, which may make up anything. */
function isPossible({ offset }: HistoryPosition): boolean {
  return Number.isSafeInteger(offset) && offset >= 0;
}

function positionOf({ newest, epoch }: Row): HistoryPosition {
  return { offset: Number(newest), epoch: epoch as string };
}

function roomOf(row: Row, rows: readonly Row[]): RoomRead {
  return {
    position: positionOf(row),
    first: Number(row['first']),
    forgetAt: Number(row['forget_at']),
    isCurrent: row['is_current'] === true,
    rows: rows.filter(({ entry }) => entry !== null),
  };
}

function answer(
  { position, first, rows }: RoomRead,
  since: HistoryPosition | undefined,
  limit: number,
): HistoryRead {
  if (since !== undefined && !isRecoverable(since, position, first)) {
    return { recovered: false, entries: [], position, more: false };
  }
  const entries = rows.map(({ entry, data, at }) => ({
    offset: Number(entry),
    data: JSON.parse(data as string) as string,
    at: Number(at),
  }));
  return {
    recovered: true,
    entries,
    position,
    more: since !== undefined && position.offset - since.offset > limit,
  };
}

function isRecoverable(since: HistoryPosition, position: HistoryPosition, first: number): boolean {
  return (
    isPossible(since) &&
    since.epoch === position.epoch &&
    since.offset <= position.offset &&
    since.offset + 1 >= first
  );
}
