/** Events of a room that are no messages. */
export const ROOM_EVENTS = { recovery: 0, refused: 1, outcome: 2, presence: 3 } as const;
