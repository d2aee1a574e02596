/** Who is in a room, as a page shows it. */
import type { JsonValue, Presence, PresenceChange } from '../base/protocol.js';
import { LONGEST_MS, systemClock, type ClientClock } from './base/clock.js';
import { createEmitter, type Stop } from './base/emitter.js';
import { RequestError } from './requests/request-error.js';
import { createPresenceSet, type PresenceUpdate, type PresenceView } from './rooms/presence-set.js';

export type { Presence, PresentUser } from '../base/protocol.js';
export type { PresenceUpdate, PresenceView } from './rooms/presence-set.js';

/** How patient the list is with those who leave. */
export interface PresenceWatchOptions {
  /**
   * How long somebody who has left is still shown, in milliseconds: who only changes networks is back by
   * then. 0 shows it at once. @default 10000
   */
  readonly leaveAfterMs?: number | undefined;
  /** For tests: another clock. */
  readonly clock?: ClientClock | undefined;
}

/** Who is in a room, kept up to date. */
export interface PresenceWatch<Data = JsonValue> {
  readonly now: PresenceView<Data>;
  /** Told of every change, not of how it is now. */
  onChange(listener: (update: PresenceUpdate<Data>) => void): Stop;
  /** Ends it; the room is not left. May be called twice. */
  stop(): void;
}

/** A room of the client, as far as it tells who is there. */
export interface PresenceRoom<Data = JsonValue> {
  onPresence(listener: (presence: Presence<Data> | PresenceChange<Data> | undefined) => void): Stop;
}

/**
 * Keeps who is in a room that shows it (`rooms.presence` of the app): users, not connections. Somebody who
 * leaves is shown for `leaveAfterMs` more, and whoever is back by then has never been away. In large rooms
 * the server tells a number only. `Data` is what `describe` of the app returns.
 *
 * Throws {@link RequestError} `INVALID_OPTIONS` for a `leaveAfterMs` that is no time.
 *
 * @example
 * const presence = watchPresence(client.join('lobby'));
 * presence.onChange(({ users, count }) => show(users ?? count));
 */
export function watchPresence<Data = JsonValue>(
  room: PresenceRoom<NoInfer<Data>>,
  options: PresenceWatchOptions = {},
): PresenceWatch<Data> {
  const { leaveAfterMs = 10_000, clock = systemClock } = options;
  if (!(leaveAfterMs >= 0 && leaveAfterMs <= LONGEST_MS))
    throw new RequestError('INVALID_OPTIONS', 'watchPresence.leaveAfterMs: expected milliseconds');
  const emitter = createEmitter();
  let now: PresenceView<Data> = { count: undefined, users: undefined };
  const roster = createPresenceSet<Data>({
    leaveAfterMs,
    clock,
    onChange(update) {
      now = { count: update.count, users: update.users };
      emitter.emit('change', update);
    },
  });
  const stopHearing = room.onPresence((presence) => {
    if (presence === undefined) roster.lose();
    else roster.update(presence);
  });
  return {
    get now() {
      return now;
    },
    onChange: (listener) => emitter.on('change', listener),
    stop() {
      stopHearing();
      roster.stop();
    },
  };
}
