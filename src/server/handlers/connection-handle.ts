import type {
  AttributesOf,
  IdentifiedConnection,
  Identity,
  StoredConnection,
  UserOf,
} from '../../model/connection.js';
import { publish } from '../../model/diagnostics.js';
import { BroadcastError } from '../../base/errors.js';
import type { Goodbye } from '../fanout/goodbye.js';
import type { PresencePublisher } from '../presence/presence.js';
import type { ConnectionStore } from '../../model/store.js';
import type { Transport } from '../../model/transport.js';
import { closeConnection, sayGoodbye } from './goodbye.js';
import { RoomForbiddenError } from './room-forbidden-error.js';

/** A connection in the hands of a handler. */
export interface Connection<I extends Identity = Identity> extends StoredConnection {
  readonly user: UserOf<I>;
  readonly attributes: AttributesOf<I>;
  /**
   * Puts it into a room. Rejects with `FORBIDDEN` when `authorize` says no, `CONNECTION_STALE` when it has
   * gone.
   */
  join(room: string): Promise<void>;
  /** Takes it out of a room; nothing happens when it is not in there. */
  leave(room: string): Promise<void>;
  rooms(): Promise<readonly string[]>;
  /** Replaces what is kept with it. Later calls and listings see it; this object does not change. */
  setAttributes(attributes: AttributesOf<I>): Promise<void>;
  /**
   * Closes it, and tells the client why before, if a reason is given. A connection that has gone already is
   * fine. Rejects when it could not be told or closed.
   */
  disconnect(goodbye?: Goodbye): Promise<void>;
}

/** Decides whether a connection may join a room. Rooms are open as long as it is not given. */
export type Authorize<I extends Identity = Identity> = (request: {
  readonly connection: IdentifiedConnection<I>;
  readonly room: string;
}) => boolean | Promise<boolean>;

export interface HandleDeps {
  readonly store: ConnectionStore;
  readonly transport: Transport;
  readonly authorize?: Authorize | undefined;
  readonly presence?: PresencePublisher | undefined;
}

export function createConnectionHandle(stored: StoredConnection, parts: HandleDeps): Connection {
  const { store, transport, presence } = parts;
  const { id } = stored;
  return {
    ...stored,
    user: stored.user,
    async join(room) {
      await requireMembership(parts.authorize, stored, room);
      await joinAuthorized(stored, parts, room);
    },
    async leave(room) {
      const wasIn = presence !== undefined && (await isIn(store, id, room));
      await store.leave(id, room);
      publish({ type: 'left', connectionId: id, room });
      if (wasIn) await presence.left(stored, room);
    },
    rooms: () => store.rooms(id),
    async setAttributes(attributes) {
      if (!(await store.setAttributes(id, attributes))) throw gone();
    },
    disconnect: (goodbye) =>
      goodbye === undefined ? closeConnection(transport, id) : sayGoodbye(transport, id, goodbye),
  };
}

/** Joins a room that {@link requireMembership} has allowed. */
export async function joinAuthorized(
  stored: StoredConnection,
  { store, presence }: Pick<HandleDeps, 'store' | 'presence'>,
  room: string,
): Promise<void> {
  const { id } = stored;
  const wasIn = presence !== undefined && (await isIn(store, id, room));
  if ((await store.join(id, room)) === 'absent') throw gone();
  publish({ type: 'joined', connectionId: id, room });
  if (!wasIn) await presence?.joined(stored, room);
}

/** The others in a room are told only of what changes something: clients repeat what was not answered. */
async function isIn(store: ConnectionStore, id: string, room: string): Promise<boolean> {
  return (await store.rooms(id)).includes(room);
}

/** Rejects with `FORBIDDEN` unless the connection may be in the room. */
export async function requireMembership(
  authorize: Authorize | undefined,
  connection: StoredConnection,
  room: string,
): Promise<void> {
  if (authorize === undefined || (await authorize({ connection, room }))) return;
  throw new RoomForbiddenError(`authorize refused room '${room}'`);
}

function gone(): BroadcastError {
  return new BroadcastError('CONNECTION_STALE', 'the connection is gone');
}
