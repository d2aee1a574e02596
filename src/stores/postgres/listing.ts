import type { Attributes, StoredConnection } from '../../model/connection.js';
import { checkName } from '../../base/names.js';
import type { Audience, ListedConnection, ListOptions, Page } from '../../model/store.js';
import { checkRooms } from '../../model/several-rooms.js';
import type { Row } from './database.js';
import type { ConnectionStatements } from './statements.js';

/** A statement with its values. */
export interface Bound {
  readonly text: string;
  readonly values: unknown[];
}

/** Asks for one row more than the page has, to see whether it is the last one. */
export function listingOf(
  statements: ConnectionStatements,
  audience: Audience,
  { after, limit, shard }: ListOptions,
  now: number,
): Bound {
  const behind = after === undefined ? '' : checkName(after, 'after');
  const values = [now, behind, limit + 1, shard?.count ?? null, shard?.index ?? null];
  if ('room' in audience) {
    return { text: statements.listRoom, values: [...values, checkName(audience.room, 'room')] };
  }
  if ('rooms' in audience) {
    return { text: statements.listRooms, values: [...values, checkRooms(audience.rooms)] };
  }
  if ('user' in audience) {
    return { text: statements.listUser, values: [...values, checkName(audience.user, 'user')] };
  }
  return { text: statements.listAll, values };
}

export function countOf(statements: ConnectionStatements, audience: Audience, now: number): Bound {
  if ('room' in audience) {
    return { text: statements.countRoom, values: [now, checkName(audience.room, 'room')] };
  }
  if ('rooms' in audience) {
    return { text: statements.countRooms, values: [now, checkRooms(audience.rooms)] };
  }
  if ('user' in audience) {
    return { text: statements.countUser, values: [now, checkName(audience.user, 'user')] };
  }
  return { text: statements.countAll, values: [now] };
}

/**
 * A room's members that have expired, or that a join has written beside their removal, make its page shorter.
 */
export function pageOf(rows: readonly Row[], limit: number, audience: Audience): Page {
  const connections = rows
    .slice(0, limit)
    .filter(({ id }) => id !== null)
    .map((row) => listedIn(audience, row));
  if (rows.length <= limit) return { connections, done: true };
  return { connections, done: false, next: rows[limit - 1]?.['listed'] as string };
}

/** `place` is a JSON array of the rooms' numbers in the audience, from 1. */
function listedIn(audience: Audience, row: Row): ListedConnection {
  const connection = connectionOf(row);
  if (!('rooms' in audience)) return connection;
  const names = checkRooms(audience.rooms);
  const places = JSON.parse(row['places'] as string) as readonly number[];
  return { ...connection, rooms: places.flatMap((place) => names[place - 1] ?? []) };
}

export function connectionOf(row: Row): StoredConnection {
  const user = row['user_name'] as string | null;
  return {
    id: row['id'] as string,
    ...(user !== null && { user }),
    attributes: JSON.parse(row['attributes'] as string) as Attributes,
    connectedAt: Number(row['connected_at']),
    expiresAt: Number(row['expires_at']),
  };
}
