/** Which connections are in which rooms, as far as the library in a function has told. */
export interface KnownRooms {
  join(connectionId: string, room: string): void;
  leave(connectionId: string, room: string): void;
  /** The connection has gone. */
  forget(connectionId: string): void;
  membersOf(room: string): ReadonlySet<string>;
  roomsOf(connectionId: string): readonly string[];
  names(): readonly string[];
}

const NOBODY: ReadonlySet<string> = new Set();

export function createRooms(): KnownRooms {
  const members = new Map<string, Set<string>>();
  const joined = new Map<string, Set<string>>();

  return {
    join(connectionId, room) {
      setIn(members, room).add(connectionId);
      setIn(joined, connectionId).add(room);
    },
    leave(connectionId, room) {
      removeFrom(members, room, connectionId);
      removeFrom(joined, connectionId, room);
    },
    forget(connectionId) {
      for (const room of joined.get(connectionId) ?? []) removeFrom(members, room, connectionId);
      joined.delete(connectionId);
    },
    membersOf: (room) => members.get(room) ?? NOBODY,
    roomsOf: (connectionId) => [...(joined.get(connectionId) ?? [])],
    names: () => [...members.keys()],
  };
}

function setIn(map: Map<string, Set<string>>, key: string): Set<string> {
  const known = map.get(key) ?? new Set();
  map.set(key, known);
  return known;
}

function removeFrom(map: Map<string, Set<string>>, key: string, value: string): void {
  const set = map.get(key);
  set?.delete(value);
  if (set?.size === 0) map.delete(key);
}
