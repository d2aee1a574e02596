import type { RoomWant } from '../../base/protocol.js';
import type { ClientClock } from '../base/clock.js';
import { createEmitter, type Emitter } from '../base/emitter.js';
import type { ClientSocket } from '../connection/link.js';
import { RequestError } from '../requests/request-error.js';
import type { RequestQueue } from '../requests/request-queue.js';
import { createMembership, type Membership } from './membership.js';
import { ROOM_EVENTS } from './room-events.js';
import type { RoomPort } from './room-port.js';
import { createRoomPresence, type RoomPresenceFeed } from './room-presence.js';
import { createSequence, type Sequence } from './sequence.js';

/** What all handles of one room share. */
export interface RoomEntry {
  readonly emitter: Emitter;
  readonly sequence: Sequence;
  readonly membership: Membership;
  readonly presence: RoomPresenceFeed;
  readonly port: RoomPort;
  /** What is asked for with the next join, beside the room. */
  want(): RoomWant | undefined;
  /** Settles with the first outcome of the join. */
  joined: Promise<void>;
  handles: number;
  /** The page does not get in. */
  refuse(error: RequestError): void;
  /** A connection has broken. */
  lost(link: ClientSocket): void;
}

export interface RoomsDeps {
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly current: () => ClientSocket | undefined;
  readonly requestQueue: RequestQueue;
  /** Told of every message as well, by its type. */
  readonly emitter: Emitter;
  /** Told of a refusal that no listener of the room hears of. */
  readonly complain: (error: RequestError) => void;
}

export interface RoomEntryDeps extends RoomsDeps {
  /** Whether a numbered message was delivered before, in this room or another. */
  readonly isSeen: (id: string) => boolean;
}

/** How long the protocol's own messages wait for an answer. */
const ASK_MS = 15_000;

/** `forget` is called when the page has left, or was refused. */
export function createRoomEntry(parts: RoomEntryDeps, name: string, forget: () => void): RoomEntry {
  const emitter = createEmitter();
  /** Whether the server has let the client in. */
  let wasIn = false;
  /** Whether the connection has broken since then. */
  let wasLost = false;
  const sequence = createSequence(
    (message) => {
      if (parts.isSeen(message.id)) return;
      emitter.emit(message.type, message.data, message);
      parts.emitter.emit(message.type, message.data, message);
    },
    () => emitter.emit(ROOM_EVENTS.loss),
  );
  const wants: RoomPort['wants'] = new Set();
  const want = (): RoomWant | undefined => {
    const all = [...wants].map((one) => one());
    return all.length === 0 ? undefined : (Object.assign({}, ...all) as RoomWant);
  };
  const ask = (over: ClientSocket, type: string, data: object): Promise<unknown> =>
    parts.requestQueue.post(type, data, { over, timeoutMs: ASK_MS });
  const presence = createRoomPresence({ ...parts, room: name, emitter, ask });
  const membership = createMembership({
    ...parts,
    name,
    sequence,
    ask,
    want,
    onAnswer(said) {
      emitter.emit(ROOM_EVENTS.answer, said);
      if (said?.load !== undefined) emitter.emit(ROOM_EVENTS.load, said.load);
    },
    onEntered: presence.entered,
    onSettled({ recovered, messages }) {
      emitter.emit(ROOM_EVENTS.outcome);
      // Without a history nobody knows what was missed.
      const recovery = { recovered: recovered && sequence.position !== null, messages };
      if (wasLost || !recovered) emitter.emit(ROOM_EVENTS.recovery, recovery);
      wasIn = true;
      wasLost = false;
    },
    onRefused: refuse,
    onLeft() {
      forget();
      emitter.emit(ROOM_EVENTS.outcome, new RequestError('LEFT', `room ${name}`));
    },
  });
  function refuse(error: RequestError): void {
    forget();
    emitter.emit(ROOM_EVENTS.outcome, error);
    if (!emitter.emit(ROOM_EVENTS.refused, error)) parts.complain(error);
  }
  const port: RoomPort = {
    name,
    clock: parts.clock,
    random: parts.random,
    complain: parts.complain,
    wants,
    on: emitter.on,
    ask: (type, data) => {
      const over = membership.link;
      return over === undefined ? undefined : ask(over, type, data);
    },
  };
  return {
    want,
    port,
    emitter,
    sequence,
    membership,
    presence,
    joined: nextOutcome(emitter),
    handles: 0,
    refuse,
    lost(link) {
      wasLost ||= wasIn && parts.current() === undefined;
      membership.lost(link);
      presence.lost(link);
      // One that was replaced takes nothing with it.
      if (membership.link === undefined) emitter.emit(ROOM_EVENTS.answer, undefined);
    },
  };
}

export function nextOutcome(emitter: Emitter): Promise<void> {
  const joined = new Promise<void>((resolve, reject) => {
    emitter.on(ROOM_EVENTS.outcome, (error?: RequestError) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
  // Whoever does not wait for it is told by `onRefused`.
  joined.catch(() => undefined);
  return joined;
}
