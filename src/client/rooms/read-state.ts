import type { NumberedMessage, Presence, PresentUser, RoomState } from '../../base/protocol.js';

/** Whether a message has a number that a history can have given. */
export function isNumbered(message: Partial<NumberedMessage> | null | undefined): message is NumberedMessage {
  const { type, epoch, offset } = message ?? {};
  return typeof type === 'string' && typeof epoch === 'string' && Number.isSafeInteger(offset);
}

/** What the server says of a room; `undefined` when it makes no sense. */
export function readState(state: Partial<RoomState> | null | undefined): RoomState | undefined {
  const { position, recovered, messages, more, presence } = state ?? {};
  if (!Array.isArray(messages) || position === undefined) return undefined;
  if (position && !isNumbered({ ...position, type: '' })) return undefined;
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
  const { count, at, users = [] } = presence ?? {};
  const isList =
    Array.isArray(users) && users.every((one: Partial<PresentUser> | null) => typeof one?.user === 'string');
  return typeof count === 'number' && typeof at === 'number' && isList;
}
