import type { NumberedMessage, Presence, PresentUser, RoomPosition, RoomState } from '../../base/protocol.js';

/** Whether a message has a number that a history can have given. */
export function isNumbered(message: Partial<NumberedMessage> | null | undefined): message is NumberedMessage {
  return typeof message?.type === 'string' && isPosition(message);
}

function isPosition(position: Partial<RoomPosition> | null | undefined): position is RoomPosition {
  return typeof position?.epoch === 'string' && Number.isSafeInteger(position.offset);
}

/** What the server says of a room; `undefined` when it makes no sense. */
export function readState(state: Partial<RoomState> | null | undefined): RoomState | undefined {
  const { position, recovered, messages, more, presence } = state ?? {};
  if (!Array.isArray(messages) || position === undefined) return undefined;
  if (position && !isPosition(position)) return undefined;
  const told = isPresence(presence) ? { presence } : {};
  return {
    position: position || null,
    recovered: recovered === true,
    messages: messages.filter(isNumbered),
    more: more === true,
    ...told,
  };
}

/** Whether it says who is in a room. */
export function isPresence(presence: Partial<Presence> | null | undefined): presence is Presence {
  const { count, position, users = [] } = presence ?? {};
  const isList =
    Array.isArray(users) && users.every((one: Partial<PresentUser> | null) => typeof one?.user === 'string');
  return typeof count === 'number' && isPosition(position) && isList;
}
