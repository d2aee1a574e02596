import type { StoredConnection } from '../../model/connection.js';
import { firstConnections } from '../../model/first-connections.js';
import type { JsonValue, Presence, PresentUser } from '../../base/protocol.js';
import type { ConnectionStore } from '../../model/store.js';

export interface WhoSettings {
  readonly maxListed: number;
  readonly describe?: ((connection: StoredConnection) => JsonValue | undefined) | undefined;
}

/** Who is in a room, or, when more than `maxListed` connections are, how many. */
export async function whoIsIn(
  store: ConnectionStore,
  room: string,
  settings: WhoSettings,
): Promise<Omit<Presence, 'position'>> {
  const connections = await firstConnections(store, { room }, settings.maxListed + 1);
  if (connections.length > settings.maxListed) return { count: await store.count({ room }) };
  const users = new Map<string, PresentUser>();
  for (const connection of connections) {
    const { user } = connection;
    if (user !== undefined && !users.has(user)) users.set(user, personOf(connection, settings));
  }
  return { count: users.size, users: [...users.values()] };
}

/** What others learn of a connection's user. */
export function personOf(connection: StoredConnection, { describe }: WhoSettings): PresentUser {
  const data = describe?.(connection);
  const user = connection.user ?? '';
  return data === undefined ? { user } : { user, data };
}

/**
 * Connections of one user that are looked at; beyond that, who has more may be told to have come or left once
 * too often.
 */
const MAX_CONNECTIONS_OF_USER = 50;

/** The connections of a user that are in a room, in the store's order; none without a user. */
export async function connectionsOfUser(
  store: ConnectionStore,
  user: string | undefined,
  room: string,
): Promise<readonly StoredConnection[]> {
  if (user === undefined) return [];
  const connections = await firstConnections(store, { user }, MAX_CONNECTIONS_OF_USER);
  const rooms = await Promise.all(connections.map(({ id }) => store.rooms(id)));
  return connections.filter((_connection, index) => rooms[index]?.includes(room));
}
