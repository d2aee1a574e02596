/**
 * What server and client say to each other, and the gateway's limits. Imports nothing, so it is safe in a
 * browser.
 *
 * Every text message is one JSON object with a `type`. Types of an application are its own, except `reply`,
 * `error` and everything that starts with `$`: those belong to the protocol.
 */

/** A value that survives `JSON.stringify` and `JSON.parse` unchanged. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined };

/** Client to server. `id` is the client's own: the reply or the error repeats it as `replyTo`. */
export interface ClientMessage {
  readonly type: string;
  readonly data?: unknown;
  /** At most {@link MAX_MESSAGE_ID_LENGTH} characters. Without it, a reply carries no `replyTo`. */
  readonly id?: string;
}

/**
 * Server to client, part of a broadcast. `id` is the same in every copy, so that a second arrival can be
 * dropped.
 */
export interface ServerMessage {
  readonly type: string;
  readonly data: unknown;
  readonly id: string;
  /** The room that it was sent to; absent in what goes to a user, a connection or everyone. */
  readonly room?: string;
  /** Of what went to several rooms: the others of them that this connection is in, with its places there. */
  readonly also?: readonly (RoomPlace | { readonly room: string })[];
}

/** Server to one client: the value that the handler of its message returned. */
export interface ReplyMessage {
  readonly type: 'reply';
  readonly replyTo?: string;
  readonly data?: unknown;
}

/** Server to one client: its message was refused or could not be handled. */
export interface ErrorMessage {
  readonly type: 'error';
  readonly replyTo?: string;
  readonly error: ClientError;
}

/** What a client learns of an error: a code, a sentence, never a stack. */
export interface ClientError {
  readonly code: string;
  readonly message: string;
  /** Where in the message the mistake is, for example `['data', 'room']`. */
  readonly path?: readonly (string | number)[];
}

/** The type of an answer to a message. */
export const REPLY_TYPE = 'reply';
/** The type of an answer that says why there is none. */
export const ERROR_TYPE = 'error';

/** Whether `type` belongs to the protocol and cannot be used by an application. */
export function isReservedType(type: string): boolean {
  return type === REPLY_TYPE || type === ERROR_TYPE || type.startsWith('$');
}

/** The version of everything below; `$hello` says it. */
export const PROTOCOL_VERSION = 1;

/**
 * Where a reader stands in a room: behind message `offset` of the numbering `epoch`. 0 is before the first
 * message.
 */
export interface RoomPosition {
  readonly offset: number;
  readonly epoch: string;
}

/** Where a message stands in the history of a room. */
export interface RoomPlace extends RoomPosition {
  readonly room: string;
}

/**
 * A broadcast to a whole room that keeps a history: numbered without gaps, so that a missing one is noticed.
 */
export interface NumberedMessage extends ServerMessage, RoomPlace {
  readonly room: string;
}

/** Client to server, the first message on every socket. Answered by a {@link Welcome}. */
export interface HelloMessage {
  readonly type: '$hello';
  readonly id: string;
  readonly data: {
    readonly v: number;
    /**
     * At most {@link MAX_HELLO_ROOMS} to be in, and where the client stands in each; `null` where it has no
     * position yet.
     */
    readonly rooms?: Readonly<Record<string, RoomPosition | null>>;
    /** What it wants to know of some of them. */
    readonly want?: Readonly<Record<string, RoomWant>>;
  };
}

/** Most rooms in one `$hello`; the others take a `$join` each. */
export const MAX_HELLO_ROOMS = 100;

/** The reply to `$hello`. */
export interface Welcome {
  readonly v: number;
  /**
   * How long this connection may still live, in milliseconds from now: relative, so that clocks do not
   * matter.
   */
  readonly lifetimeMs: number;
  /** A client that sent nothing for so long should send `$ping`, in milliseconds. */
  readonly keepAliveMs: number;
  readonly user?: string;
  readonly rooms: Readonly<Record<string, RoomState | RoomRefusal>>;
}

