/** Events of a client that are no messages. */
export const EVENTS = { state: 0, queue: 1, connection: 2, error: 3 } as const;
