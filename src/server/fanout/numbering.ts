import type { RoomHistories } from '../history/histories.js';
import { checkNumberedSize } from '../history/numbered-text.js';
import type { RoomPlace } from '../../base/protocol.js';
import { roomsIn } from '../../model/several-rooms.js';
import type { Transport } from '../../model/transport.js';
import { acceptanceOf } from './filter.js';
import type { Selection } from './selection.js';

export interface NumberingDeps {
  readonly transport: Transport;
  readonly histories: RoomHistories;
}

/**
 * The places of a message for all in the histories of its rooms; none when none of them keeps one. There it
 * is kept first and then sent: whoever misses the sending can ask for it, and nobody is sent what could not
 * be kept. A part of a room gets it without, since the rest would take the hole for a loss.
 *
 * A resumed broadcast has its places already. One that is over before it began (`isOver`) is not kept either.
 */
export async function placesOf(
  { transport, histories }: NumberingDeps,
  { audience, filter, resumed }: Selection,
  text: string,
  isOver: boolean,
): Promise<readonly RoomPlace[]> {
  if (resumed !== undefined && resumed.places.length > 0) return resumed.places;
  if (isOver || acceptanceOf(filter) !== undefined) return [];
  const kept = roomsIn(audience).filter((room) => histories.isKept(room));
  if (kept.length === 0) return [];
  checkNumberedSize(text, kept, transport.maxPayloadBytes);
  return Promise.all(
    kept.map(async (room) => {
      const { offset, epoch } = await histories.append(room, text);
      return { room, offset, epoch };
    }),
  );
}
