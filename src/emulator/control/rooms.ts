import { numberIn, type Endpoint } from './endpoint.js';
import type { ControlApiDeps } from './parts.js';

/** A room, as far as the library in a function has told of it. */
export interface RoomRow {
  readonly name: string;
  readonly members: number;
  /** Members that the gateway does not know: their disconnect event was lost, or is not handled. */
  readonly stale: number;
}

export interface RoomPage {
  readonly total: number;
  /** The largest first. */
  readonly rooms: readonly RoomRow[];
}

/** `?search=` part of the name, `?limit=`. */
export const listRooms: Endpoint = {
  method: 'GET',
  path: 'rooms',
  run(parts, { query }): RoomPage {
    const search = (query.get('search') ?? '').toLowerCase();
    const names = parts.rooms.names().filter((name) => name.toLowerCase().includes(search));
    const rows = names.map((name) => rowOf(parts, name)).sort((a, b) => b.members - a.members);
    return { total: rows.length, rooms: rows.slice(0, numberIn(query, 'limit', 200, 1000)) };
  },
};

function rowOf({ rooms, gateway }: ControlApiDeps, name: string): RoomRow {
  const members = [...rooms.membersOf(name)];
  const open = members.filter((id) => gateway.connections.get(id) !== undefined);
  return { name, members: members.length, stale: members.length - open.length };
}
