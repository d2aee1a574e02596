import type { JsonValue, Presence, PresentUser, RoomPosition } from '../../base/protocol.js';
import type { ClientClock } from '../base/clock.js';
import type { Stop } from '../base/emitter.js';

/** Who is in a room, at the moment. The same object until something changes. */
export interface PresenceView<Data = JsonValue> {
  /**
   * How many users; where `users` is not known, how many connections. `undefined` until the server has said
   * it. Holds the last known number while the connection is lost.
   */
  readonly count: number | undefined;
  /**
   * Everybody, this user included, in the order in which they were first seen. `undefined` in large rooms,
   * and until it is known.
   */
  readonly users: readonly PresentUser<Data>[] | undefined;
}

/**
 * What has changed. Both are empty when the list begins, ends (in a room that grew large), or says something
 * else of somebody.
 */
export interface PresenceUpdate<Data = JsonValue> extends PresenceView<Data> {
  readonly joined: readonly PresentUser<Data>[];
  readonly left: readonly PresentUser<Data>[];
}

/** Who is shown in a room: those who are there, and those who have not been gone for long. */
export interface PresenceSet<Data> {
  /** What the server says. */
  update(presence: Presence<Data>): void;
  /** Nothing is known from now on until it says something. */
  lose(): void;
  stop(): void;
}

export interface PresenceSetDeps<Data> {
  readonly leaveAfterMs: number;
  readonly clock: ClientClock;
  readonly onChange: (update: PresenceUpdate<Data>) => void;
}

export function createPresenceSet<Data>({
  leaveAfterMs,
  clock,
  onChange,
}: PresenceSetDeps<Data>): PresenceSet<Data> {
  let shown: Map<string, PresentUser<Data>> | undefined;
  let count: number | undefined;
  /** Of what was said last. */
  let position: RoomPosition | undefined;
  let lostAt: number | undefined;
  /** Timers of those who have left and are shown still. */
  const leaving = new Map<string, Stop>();

  function publish(joined: readonly PresentUser<Data>[], left: readonly PresentUser<Data>[]): void {
    if (shown !== undefined) count = shown.size;
    onChange({ count, users: shown && [...shown.values()], joined, left });
  }

  function stay(user: string): void {
    leaving.get(user)?.();
    leaving.delete(user);
  }

  function stop(): void {
    for (const user of leaving.keys()) stay(user);
  }

  /** A large room: its number is all that is known. */
  function updateCount(next: number): void {
    stop();
    const hasChanged = shown !== undefined || next !== count;
    shown = undefined;
    count = next;
    if (hasChanged) publish([], []);
  }

  function updateList(users: readonly PresentUser<Data>[], patienceMs: number): void {
    if (shown === undefined) {
      shown = new Map(users.map((one) => [one.user, one]));
      publish([], []);
      return;
    }
    const here = shown;
    for (const { user } of users) stay(user);
    const joined = users.filter(({ user }) => !here.has(user));
    const hasNews = users.some((one) => JSON.stringify(here.get(one.user)) !== JSON.stringify(one));
    const present = new Set(users.map(({ user }) => user));
    const missing = [...here.values()].filter(({ user }) => !present.has(user));
    const left = patienceMs > 0 ? [] : missing;
    for (const one of users) here.set(one.user, one);
    for (const { user } of left) remove(user);
    if (left.length === 0) for (const { user } of missing) leaveLater(user, patienceMs);
    if (hasNews || left.length > 0) publish(joined, left);
  }

  function leaveLater(user: string, patienceMs: number): void {
    if (leaving.has(user)) return;
    const goes = (): void => {
      const gone = remove(user);
      publish([], gone);
    };
    leaving.set(user, clock.after(patienceMs, goes));
  }

  function remove(user: string): PresentUser<Data>[] {
    stay(user);
    const one = shown?.get(user);
    shown?.delete(user);
    return one === undefined ? [] : [one];
  }

  return {
    update(presence) {
      const { epoch, offset } = presence.position;
      // Overtaken by a newer one.
      if (epoch === position?.epoch && offset < position.offset) return;
      ({ position } = presence);
      // Who is missing after a long break has been gone for longer than that is waited for.
      const patienceMs = Math.max(0, leaveAfterMs - (lostAt === undefined ? 0 : clock.now() - lostAt));
      lostAt = undefined;
      if (presence.users === undefined) updateCount(presence.count);
      else updateList(presence.users, patienceMs);
    },
    lose() {
      position = undefined;
      lostAt ??= clock.now();
    },
    stop,
  };
}
