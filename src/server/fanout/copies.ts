import type { RoomPlace } from '../../base/protocol.js';
import { roomsIn } from '../../model/several-rooms.js';
import type { BroadcastAudience, ConnectionStore, ListedConnection } from '../../model/store.js';
import type { EncodedPayload, Transport } from '../../model/transport.js';
import type { PayloadSource } from './send-to.js';

/**
 * Payloads of several rooms that are kept for the next connection in the same ones; then all are forgotten.
 */
const MOST_KEPT = 1000;

/** What everybody gets, and where it stands in the histories of rooms. */
export type MessageCopies = PayloadSource & { readonly places: readonly RoomPlace[] };

/**
 * The text of a copy for somebody in `rooms`: it names them, so that the listeners of one of them hear it,
 * and the message's places there, so that none of them takes it for missing. Those that keep a history come
 * first.
 */
export function copyText(text: string, rooms: readonly string[], places: readonly RoomPlace[]): string {
  const own = places.filter(({ room }) => rooms.includes(room));
  const others = rooms.filter((room) => own.every((place) => place.room !== room)).map((room) => ({ room }));
  const [first, ...also] = [...own, ...others];
  if (first === undefined) return text;
  const named = also.length === 0 ? first : { ...first, also };
  return `${text.slice(0, -1)},${JSON.stringify(named).slice(1)}`;
}

/** Which of the rooms of an audience a recipient is in; the store is asked when the listing has not told. */
async function ownRooms(
  store: Pick<ConnectionStore, 'rooms'>,
  audience: BroadcastAudience,
  { id, rooms }: ListedConnection,
): Promise<readonly string[]> {
  if (rooms !== undefined) return rooms;
  const present = new Set(await store.rooms(id));
  return roomsIn(audience).filter((room) => present.has(room));
}

/**
 * The copies of a message: one for all, or with several rooms one for each combination of them that somebody
 * is in.
 */
export function copiesOf(
  { transport, store }: { readonly transport: Transport; readonly store: Pick<ConnectionStore, 'rooms'> },
  audience: BroadcastAudience,
  text: string,
  places: readonly RoomPlace[],
): MessageCopies {
  if (!('rooms' in audience))
    return { same: transport.encode(copyText(text, roomsIn(audience), places)), places };
  const made = new Map<string, EncodedPayload>();
  return {
    places,
    async each(connection) {
      const rooms = await ownRooms(store, audience, connection);
      const key = JSON.stringify(rooms);
      let payload = made.get(key);
      if (payload === undefined) {
        payload = transport.encode(copyText(text, rooms, places));
        if (made.size >= MOST_KEPT) made.clear();
        made.set(key, payload);
      }
      return payload;
    },
  };
}
