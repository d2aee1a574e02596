/** Events of a room that are no messages. */
export const ROOM_EVENTS = {
  recovery: 0,
  refused: 1,
  outcome: 2,
  presence: 3,
  /** Messages between those before and those after are gone for good. */
  loss: 4,
  /** What the server says of the room, as it came; `undefined` when the connection was lost. */
  answer: 5,
  /** What the app has loaded for the room. */
  load: 6,
} as const;
