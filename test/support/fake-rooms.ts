/** Rooms with a history, for a fake server: numbers, joins, recovery, as the protocol has them. */
import { answerByDefault, type FakeServer, type FakeSocket, type SentMessage } from './fake-server.js';

interface Position {
  readonly offset: number;
  readonly epoch: string;
}

interface Numbered extends Position {
  readonly type: string;
  readonly data: unknown;
  readonly id: string;
  readonly room: string;
}

export interface FakeRooms {
  /** Keeps a message and sends it to every member, unless `isLost` says that this copy does not arrive. */
  say(room: string, data: unknown, isLost?: (socket: FakeSocket) => boolean): void;
  /** Loses the history: what comes is of another numbering. */
  forget(room: string): void;
  /** Keeps only the newest. */
  trim(room: string, entries: number): void;
  members(room: string): readonly FakeSocket[];
  /** Rooms that nobody may join. */
  readonly closed: Set<string>;
  /** Most messages in one answer. */
  chunk: number;
}

interface Log {
  epoch: string;
  offset: number;
  entries: Numbered[];
}

export function createFakeRooms(server: FakeServer): FakeRooms {
  const logs = new Map<string, Log>();
  const members = new Map<string, Set<FakeSocket>>();
  let epochs = 0;

  function logOf(room: string): Log {
    const log = logs.get(room) ?? { epoch: `epoch${++epochs}`, offset: 0, entries: [] };
    logs.set(room, log);
    return log;
  }

  function membersOf(room: string): Set<FakeSocket> {
    const all = members.get(room) ?? new Set();
    members.set(room, all);
    return all;
  }

  function stateOf(room: string, since: Position | null | undefined): unknown {
    const { epoch, offset, entries } = logOf(room);
    const position = { epoch, offset };
    const from = since ?? position;
    const oldest = offset - entries.length;
    const isKnown = from.epoch === epoch && from.offset <= offset && from.offset >= oldest;
    if (!isKnown) return { position, recovered: false, messages: [], more: false };
    const rest = entries.filter((entry) => entry.offset > from.offset);
    const messages = rest.slice(0, rooms.chunk);
    return { position, recovered: true, messages, more: rest.length > messages.length };
  }

  function enter(room: string, since: Position | null | undefined, socket: FakeSocket): unknown {
    if (rooms.closed.has(room)) return { error: { code: 'FORBIDDEN', message: 'not allowed' } };
    membersOf(room).add(socket);
    return stateOf(room, since);
  }

  function answer(message: SentMessage, socket: FakeSocket): void {
    const data = (message.data ?? {}) as {
      readonly room: string;
      readonly since?: Position | null;
      readonly rooms?: Readonly<Record<string, Position | null>>;
    };
    if (message.type === '$hello') {
      const states = Object.entries(data.rooms ?? {}).map(([room, since]) => [
        room,
        enter(room, since, socket),
      ]);
      socket.reply(message, { v: 1, ...server.welcome, rooms: Object.fromEntries(states) as unknown });
    } else if (message.type === '$join') {
      if (rooms.closed.has(data.room)) socket.refuse(message, 'FORBIDDEN');
      else socket.reply(message, enter(data.room, data.since, socket));
    } else if (message.type === '$recover') socket.reply(message, stateOf(data.room, data.since));
    else if (message.type === '$leave') {
      membersOf(data.room).delete(socket);
      socket.reply(message);
    } else answerByDefault(server, message, socket);
  }

  const rooms: FakeRooms = {
    say(room, data, isLost = () => false) {
      const log = logOf(room);
      const { epoch } = log;
      const offset = ++log.offset;
      const message = { type: 'said', data, id: `${room} ${epoch} ${offset}`, room, epoch, offset };
      log.entries.push(message);
      for (const socket of membersOf(room)) {
        if (socket.isClosed) membersOf(room).delete(socket);
        else if (!isLost(socket)) socket.say(message);
      }
    },
    forget: (room) => logs.delete(room),
    trim(room, entries) {
      const log = logOf(room);
      log.entries = log.entries.slice(log.entries.length - entries);
    },
    members: (room) => [...membersOf(room)].filter(({ isClosed }) => !isClosed),
    closed: new Set(),
    chunk: 100,
  };
  server.answer = answer;
  return rooms;
}
