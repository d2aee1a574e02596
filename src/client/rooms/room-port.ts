import type { RoomWant } from '../../base/protocol.js';
import type { RequestError } from '../requests/request-error.js';
import type { ClientClock } from '../base/clock.js';
import type { EventName, Stop } from '../base/emitter.js';

/**
 * A room for what stands beside the client, such as `watchState`, so that pages without it do not load it.
 */
export interface RoomPort {
  readonly name: string;
  readonly clock: ClientClock;
  readonly random: () => number;
  /** What each join asks for beside the room. */
  readonly wants: Set<() => RoomWant>;
  /** Messages of the protocol by their type, as `(data, message)`, and `ROOM_EVENTS`. */
  on(event: EventName, listener: (...values: never[]) => void): Stop;
  /** Asks over the connection that is in the room; `undefined` when none is. Rejects with `RequestError`. */
  ask(type: string, data: object): Promise<unknown> | undefined;
  /** Tells of a failure that nobody waits for. */
  readonly complain: (error: RequestError) => void;
}
