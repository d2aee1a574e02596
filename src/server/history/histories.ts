import * as z from 'zod/mini';
import { BroadcastError } from '../../base/errors.js';
import { functionOption, lazily, parseOptions } from '../../base/options.js';
import type { RoomPosition } from '../../base/protocol.js';
import type { ConnectionStore, HistoryLimits, HistoryRead } from '../../model/store.js';

/**
 * Which rooms keep a history, and how much of it: the same for all, or a function that gives the limits of a
 * room and `undefined` for rooms without. The limits of one room should not change: stores may go on with the
 * first ones.
 */
export type HistoryOption = HistoryLimits | ((room: string) => HistoryLimits | undefined);

const limitsSchema = lazily(() =>
  z.strictObject({
    maxEntries: z.int().check(z.minimum(1)),
    maxAgeMs: z.int().check(z.minimum(1)),
  }),
);

export const historyOptionSchema = lazily(() =>
  z.union([functionOption<(room: string) => HistoryLimits | undefined>(), limitsSchema()], {
    error: 'expected { maxEntries, maxAgeMs }, both whole numbers from 1, or a function of the room',
  }),
);

/** The histories of rooms, as far as they keep any. */
export interface RoomHistories {
  isKept(room: string): boolean;
  append(room: string, text: string): Promise<RoomPosition>;
  /** What follows `since`, or where the room stands. */
  read(room: string, since: RoomPosition | undefined, limit: number): Promise<HistoryRead>;
}

/** Throws `INVALID_OPTIONS` when the store cannot keep what `option` asks for. */
export function createRoomHistories(
  store: ConnectionStore,
  option: HistoryOption | undefined,
): RoomHistories {
  if (option !== undefined) historyStoreOf(store, 'rooms.history');

  function limitsOf(room: string): HistoryLimits | undefined {
    // Names with `$` are the protocol's own: what stands there is none of the room's business.
    if (option === undefined || room.startsWith('$')) return undefined;
    if (typeof option !== 'function') return option;
    const limits = option(room);
    return limits === undefined ? undefined : parseOptions(limitsSchema(), limits, 'rooms.history(room)');
  }

  return {
    isKept: (room) => limitsOf(room) !== undefined,
    async append(room, text) {
      const limits = limitsOf(room);
      if (limits === undefined) throw new BroadcastError('INVALID_OPTIONS', `'${room}' has no history`);
      return historyStoreOf(store, 'rooms.history').append(room, text, limits);
    },
    read: async (room, since, limit) => historyStoreOf(store, 'rooms.history').read(room, { since, limit }),
  };
}

/** The store's histories. Throws `INVALID_OPTIONS` that names what needs them when it has none. */
export function historyStoreOf(
  { name, history }: ConnectionStore,
  what: string,
): NonNullable<typeof history> {
  if (history !== undefined) return history;
  throw new BroadcastError(
    'INVALID_OPTIONS',
    `${what}: the store '${name}' has no histories; use another store`,
  );
}