/** The reply to `$join` and `$recover`. */
export interface RoomState {
  /** Where the room's history stands now; `null` in a room without one. */
  readonly position: RoomPosition | null;
  /**
   * False when something behind `since` is lost: then there are no `messages`, unless the last ones were
   * wanted, and `position` is where the room stands.
   */
  readonly recovered: boolean;
  /** What follows `since`, in order and without gaps. */
  readonly messages: readonly NumberedMessage[];
  /**
   * Whether more follows: `$recover` behind the last message tells, or behind `since` when nothing fitted.
   */
  readonly more: boolean;
  /** Who is there; in rooms with presence. */
  readonly presence?: Presence;
  /** The room's state, when it was wanted. Left out when it does not fit: `$state` asks for it. */
  readonly state?: StatePage;
  /** What `rooms.load` returned, when it was wanted. Left out when it failed or does not fit: join again. */
  readonly load?: JsonValue;
}

/** Where a reader stands in a room's state: it has every key whose last change is not above `version`. */
export interface StatePosition {
  readonly version: number;
  readonly epoch: string;
  /** While there is more to read: the newest version when the first page was read. Repeat it. */
  readonly base?: number | undefined;
}

/**
 * A key of a room's state as it travels: its value ends after `ttlMs`, from now. Without a value, it was
 * deleted.
 */
export type StateRow =
  | readonly [map: string, key: string, version: number]
  | readonly [map: string, key: string, version: number, value: JsonValue, ttlMs?: number];

/**
 * What has changed in a room's state behind the version `after`, up to `version`. The reply to `$state`, for
 * each room.
 */
export interface StatePage {
  readonly after: number;
  readonly version: number;
  readonly epoch: string;
  readonly rows: readonly StateRow[];
  /** Whether there is more behind `version`: ask again from there, with `base`. */
  readonly more: boolean;
  /** The rows begin a new state: forget what is not among them, once `more` is false. */
  readonly reset?: boolean;
  readonly base?: number;
}

/** The type of what is said of a room's state. */
export const STATE_TYPE = '$state';

/** The type of a client's change of a room's state. */
export const SET_TYPE = '$set';

/** Server to client: what one change, or several together, have made of a room's state. */
export interface StateMessage {
  readonly type: typeof STATE_TYPE;
  readonly room: string;
  readonly epoch: string;
  readonly version: number;
  readonly rows: readonly StateRow[];
  /** Default: the version before. */
  readonly after?: number;
}

/**
 * What a client wants to know of a room beside what is sent to it; in `$join`, `$recover`, and by room in
 * `$hello`.
 */
export interface RoomWant {
  /** This many of the last messages, where the client has no position or its position is lost. */
  readonly last?: number | undefined;
  /** What `rooms.load` of the app returns, where the client has no position or its position is lost. */
  readonly load?: boolean | undefined;
  /** The room's state behind this position; `null`: all of it. */
  readonly state?: StatePosition | null | undefined;
}

/** Most messages that a client can ask for with {@link RoomWant.last}. */
export const MAX_LAST_MESSAGES = 100;

/** `data` of `$set`. Without a value, the key is deleted. */
export interface StateWrite {
  readonly room: string;
  readonly map: string;
  readonly key: string;
  readonly value?: unknown;
  readonly ifVersion?: number | undefined;
}

/** The reply to `$set`: the change, or the key as it is. */
export type StateWritten =
  | {
      readonly changed: true;
      readonly version: number;
      readonly epoch: string;
      /** The key as it was stored. */
      readonly rows: readonly StateRow[];
    }
  | { readonly changed: false; readonly rows: readonly StateRow[] };

/** The type of what is said of who is in a room. */
export const PRESENCE_TYPE = '$presence';

/** Who is in a room: users, however many connections each of them has. The reply to `$presence`. */
export interface Presence<Data = JsonValue> {
  /** How many users; where `users` is left out, how many connections. */
  readonly count: number;
  /**
   * Its place among all that is said of who is in this room, given by the store: of two with one epoch, the
   * higher offset holds. No position of the room's history.
   */
  readonly position: RoomPosition;
  /** Everybody, in small rooms only: a list of all, sent to all, grows with the square. */
  readonly users?: readonly PresentUser<Data>[];
}

