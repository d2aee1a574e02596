import {
  MAX_FRAME_BYTES,
  MAX_HELLO_ROOMS,
  MAX_LAST_MESSAGES,
  PRESENCE_TYPE,
  type NumberedMessage,
  type PresenceChange,
  type HelloMessage,
  type RoomWant,
  type ServerMessage,
  type Welcome,
} from '../../base/protocol.js';
import { bytesOf } from '../base/bytes.js';
import { EVENTS } from '../base/events.js';
import type { ClientSocket } from '../connection/link.js';
import { RequestError } from '../requests/request-error.js';
import { createDedup } from './dedup.js';
import { isNumbered, isPresence } from './read-state.js';
import {
  createRoomEntry,
  nextOutcome,
  type RoomEntry,
  type RoomEntryDeps,
  type RoomsDeps,
} from './room-entry.js';
import { ROOM_EVENTS } from './room-events.js';
import { createRoomHandle } from './room-handle.js';
import { mistakeIn } from './room-name.js';
import type { JoinOptions, Room } from './room.js';

/** All rooms that the page wants to be in. */
export interface Rooms {
  join(name: string, want?: JoinOptions): Room;
  /** For a hello: where the page is, and what it wants. What does not fit into it is joined behind it. */
  hello(): Pick<HelloMessage['data'], 'rooms' | 'want'>;
  /** Returns false when the page has not joined the message's room. */
  hear(message: NumberedMessage): boolean;
  /** A message without a number: for the listeners of its room, if it has one. */
  notify(message: ServerMessage): void;
  /** A connection was opened, with rooms in it. */
  welcomed(link: ClientSocket, rooms: Welcome['rooms']): void;
  lost(link: ClientSocket): void;
  /** Nobody is let in any more. */
  close(): void;
}

/** Enough for a hello around its rooms. */
const HELLO_BYTES = 256;

/**
 * Server ids of numbered messages that are remembered: a broadcast that is sent again has a number of its
 * own, and one to several rooms has one in each.
 */
const MOST_SEEN = 2000;

/** A message as each of the rooms that it names has it. */
function placesIn(message: ServerMessage): readonly ServerMessage[] {
  const { also } = message;
  if (!Array.isArray(also)) return [message];
  return [message, ...also.map((place: object) => ({ ...message, offset: undefined, ...place }))];
}

export function createRooms(given: RoomsDeps): Rooms {
  const parts: RoomEntryDeps = { ...given, isSeen: createDedup(MOST_SEEN) };
  const entries = new Map<string, RoomEntry>();
  let isClosed = false;
  const closedIn = (name: string): RequestError => new RequestError('CLOSED', `room ${name}`);
  let hasWants = false;
  /** The next hello is for a server that is older than what is asked for beside the rooms. */
  let isOld = false;
  parts.emitter.on(
    EVENTS.state,
    ({ reason, state }: { readonly reason?: string; readonly state: string }) => {
      if (state === 'open') isOld = false;
      if (!hasWants || reason?.startsWith('INVALID_MESSAGE') !== true) return;
      isOld = true;
      parts.complain(new RequestError('INVALID_MESSAGE', 'want: the server is too old'));
    },
  );
  parts.emitter.on(PRESENCE_TYPE, (change: PresenceChange | null | undefined) => {
    if (isPresence(change)) entries.get(change.room)?.presence.notify(change);
  });

  function entryOf(name: string): RoomEntry {
    const known = entries.get(name);
    if (known !== undefined) return known;
    const entry = createRoomEntry(parts, name, () => {
      if (entries.get(name) === entry) entries.delete(name);
    });
    entries.set(name, entry);
    return entry;
  }

  return {
    join(name, want) {
      const entry = entryOf(name);
      entry.handles++;
      // A hello with a wrong number would be refused as a whole.
      const last = Math.max(0, Math.min(MAX_LAST_MESSAGES, Math.trunc(want?.last ?? 0) || 0));
      const ask = (): RoomWant => ({ last, load: want?.load === true });
      if (want !== undefined) entry.port.wants.add(ask);
      // What was said of the last time says nothing of this one.
      if (entry.membership.isLeaving && !entry.membership.isWanted) entry.joined = nextOutcome(entry.emitter);
      const mistake = mistakeIn(name);
      entry.membership.isWanted = mistake === undefined;
      // With what the page says at once that it wants beside the room.
      if (mistake === undefined) queueMicrotask(entry.membership.settle);
      else if (entry.handles === 1)
        // Not before listeners of the room can be there.
        queueMicrotask(() => {
          entry.refuse(mistake);
        });
      if (isClosed) entry.emitter.emit(ROOM_EVENTS.outcome, closedIn(name));
      return createRoomHandle(name, entry, () => {
        entry.handles--;
        entry.port.wants.delete(ask);
        // A page that renders anew leaves and joins in one go.
        parts.clock.after(0, () => {
          if (entry.handles > 0) return;
          entry.membership.isWanted = false;
          entry.membership.settle();
        });
      });
    },
    hello() {
      const wanted = [...entries].filter(([, { membership }]) => membership.isWanted);
      let bytes = 0;
      const fitting = wanted
        .slice(0, MAX_HELLO_ROOMS)
        .map(([name, { sequence, want }]) => [name, sequence.position, want()] as const)
        // A name with a want stands there twice.
        .filter(
          (one) =>
            (bytes += bytesOf(JSON.stringify([one, one[2] && one[0]]))) < MAX_FRAME_BYTES - HELLO_BYTES,
        );
      const wants = fitting.flatMap(([name, , one]) => (one === undefined ? [] : [[name, one] as const]));
      hasWants = wants.length > 0 && !isOld;
      return {
        rooms: Object.fromEntries(fitting.map(([name, place]) => [name, place])),
        ...(hasWants && { want: Object.fromEntries(wants) }),
      };
    },
    hear(message) {
      let isHeard = entries.has(message.room);
      // What went to several rooms has come once, and is the next message of each of them.
      for (const placed of placesIn(message)) {
        const entry = entries.get(placed.room ?? '');
        if (entry !== undefined && isNumbered(placed)) {
          entry.sequence.hear(placed);
          isHeard = true;
        }
        entry?.membership.settle();
      }
      return isHeard;
    },
    notify(message) {
      const joined = placesIn(message).find(({ room }) => entries.has(room ?? '')) ?? message;
      entries.get(joined.room ?? '')?.emitter.emit(message.type, message.data, joined);
    },
    welcomed(link, rooms) {
      // No name is to be taken for a property that every object has.
      const states = new Map(Object.entries(rooms));
      for (const [name, { membership }] of entries) {
        const state = states.get(name);
        if (state === undefined) membership.settle();
        else membership.welcomed(link, state);
      }
    },
    close() {
      isClosed = true;
      for (const [name, { emitter }] of entries) emitter.emit(ROOM_EVENTS.outcome, closedIn(name));
    },
    lost(link) {
      for (const entry of entries.values()) entry.lost(link);
    },
  };
}
