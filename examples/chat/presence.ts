import {
  firstConnections,
  type Broadcaster,
  type ConnectionStore,
  type StoredConnection,
} from 'yc-broadcast';
import { person, type chat, type Here, type Person } from './contract.js';

/** Rooms with more connections than this are told how many there are, not who. */
const MOST_LISTED = 30;

/**
 * Tells a room who is in it. A list rather than "she came, he left": lists put themselves right when one of
 * them is lost or late, and two tabs of one person are one entry without anybody counting tabs. The page
 * finds the difference.
 *
 * Whoever turns out to be stale has left without a disconnect event, which makes the list outdated: then it
 * is sent anew.
 */
export async function announce(
  broadcaster: Broadcaster<typeof chat>,
  room: string,
  except: readonly StoredConnection[] = [],
): Promise<Here> {
  const here = await whoIsHere(broadcaster.store, room);
  // With a filter it is no message of the room's history, where a list would only grow old.
  const everybody = broadcaster.to(room).where(() => true);
  const report = await everybody.except(...except).send('here', here);
  return report.kind === 'sent' && report.removed > 0 ? announce(broadcaster, room, except) : here;
}

async function whoIsHere(store: ConnectionStore, room: string): Promise<Here> {
  // Taken before the listing: a list that was begun later has seen at least as much.
  const at = Date.now();
  const people = await peopleIn(store, room);
  if (people === undefined) return { room, at, count: await store.count({ room }) };
  return { room, at, count: people.length, people };
}

async function peopleIn(store: ConnectionStore, room: string): Promise<Person[] | undefined> {
  const connections = await firstConnections(store, { room }, MOST_LISTED + 1);
  if (connections.length > MOST_LISTED) return undefined;
  const people = new Map(connections.map((connection) => [connection.user, personOf(connection)]));
  return [...people.values()];
}

/** What others may know of a connection, as `authenticate` settled it: never its id. */
export function personOf({ user, attributes }: Pick<StoredConnection, 'user' | 'attributes'>): Person {
  return person.parse({ ...attributes, user });
}
