import * as z from 'zod/mini';
import type { StoredConnection } from '../../model/connection.js';
import { messageId, serverMessageText } from '../fanout/message.js';
import { functionOption, lazily, parseOptions } from '../../base/options.js';
import { PRESENCE_TYPE, type JsonValue, type Presence, type PresenceChange } from '../../base/protocol.js';
import type { DeliveryReport } from '../../model/report.js';
import type { ConnectionStore } from '../../model/store.js';
import { isRightBehind, numbersOf } from './numbers.js';
import { connectionsOfUser, personOf, whoIsIn } from './who.js';

/** How presence is shown to the others in a room. */
export interface PresenceOptions {
  /** Rooms that show who is there. Default: all that clients are in. */
  readonly rooms?: ((room: string) => boolean) | undefined;
  /** What others learn of a user beside the name, from one of its connections. Default: nothing. */
  readonly describe?: ((connection: StoredConnection) => JsonValue | undefined) | undefined;
  /**
   * Rooms with more connections than this show how many there are, not who: a list of all, sent to all, grows
   * with the square. @default 50
   */
  readonly maxListed?: number | undefined;
  /** How often such a room is told its number at most, in milliseconds. @default 5000 */
  readonly countEveryMs?: number | undefined;
}

const optionsSchema = lazily(() =>
  z.strictObject({
    rooms: z._default(functionOption<(room: string) => boolean>(), () => () => true),
    describe: z.optional(functionOption<(connection: StoredConnection) => JsonValue | undefined>()),
    maxListed: z._default(z.int().check(z.minimum(1), z.maximum(1000)), 50),
    countEveryMs: z._default(z.int().check(z.minimum(1)), 5000),
  }),
);

export type PresenceSettings = z.output<ReturnType<typeof optionsSchema>>;

/** Who is in which room, during one call of the function. */
export interface PresencePublisher {
  /** Nothing of a room that does not show it. */
  who(room: string): Promise<Presence | undefined>;
  /** Tells the others in the room, unless the user was there already. Never rejects. */
  joined(connection: StoredConnection, room: string): Promise<void>;
  /** Tells the others in the room, unless the user still is there on another connection. Never rejects. */
  left(connection: StoredConnection, room: string): Promise<void>;
}

/** What presence needs of a broadcaster, whatever its contract is. */
export interface PresenceBroadcaster {
  readonly store: ConnectionStore;
  to(room: string): { except(connectionId: string): { sendRaw(text: string): Promise<DeliveryReport> } };
}

/** Made by {@link presence} for `rooms.presence` of an app. */
export interface RoomPresence {
  watch(
    broadcaster: PresenceBroadcaster,
    now: () => number,
    report: (reason: unknown, during: string) => void,
  ): PresencePublisher;
}

/**
 * Shows who is in a room, as users: whoever has three tabs is one, and connections without a user are not
 * shown. Others in the room are told (`$presence`) who came and who left; the answers to `$join`, `$hello`
 * and `$presence` tell who is there.
 *
 * Who leaves is told at once, since a function cannot wait whether somebody comes back: clients do that.
 * Connections that went without a disconnect event are noticed when a message does not reach them, or after
 * 61 minutes.
 *
 * @example
 * createApp({ contract, store, origins, rooms: { join: true, presence: presence({ maxListed: 30 }) } });
 */
export function presence(options: PresenceOptions = {}): RoomPresence {
  const settings = parseOptions(optionsSchema(), options, 'presence');
  return { watch: (...parts) => createWatch(settings, ...parts) };
}

type Change = Pick<PresenceChange, 'joined' | 'left'>;

function createWatch(
  settings: PresenceSettings,
  ...[broadcaster, now, report]: Parameters<RoomPresence['watch']>
): PresencePublisher {
  const { store } = broadcaster;
  const isShown = (room: string): boolean => !room.startsWith('$') && settings.rooms(room);
  /** What was said of rooms during this call: who joins is answered with it. */
  const said = new Map<string, Presence>();

  async function who(room: string): Promise<Presence> {
    const { position } = await (await numbersOf(store, room, settings.countEveryMs)).latest();
    return { ...(await whoIsIn(store, room, settings)), position };
  }

  /** Who is there now, under the next number; `undefined` when it need not be said. */
  async function takeTurn(room: string): Promise<Presence | undefined> {
    const numbers = await numbersOf(store, room, settings.countEveryMs);
    const latest = await numbers.latest();
    const here = await whoIsIn(store, room, settings);
    const isLarge = here.users === undefined;
    const { countedAt = -Infinity } = latest;
    // Instances share no memory, so they take turns in the store; their clocks may differ either way.
    if (isLarge && Math.abs(now() - countedAt) < settings.countEveryMs) return undefined;
    const position = await numbers.next(isLarge ? 'count' : 'list');
    if (isRightBehind(position, latest.position)) return { ...here, position };
    // Whoever took a number in between has told the count, but a list may lack what that one has seen.
    return isLarge ? undefined : { ...(await whoIsIn(store, room, settings)), position };
  }

  async function announce(room: string, change: Change, exceptId: string): Promise<void> {
    const here = await takeTurn(room);
    if (here === undefined) return;
    said.set(room, here);
    // In large rooms nobody keeps a list that a change would belong to.
    const data: PresenceChange = { room, ...here, ...(here.users === undefined ? {} : change) };
    const text = serverMessageText({ type: PRESENCE_TYPE, data, id: messageId(undefined) });
    const { removed } = await broadcaster.to(room).except(exceptId).sendRaw(text);
    if (removed > 0) await announceDepartures(room, here, exceptId);
  }

  /** Some left without a word, which makes what was just told outdated. */
  async function announceDepartures(room: string, before: Presence, exceptId: string): Promise<void> {
    const still = new Set((await whoIsIn(store, room, settings)).users?.map(({ user }) => user));
    const left = (before.users ?? []).map(({ user }) => user).filter((user) => !still.has(user));
    if (left.length > 0) await announce(room, { left }, exceptId);
  }

  async function quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (reason) {
      report(reason, 'presence');
    }
  }

  return {
    who: async (room) => (isShown(room) ? (said.get(room) ?? who(room)) : undefined),
    joined: (connection, room) =>
      quietly(async () => {
        if (!isShown(room)) return;
        const [first] = await connectionsOfUser(store, connection.user, room);
        // Of two tabs that come at once, each sees the other: the first in the store's order speaks for both.
        if (first?.id !== connection.id) return;
        await announce(room, { joined: [personOf(connection, settings)] }, connection.id);
      }),
    left: ({ id, user }, room) =>
      quietly(async () => {
        if (user === undefined || !isShown(room)) return;
        if ((await connectionsOfUser(store, user, room)).length > 0) return;
        await announce(room, { left: [user] }, id);
      }),
  };
}
