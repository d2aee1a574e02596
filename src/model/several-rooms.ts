import { BroadcastError } from '../base/errors.js';
import { checkName } from '../base/names.js';
import type { BroadcastAudience, ConnectionStore, ListedConnection, ListOptions, Page } from './store.js';

/** Most rooms that one audience may have. Stores read each of them for every page. */
export const MAX_ROOMS = 100;

/** Members that are read at a time to be counted. */
const COUNT_PAGE = 1000;

/**
 * For stores: the rooms of an audience, each once. Throws `INVALID_OPTIONS` for none, too many and what is no
 * name.
 */
export function checkRooms(rooms: readonly string[], what = 'rooms'): readonly string[] {
  const names = [...new Set(rooms)];
  if (names.length === 0 || names.length > MAX_ROOMS) {
    const remedy = names.length === 0 ? 'name one' : 'send to the rest in a second broadcast';
    throw new BroadcastError(
      'INVALID_OPTIONS',
      `${what}: expected 1 to ${MAX_ROOMS} rooms, got ${names.length}; ${remedy}`,
    );
  }
  return names.map((name) => checkName(name, what));
}

/** The rooms that an audience is made of, if it is. */
export function roomsIn(audience: BroadcastAudience): readonly string[] {
  if ('room' in audience) return [audience.room];
  return 'rooms' in audience ? audience.rooms : [];
}

/** How a store lists one room, and in which order it lists ids. */
export interface RoomListing {
  list(room: string, options: ListOptions): Promise<Page>;
  /** Negative when `a` comes before `b`, in every room. */
  compare(a: string, b: string): number;
}

/**
 * For stores: a page of several rooms, made of a page of each. Since rooms are listed in one order, the
 * listing goes through all of them at once: who is in several is met in each at the same place, and who moves
 * from one to another is not met twice.
 *
 * Each room is read for its share of the limit; what lies behind the shortest of these pages is read again
 * with the next.
 */
export async function listRooms(
  { list, compare }: RoomListing,
  rooms: readonly string[],
  options: ListOptions,
): Promise<Page> {
  const names = checkRooms(rooms);
  const limit = Math.ceil(options.limit / names.length);
  const pages = await Promise.all(
    names.map(async (room) => ({ room, ...(await list(room, { ...options, limit })) })),
  );
  const ends = pages.flatMap(({ next }) => (next === undefined ? [] : [next])).sort(compare);
  const [end] = ends;
  const found = new Map<string, ListedConnection & { readonly rooms: string[] }>();
  for (const { room, connections } of pages) {
    for (const connection of connections) {
      if (end !== undefined && compare(connection.id, end) > 0) break;
      const known = found.get(connection.id);
      if (known === undefined) found.set(connection.id, { ...connection, rooms: [room] });
      else known.rooms.push(room);
    }
  }
  const all = [...found.values()].sort((a, b) => compare(a.id, b.id));
  const connections = all.slice(0, options.limit);
  const next = all.length > connections.length ? connections.at(-1)?.id : end;
  return next === undefined ? { connections, done: true } : { connections, done: false, next };
}

/** For stores that cannot do better: how many connections several rooms have together, by listing them. */
export async function countRooms(list: ConnectionStore['list'], rooms: readonly string[]): Promise<number> {
  let count = 0;
  let after: string | undefined;
  do {
    const page: Page = await list({ rooms }, { after, limit: COUNT_PAGE });
    count += page.connections.length;
    after = page.next;
  } while (after !== undefined);
  return count;
}

/** Compares strings by their UTF-8 bytes, as most databases do. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
