import type { Emitter, EventName, Stop } from '../base/emitter.js';
import type { Room } from './room.js';
import { RequestError } from '../requests/request-error.js';
import { ROOM_EVENTS } from './room-events.js';
import type { RoomPort } from './room-port.js';
import type { RoomPresenceFeed } from './room-presence.js';
import type { Sequence } from './sequence.js';

export interface RoomHandleDeps {
  readonly emitter: Emitter;
  readonly sequence: Sequence;
  readonly presence: RoomPresenceFeed;
  readonly port: RoomPort;
  readonly joined: Promise<void>;
}

/** One `join` of a room: whatever it listens to ends with it. */
export function createRoomHandle(
  name: string,
  { emitter, sequence, presence, port, joined }: RoomHandleDeps,
  onLeave: () => void,
): Room {
  const stops = new Set<Stop>();
  let hasLeft = false;
  let giveUp: (error: RequestError) => void = () => undefined;
  const outcome = new Promise<void>((resolve, reject) => {
    giveUp = reject;
    joined.then(resolve, reject);
  });
  // Whoever does not wait for it is told by `onRefused`.
  outcome.catch(() => undefined);
  function on(event: EventName, listener: (...values: never[]) => void): Stop {
    if (hasLeft) return () => undefined;
    const end = emitter.on(event, listener);
    const stop = (): void => {
      stops.delete(stop);
      end();
    };
    stops.add(stop);
    return stop;
  }
  return {
    name,
    joined: outcome,
    get position() {
      return sequence.position;
    },
    port,
    on,
    onLoss: (listener) => on(ROOM_EVENTS.loss, listener),
    onState: (listener) => on(ROOM_EVENTS.load, listener),
    onRecovery: (listener) => on(ROOM_EVENTS.recovery, listener),
    onPresence(listener) {
      const stop = on(ROOM_EVENTS.presence, listener);
      presence.ask();
      return stop;
    },
    onRefused: (listener) => on(ROOM_EVENTS.refused, listener),
    leave() {
      if (hasLeft) return;
      hasLeft = true;
      giveUp(new RequestError('LEFT', `room ${name}`));
      for (const stop of stops) stop();
      onLeave();
    },
  };
}
