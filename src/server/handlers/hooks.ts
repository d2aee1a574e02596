import type { Broadcaster } from '../broadcast.js';
import type { AttributesOf, Identity, UserOf } from '../../model/connection.js';
import type {
  ClientTypeOf,
  Contract,
  DataOf,
  ReplyOf,
  ServerDataOf,
  ServerTypeOf,
} from '../../model/contract.js';
import type {
  ConnectEvent,
  DisconnectEvent,
  MessageEvent,
  OtherEvent,
  WebSocketEvent,
} from '../../model/events.js';
import type { FunctionContext } from '../../base/invocation.js';
import type { Connection } from './connection-handle.js';
import type { GatewayResponse } from './responses.js';

/** What every hook can use: broadcasts that end before the call's deadline. */
export interface CallTools<K extends Contract> extends Pick<
  Broadcaster<K>,
  'to' | 'toUser' | 'toConnection' | 'toAll' | 'state'
> {
  readonly broadcaster: Broadcaster<K>;
  /** The platform's context of this call. */
  readonly context: FunctionContext;
}

/** A handshake, as `authenticate` and `onConnect` see it. */
export interface ConnectRequest extends ConnectEvent {
  readonly cookies: ReadonlyMap<string, string>;
}

/** Says who connects, or nothing to refuse with 401. */
export type Authenticate<I extends Identity = Identity> = (
  request: ConnectRequest,
) => MaybeAsync<I | undefined>;

/** How `onConnect` accepts: whatever it leaves out stays as it was. */
export interface Acceptance<K extends Contract, I extends Identity = Identity> extends Identity {
  readonly user?: UserOf<I>;
  readonly attributes?: AttributesOf<I>;
  /** One of those that the client offered. Default: the first of the app's `subprotocols` that it offered. */
  readonly subprotocol?: string | undefined;
  /**
   * Arrives as the first message, in the connect response: `Send` does not reach a connection before that.
   */
  readonly message?: ServerMessageOf<K> | undefined;
}

/** A server message of the contract. */
export type ServerMessageOf<K extends Contract> = {
  [T in ServerTypeOf<K>]: { readonly type: T; readonly data: ServerDataOf<K, T> };
}[ServerTypeOf<K>];

/** A refused handshake. Made by {@link refuse}. */
export interface Refusal {
  readonly refused: { readonly statusCode: number; readonly message: string };
}

/**
 * Refuses a handshake with an HTTP status from 400 to 599. Browsers do not show it to the page; other clients
 * see status and message.
 */
export function refuse(statusCode: number, message: string): Refusal {
  return { refused: { statusCode, message } };
}

/** What `onConnect` is given. */
export interface ConnectTools<K extends Contract, I extends Identity = Identity> extends CallTools<K> {
  readonly request: ConnectRequest;
  readonly user: UserOf<I>;
  readonly attributes: AttributesOf<I>;
  /**
   * Puts the connection into a room as soon as it is accepted. Rejects with `FORBIDDEN` when `authorize` says
   * no.
   */
  join(room: string): Promise<void>;
}

/**
 * Decides on a handshake that `authenticate` has let through: accept as it is, change something, or
 * {@link refuse}.
 */
export type ConnectHook<K extends Contract, I extends Identity = Identity> = (
  tools: ConnectTools<K, I>,
) => MaybeAsync<Acceptance<K, I> | Refusal | void>;

/** What the handler of a message is given. */
export interface MessageTools<
  K extends Contract,
  T extends ClientTypeOf<K>,
  I extends Identity = Identity,
> extends CallTools<K> {
  /** Checked against the contract. */
  readonly data: DataOf<K['client'][T]>;
  readonly connection: Connection<I>;
  readonly event: MessageEvent;
  /** The id that the client gave the message, if any. */
  readonly messageId: string | undefined;
}

/**
 * Handles one type of message. What it returns travels back as the reply, in the function's response. Of a
 * delivery report only the counts do (`DeliverySummary`): its cursor names a connection.
 */
export type MessageHook<K extends Contract, T extends ClientTypeOf<K>, I extends Identity = Identity> = (
  tools: MessageTools<K, T, I>,
) => MaybeAsync<ReplyOf<K['client'][T]>>;

/** What `onMessage` is given. */
export interface RawMessageTools<K extends Contract, I extends Identity = Identity> extends CallTools<K> {
  /** Text of a text frame, bytes of a binary frame. */
  readonly body: string | Uint8Array;
  readonly connection: Connection<I>;
  readonly event: MessageEvent;
}

/**
 * Handles frames as they are. A returned string is a text frame, bytes a binary one, anything else JSON;
 * nothing is sent for `undefined` and for a delivery report.
 */
export type RawMessageHook<K extends Contract, I extends Identity = Identity> = (
  tools: RawMessageTools<K, I>,
) => unknown;

/** What `onDisconnect` is given. */
export interface DisconnectTools<K extends Contract, I extends Identity = Identity> extends CallTools<K> {
  /** What was known of the connection; it is removed from the store already. */
  readonly connection: Connection<I>;
  /** The rooms it was in. */
  readonly rooms: readonly string[];
  readonly code: number | undefined;
  readonly reason: string | undefined;
  readonly event: DisconnectEvent;
}

/** Told of a connection that is gone. */
export type DisconnectHook<K extends Contract, I extends Identity = Identity> = (
  tools: DisconnectTools<K, I>,
) => MaybeAsync<void>;

/** What `onOtherEvent` is given. */
export interface OtherEventTools<K extends Contract> extends CallTools<K> {
  readonly event: OtherEvent;
}

/**
 * Handles an event that is no websocket event. What it throws reaches the platform, which may deliver the
 * event again.
 */
export type OtherEventHook<K extends Contract> = (
  tools: OtherEventTools<K>,
) => MaybeAsync<GatewayResponse | void>;

/**
 * Wraps every websocket event: call `next` to go on, or answer instead. The last one added is the innermost.
 */
export type Middleware = (
  call: { readonly event: WebSocketEvent; readonly context: FunctionContext },
  next: () => Promise<GatewayResponse>,
) => Promise<GatewayResponse>;

export type MaybeAsync<T> = T | Promise<T>;
