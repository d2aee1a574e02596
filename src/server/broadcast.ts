import * as z from 'zod/mini';
import type { Contract, StateMapOf } from '../model/contract.js';
import { decodeCursor } from './fanout/cursor.js';
import { dispatcherOf } from './fanout/dispatch.js';
import { EVERYBODY } from './fanout/filter.js';
import { createPacer } from './fanout/pacer.js';
import { createTarget, type Target } from './fanout/target.js';
import { parseShared, sharedRoomsShape, sharedShape, type SharedOptions } from './shared-options.js';
import { createRoomHistories } from './history/histories.js';
import { recentMessages, type RecentMessage } from './history/recent.js';
import { announceBy } from './state/announce.js';
import type { RoomMap } from './state/room-map.js';
import { BroadcastError } from '../base/errors.js';
import type { FunctionContext } from '../base/invocation.js';
import { checkName } from '../base/names.js';
import type { BroadcastStatus, WatchOptions } from '../model/dispatched-broadcast.js';
import type { ObservedDeps } from '../model/observer.js';
import { lazily } from '../base/options.js';
import { checkRooms } from '../model/several-rooms.js';
import type { BroadcastAudience, ConnectionStore } from '../model/store.js';
import { defaultTransport } from '../transports/default.js';
import type { Transport } from '../model/transport.js';

/** What a broadcaster is made of: the same store and transport as the app whose connections it reaches. */
export type BroadcasterOptions<K extends Contract = Contract> = SharedOptions<K>;

const optionsSchema = lazily(() =>
  z.strictObject({
    ...sharedShape(),
    rooms: z._default(z.strictObject(sharedRoomsShape()), {}),
  }),
);

/** Throws `INVALID_OPTIONS` when nobody or too much is named. */
function audienceOf(rooms: readonly string[]): BroadcastAudience {
  const names = checkRooms(rooms, 'to(room)');
  const [room] = names;
  return names.length === 1 && room !== undefined ? { room } : { rooms: names };
}

/** Reaches connections from anywhere: a websocket handler, an HTTP endpoint, a timer, a queue worker. */
export interface Broadcaster<K extends Contract = Contract> {
  /**
   * Everybody in a room, or in at least one of several, at most 100: whoever is in more than one of them gets
   * one copy. It names the first of the rooms that keeps a history and has the connection in it, otherwise
   * the first that has; see docs/history.md.
   */
  to(room: string, ...others: readonly string[]): Target<K>;
  to(rooms: readonly string[]): Target<K>;
  /** Every connection of a user. */
  toUser(user: string): Target<K>;
  /**
   * One connection, by the id that the gateway gave it. One that the store does not have, or not any more, is
   * nobody: the report has no recipients. Costs a read of the store; who answers the message at hand returns
   * a value instead.
   */
  toConnection(id: string): Target<K>;
  /** Every connection. */
  toAll(): Target<K>;
  /**
   * The last messages of a room that keeps a history (`rooms.history`), at most `count` of them, the oldest
   * first: what clients get with `join(room, { last })`. One read of the store. Rejects with
   * `INVALID_OPTIONS` where the room keeps none.
   */
  recent(room: string, count: number): Promise<readonly RecentMessage<K>[]>;
  /**
   * A map of a room's state (`state` in the contract). Throws `INVALID_OPTIONS` when the contract has no such
   * map, or the option `rooms.state` is not set.
   */
  state<M extends StateMapOf<K>>(room: string, map: M): RoomMap<K, M>;
  /**
   * Goes on where a broadcast stopped: same audience, same message id, same place in the room's history, from
   * the first connection that was not tried. `except` and `where` are not in the cursor and have to be
   * repeated; sending without them is refused then. The message has to be given again.
   */
  resume(cursor: string): Target<K>;
  /**
   * The same broadcaster within one call of a function: broadcasts end before its deadline, and the transport
   * and the store take the IAM token from it.
   */
  during(context: FunctionContext): Broadcaster<K>;
  /**
   * How a dispatched broadcast stands: one read of the store. `undefined` when there is none of this id any
   * more.
   */
  status(id: string): Promise<BroadcastStatus | undefined>;
  /**
   * Calls a dispatched broadcast off: each worker ends at its page, shards not begun are not sent. Resolves
   * with the status once that is written down, or `undefined` when there is none of this id; one that is
   * settled stays as it is.
   */
  cancel(id: string): Promise<BroadcastStatus | undefined>;
  /**
   * The status each time it changes, until it is settled. Throws `INVALID_OPTIONS` when there is none of this
   * id and `ABORTED` when your signal ends it.
   */
  watch(id: string, options?: WatchOptions): AsyncIterable<BroadcastStatus>;
  /**
   * Does the jobs that the event of a queue brings; everything in it is taken for a job. Use it within
   * {@link during}, so that jobs are passed on before the call's time is over. Rejects when the event has to
   * come again.
   *
   * @example
   * export const handler = (event, context) => broadcaster.during(context).work(event);
   */
  work(event: unknown): Promise<void>;
  readonly store: ConnectionStore;
  readonly transport: Transport;
}

