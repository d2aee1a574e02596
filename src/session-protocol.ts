/**
 * The protocol's own messages: what a client says to keep its place in rooms over many connections, and what it is told.
 * docs/protocol.md tells the story; here is the form. Safe in a browser.
 */
import type { ClientError, JsonValue, ServerMessage } from './protocol.js';

/** The version of the protocol that this package speaks, both sides. */
export const PROTOCOL_VERSION = 1;

/** Types of the protocol's own messages. `PRESENCE` goes both ways, `BYE` from server to client, the rest to the server. */
export const HELLO_TYPE = '$hello';
export const JOIN_TYPE = '$join';
export const LEAVE_TYPE = '$leave';
export const RECOVER_TYPE = '$recover';
export const PING_TYPE = '$ping';
export const PRESENCE_TYPE = '$presence';
export const BYE_TYPE = '$bye';

/** Where somebody stands in a room's history. Offsets count from 1 within an epoch; 0 is before the first message. */
export interface RoomPosition {
  readonly offset: number;
  /** Changes when the history was lost: positions of another epoch mean nothing. */
  readonly epoch: string;
}

/** A broadcast to a whole room that has a history. Others have no offset, so a missing offset is always a lost message. */
export interface RoomMessage extends ServerMessage, RoomPosition {
  readonly room: string;
}

/** `data` of `$hello`, the first message on a connection: who speaks the protocol, and where it stood in which rooms. */
export interface HelloRequest {
  readonly v: number;
  /** Rooms to join, at most {@link MAX_HELLO_ROOMS}, each with the position behind which messages are missing. */
  readonly rooms?: Readonly<Record<string, RoomPosition | null>> | undefined;
}

/** Most rooms in one `$hello`. */
export const MAX_HELLO_ROOMS = 100;

export interface HelloReply {
  readonly v: number;
  /** How long this connection may live from now on, in milliseconds: the gateway's limit, or until the identity expires. */
  readonly lifetimeMs: number;
  /** The client says something at least this often, in milliseconds, since the gateway closes what is idle. */
  readonly keepAliveMs: number;
  /** Who the connection is to the server, if anybody. */
  readonly user?: string | undefined;
  readonly rooms: Readonly<Record<string, RoomState | RoomRefusal>>;
}

/** A room of `$hello` that the connection may not join. */
export interface RoomRefusal {
  readonly error: ClientError;
}

/** `data` of `$join`: from now on, or from behind `since`. */
export interface JoinRequest {
  readonly room: string;
  readonly since?: RoomPosition | null | undefined;
}

/** `data` of `$recover`: what follows `since` in a room that was joined. */
export interface RecoverRequest {
  readonly room: string;
  readonly since: RoomPosition;
}

/** `data` of `$leave` and of `$presence` to the server. */
export interface RoomRequest {
  readonly room: string;
}

/** A room as the answer to `$hello`, `$join` and `$recover` shows it. */
export interface RoomState {
  /** Where the room's history stands now; `null` when it keeps none. */
  readonly position: RoomPosition | null;
  /** Whether nothing behind `since` is lost. When something is, `messages` is empty: never a part. */
  readonly recovered: boolean;
  /** What follows `since`, in order, without a gap up to the last of them. */
  readonly messages: readonly RoomMessage[];
  /** Whether more follow than fitted: ask with `$recover` behind the last one, or behind `since` when there is none. */
  readonly more: boolean;
  /** Who is there; in rooms with presence. */
  readonly presence?: Presence | undefined;
}

/** Who is in a room: users, however many connections each of them has. */
export interface Presence {
  /** How many users, or, where `users` is left out, how many connections. */
  readonly count: number;
  /** When this was so, in Unix milliseconds of the server: of two, the later one holds. */
  readonly at: number;
  /** Everybody, in small rooms only. */
  readonly users?: readonly PresentUser[] | undefined;
}

export interface PresentUser {
  readonly user: string;
  /** What the app tells of this user, if anything. */
  readonly data?: JsonValue | undefined;
}

/** `data` of `$presence` from the server: what has changed in a room, and how it is now. */
export interface PresenceChange extends Presence {
  readonly room: string;
  /** Who came. Somebody who is known to be there may be named again. */
  readonly joined?: readonly PresentUser[] | undefined;
  /** Who has no connection left in the room. */
  readonly left?: readonly string[] | undefined;
}

/** `data` of `$bye`: the server closes the connection next. The platform cannot send a close code, so this is one. */
export interface Bye {
  /** From 4000 to 4999, as close codes for applications are. */
  readonly code: number;
  /** For people and logs; at most 123 UTF-8 bytes, as in a close frame. */
  readonly reason: string;
  /** Whether the client should connect again. */
  readonly reconnect: boolean;
  /** Not before this time, in milliseconds; the client adds a random part. */
  readonly afterMs?: number | undefined;
}

/** Codes of `$bye` with a meaning of their own. Any other from 4000 to 4999 is the application's. */
export const BYE_CODES = {
  /** Another connection took this one's place. */
  replaced: 4001,
  /** The identity has expired, or the server does not know the connection any more: connect again with a fresh one. */
  expired: 4401,
  /** Somebody removed this client. */
  removed: 4403,
  /** The server goes away for a moment. */
  restarting: 4503,
} as const;