/** A user who is in a room, with one connection or many. */
export interface PresentUser<Data = JsonValue> {
  readonly user: string;
  /** What `describe` of the app's `presence()` tells of this user, if anything. */
  readonly data?: Exclude<Data, undefined>;
}

/** `data` of `$presence` from the server: what has changed in a room, and how it is now. */
export interface PresenceChange<Data = JsonValue> extends Presence<Data> {
  readonly room: string;
  /** Who came. Somebody who is known to be there may be named again. */
  readonly joined?: readonly PresentUser<Data>[];
  /** Who has no connection left in the room. */
  readonly left?: readonly string[];
}

/** Stands in the place of a {@link RoomState} in a {@link Welcome}. */
export interface RoomRefusal {
  readonly error: ClientError;
}

/** The type of the server's last word. */
export const BYE_TYPE = '$bye';

/** Server to client, before the server closes the connection: the platform cannot send close codes. */
export interface ByeMessage {
  readonly type: typeof BYE_TYPE;
  readonly data: Bye;
}

/** Why the server closes a connection, and whether to come back. */
export interface Bye {
  /** From 4000 to 4999, see {@link BYE_CODES}; an application may use others. */
  readonly code: number;
  /** For people and logs; at most 123 UTF-8 bytes, as in a close frame. */
  readonly reason: string;
  /** Whether the client should come back. */
  readonly reconnect: boolean;
  /** Come back not before, in milliseconds. */
  readonly afterMs?: number | undefined;
}

/** Codes of {@link ByeMessage} that this library uses itself. */
export const BYE_CODES = {
  /** Another connection takes the place of this one. */
  replaced: 4001,
  /**
   * The proof of identity has expired, or the server does not know the connection any more: come back with a
   * new one.
   */
  authenticationExpired: 4401,
  /** Removed by the application. */
  removed: 4403,
  /** The server restarts. */
  restarting: 4503,
} as const;

/** Longest `id` of a client message, in UTF-16 code units. */
export const MAX_MESSAGE_ID_LENGTH = 64;

/** Shortest `id` of a message that is handled once: nobody must meet or guess another client's. */
export const MIN_ONCE_ID_LENGTH = 16;

/**
 * Largest WebSocket message that the gateway takes from a client, in bytes; beyond it closes with 1009.
 * Documented.
 */
export const MAX_MESSAGE_BYTES = 131_072;

/**
 * Largest WebSocket frame that the gateway takes from a client, in bytes; beyond it closes with 1009.
 * Documented.
 */
export const MAX_FRAME_BYTES = 32_768;

/** Largest `data` of `Connection.Send`, in bytes. From the service's published .proto. */
export const MAX_SEND_BYTES = 131_072;

/**
 * Largest payload over REST, in bytes: the documented limit of 131,072 characters applies to the base64 text,
 * which leaves 96 KiB of payload. Taken as the safe reading of the REST reference; not measured against the
 * cloud.
 */
export const MAX_REST_SEND_BYTES = 98_304;

/**
 * Largest reply of the protocol, in bytes, and largest message that a history keeps. Ours; well below the
 * gateway's limit.
 */
export const MAX_REPLY_BYTES = 98_304;

/**
 * Longest connection id that the management API takes, in characters. From the service's published .proto.
 */
export const MAX_CONNECTION_ID_LENGTH = 50;

/** The gateway closes every connection after this time, in milliseconds. Documented. */
export const CONNECTION_LIFETIME_MS = 3_600_000;

/**
 * The gateway closes a connection that sent no message and no ping for this time, in milliseconds.
 * Documented.
 */
export const CONNECTION_IDLE_MS = 600_000;

/**
 * A minute less than {@link CONNECTION_IDLE_MS}: how often a client says something if the server wants
 * nothing else.
 */
export const KEEP_ALIVE_MS = 540_000;

/**
 * How long a stored connection is kept, in milliseconds from connect: the gateway's lifetime and a minute of
 * slack.
 */
export const CONNECTION_TTL_MS = 3_660_000;

/** Longest connection id, room or user name that stores take, in UTF-8 bytes. Ours, not the platform's. */
export const MAX_NAME_BYTES = 1024;