/**
 * Makes a broadcaster. Make one per instance and keep it: its budget of sends under way and what it has
 * learnt of the gateway's pace are shared by all its broadcasts.
 *
 * Throws `INVALID_OPTIONS` that names the option.
 *
 * @example
 * const broadcaster = createBroadcaster({ store, transport: restTransport() });
 * const report = await broadcaster.during(context).to('news').send('headline', { title });
 */
export function createBroadcaster<K extends Contract = Contract>(
  options: BroadcasterOptions<K>,
): Broadcaster<K> {
  const parsed = parseShared(optionsSchema(), options, 'createBroadcaster');
  const { contract, observe, rooms } = parsed;
  const { fanout, ...settings } = parsed.broadcast;
  const { store, transport } = observe.reduceRight<ObservedDeps>(
    (deps, observer) => observer.parts?.(deps) ?? deps,
    { store: parsed.store, transport: parsed.transport ?? defaultTransport() },
  );
  const pacer = createPacer(settings);
  const histories = createRoomHistories(store, rooms.history);

  function within(context: FunctionContext | undefined): Broadcaster<K> {
    const deps = { store, transport, contract, histories, settings, pacer, fanout, context, observe };
    const target = (audience: BroadcastAudience): Target<K> =>
      createTarget<K>(deps, { audience, filter: EVERYBODY });
    const announce = announceBy((room) => target({ room }));
    const state = rooms.state?.open({ store, contract, announce });
    return {
      store,
      transport,
      recent: (room, count) => recentMessages<K>(histories, room, count),
      state: (room, map) => {
        if (state !== undefined) return state.map(room, map) as RoomMap<K, typeof map>;
        throw new BroadcastError('INVALID_OPTIONS', 'state: set the option rooms: { state: roomState() }');
      },
      to: (...rooms: readonly (string | readonly string[])[]) => target(audienceOf(rooms.flat())),
      toUser: (user) => target({ user: checkName(user, 'toUser(user)') }),
      toConnection: (id) => target({ connection: checkName(id, 'toConnection(id)') }),
      toAll: () => target({ all: true }),
      resume: (cursor) => {
        const resumed = decodeCursor(cursor);
        return createTarget<K>(deps, { audience: resumed.audience, filter: EVERYBODY, resumed });
      },
      during: (call) => {
        transport.onInvocation?.(call);
        store.onInvocation?.(call);
        return within(call);
      },
      status: async (id) => dispatcherOf(deps).status(deps, id),
      cancel: async (id) => dispatcherOf(deps).cancel(deps, id),
      watch: (id, watchOptions) => dispatcherOf(deps).watch(deps, id, watchOptions),
      work: async (event) => dispatcherOf(deps).work(deps, event),
    };
  }

  return within(undefined);
}
