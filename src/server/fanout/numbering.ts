import type { RoomHistories } from '../history/histories.js';
import { checkNumberedSize, numberedText } from '../history/numbered-text.js';
import type { RoomPosition } from '../../base/protocol.js';
import type { EncodedPayload, Transport } from '../../model/transport.js';
import { acceptanceOf } from './filter.js';
import { addressedText } from './message.js';
import type { Selection } from './selection.js';

/** What everybody gets, and its place in the room's history, if it has one. */
export interface SharedPayload {
  readonly same: EncodedPayload;
  readonly position?: RoomPosition | undefined;
}

export interface NumberingDeps {
  readonly transport: Transport;
  readonly histories: RoomHistories;
}

/** The text that travels, and its place in the room's history, if it has one. */
export interface NumberedText {
  readonly text: string;
  readonly position?: RoomPosition | undefined;
}

/** The payload of a message for all; see {@link numbered}. */
export async function numberedPayload(
  deps: NumberingDeps,
  selection: Selection,
  bare: string,
  isOver: boolean,
): Promise<SharedPayload> {
  const { text, position } = await numbered(deps, selection, bare, isOver);
  return { same: deps.transport.encode(text), position };
}

/**
 * The text of a message for all. In a room with a history it is kept first and then sent with its place: whoever
 * misses the sending can ask for it, and nobody is sent what could not be kept. A part of a room gets it with the room's
 * name only, since the rest would take the hole for a loss.
 *
 * A resumed broadcast has its place already. One that is over before it began (`isOver`) is not kept either.
 */
export async function numbered(
  { transport, histories }: NumberingDeps,
  { audience, filter, resumed }: Selection,
  text: string,
  isOver: boolean,
): Promise<NumberedText> {
  const room = 'room' in audience ? audience.room : undefined;
  if (room === undefined) return { text };

  async function place(of: string): Promise<RoomPosition | undefined> {
    if (resumed?.position !== undefined) return resumed.position;
    if (isOver || acceptanceOf(filter) !== undefined || !histories.isKept(of)) return undefined;
    checkNumberedSize(text, of, transport.maxPayloadBytes);
    return histories.append(of, text);
  }

  const position = await place(room);
  if (position === undefined) return { text: addressedText(text, audience) };
  return { text: numberedText(text, room, position), position };
}
