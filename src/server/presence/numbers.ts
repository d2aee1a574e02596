import type { RoomPosition } from '../../base/protocol.js';
import type { ConnectionStore } from '../../model/store.js';
import { historyStoreOf } from '../history/histories.js';
import { privateName } from '../history/hashed-key.js';

/**
 * The numbers of what is said of who is in a room, in a history of their own: clocks of instances differ, and
 * messages overtake each other. Whoever says it has taken the number before listing the room, or has made
 * sure that nobody else took one meanwhile. So a listing has seen every change with a number up to its own.
 */
export interface PresenceNumbers {
  latest(): Promise<LatestNumber>;
  /** Takes the next number. */
  next(said: SaidKind): Promise<RoomPosition>;
}

/** What was said under a number: who is there, or, of a large room, how many. */
export type SaidKind = 'list' | 'count';

export interface LatestNumber {
  readonly position: RoomPosition;
  /** When the room was told a count, if that was the last that it was told; by the clock of whoever did. */
  readonly countedAt: number | undefined;
}

/** An entry is looked at for this long at least, in milliseconds. */
const MIN_AGE_MS = 60_000;

export async function numbersOf(
  store: ConnectionStore,
  room: string,
  countEveryMs: number,
): Promise<PresenceNumbers> {
  const history = historyStoreOf(store, 'rooms.presence');
  const name = await privateName('presence', room);
  const limits = { maxEntries: 1, maxAgeMs: Math.max(countEveryMs, MIN_AGE_MS) };
  return {
    async latest() {
      const { position, entries } = await history.read(name, { limit: 1 });
      const last = entries.at(-1);
      return { position, countedAt: last?.data === ('count' satisfies SaidKind) ? last.at : undefined };
    },
    next: (said) => history.append(name, said, limits),
  };
}

/** Whether `next` was taken right behind `latest`, by nobody else in between. */
export function isRightBehind(next: RoomPosition, { epoch, offset }: RoomPosition): boolean {
  return next.epoch === epoch && next.offset === offset + 1;
}
