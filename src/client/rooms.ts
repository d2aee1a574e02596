import { MAX_HELLO_ROOMS, type NumberedMessage, type RoomPosition, type Welcome } from '../protocol.js';
import type { ClientClock } from './clock.js';
import { createEmitter, type Emitter, type Stop } from './emitter.js';
import type { Link } from './link.js';
import { createMembership, type Membership } from './membership.js';
import type { Outbox } from './outbox.js';
import type { RequestError } from './request-error.js';
import type { Room } from './room.js';
import { createSeen } from './seen.js';
import { createSequence, type Sequence } from './sequence.js';

/** All rooms that the page wants to be in. */
export interface Rooms {
  join(name: string): Room;
  /** For a hello: where the page is. What does not fit into it is joined behind it. */
  positions(): Record<string, RoomPosition | null>;
  /** Returns false when the page has not joined the message's room. */
  hear(message: NumberedMessage): boolean;
  /** A connection was opened, with rooms in it. */
  welcomed(link: Link, rooms: Welcome['rooms']): void;
  lost(link: Link): void;
}

export interface RoomsParts {
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly current: () => Link | undefined;
  readonly outbox: Outbox;
  /** Told of every message as well, by its type. */
  readonly emitter: Emitter;
  /** Told of a refusal that no listener of the room hears of. */
  readonly complain: (error: RequestError) => void;
}

interface Entry {
  readonly emitter: Emitter;
  readonly sequence: Sequence;
  readonly membership: Membership;
  readonly joined: Promise<void>;
  handles: number;
  /** Whether the server has let the client in. */
  wasIn: boolean;
  /** Whether the connection has broken since then. */
  wasLost: boolean;
}

/** How long the protocol's own messages wait for an answer. */
const ASK_MS = 15_000;

const RECOVERY = '$recovery';
const REFUSED = '$refused';
const OUTCOME = '$outcome';

/** Server ids of one room that are remembered: a broadcast that is sent again has a number of its own. */
const MOST_SEEN = 200;

export function createRooms(parts: RoomsParts): Rooms {
  const entries = new Map<string, Entry>();

  function createEntry(name: string): Entry {
    const emitter = createEmitter();
    const isSeen = createSeen(MOST_SEEN);
    const sequence = createSequence((message) => {
      if (isSeen(message.id)) return;
      emitter.emit(message.type, message.data, message);
      parts.emitter.emit(message.type, message.data, message);
    });
    const membership = createMembership({
      ...parts,
      name,
      sequence,
      ask: (over, type, data) => parts.outbox.post(type, data, { over, timeoutMs: ASK_MS }),
      onSettled({ recovered, messages }) {
        emitter.emit(OUTCOME);
        // Without a history nobody knows what was missed.
        const recovery = { recovered: recovered && sequence.position !== null, messages };
        if (entry.wasLost || !recovered) emitter.emit(RECOVERY, recovery);
        entry.wasIn = true;
        entry.wasLost = false;
      },
      onRefused(error) {
        forget();
        emitter.emit(OUTCOME, error);
        if (!emitter.emit(REFUSED, error)) parts.complain(error);
      },
      onLeft: forget,
    });
    function forget(): void {
      if (entries.get(name) === entry) entries.delete(name);
    }
    const joined = new Promise<void>((resolve, reject) => {
      emitter.on(OUTCOME, (error?: RequestError) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
    const entry: Entry = { emitter, sequence, membership, joined, handles: 0, wasIn: false, wasLost: false };
    // Whoever does not wait for it is told by `onRefused`.
    joined.catch(() => undefined);
    return entry;
  }

  return {
    join(name) {
      const entry = entries.get(name) ?? createEntry(name);
      entries.set(name, entry);
      entry.handles++;
      entry.membership.isWanted = true;
      entry.membership.settle();
      return createHandle(name, entry, () => {
        entry.handles--;
        // A page that renders anew leaves and joins in one go.
        parts.clock.after(0, () => {
          if (entry.handles > 0) return;
          entry.membership.isWanted = false;
          entry.membership.settle();
        });
      });
    },
    positions() {
      const wanted = [...entries].filter(([, { membership }]) => membership.isWanted);
      return Object.fromEntries(
        wanted.slice(0, MAX_HELLO_ROOMS).map(([name, { sequence }]) => [name, sequence.position]),
      );
    },
    hear(message) {
      const entry = entries.get(message.room);
      entry?.sequence.hear(message);
      entry?.membership.settle();
      return entry !== undefined;
    },
    welcomed(link, rooms) {
      for (const [name, { membership }] of entries) {
        const state = rooms[name];
        if (state === undefined) membership.settle();
        else membership.welcomed(link, state);
      }
    },
    lost(link) {
      for (const entry of entries.values()) {
        entry.wasLost ||= entry.wasIn && parts.current() === undefined;
        entry.membership.lost(link);
      }
    },
  };
}

function createHandle(name: string, { emitter, sequence, joined }: Entry, onLeave: () => void): Room {
  let stops: Stop[] = [];
  let hasLeft = false;
  function on(event: string, listener: (...values: never[]) => void): Stop {
    if (hasLeft) return () => undefined;
    const stop = emitter.on(event, listener);
    stops.push(stop);
    return stop;
  }
  return {
    name,
    joined,
    get position() {
      return sequence.position;
    },
    on,
    onRecovery: (listener) => on(RECOVERY, listener),
    onRefused: (listener) => on(REFUSED, listener),
    leave() {
      if (hasLeft) return;
      hasLeft = true;
      for (const stop of stops) stop();
      stops = [];
      onLeave();
    },
  };
}
