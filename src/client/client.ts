import type { Contract } from '../model/contract.js';
import type { Stop } from './base/emitter.js';
import type { Received, ReceivedData, ReplyData, SendArguments } from './requests/message-types.js';
import type { RequestError } from './requests/request-error.js';
import type { JoinOptions, Room } from './rooms/room.js';
import type { ClientState, ClientStateChange } from './client-state.js';

/**
 * A connection to the server that comes back by itself, and changes sockets before the gateway closes them.
 */
export interface CoreClient<K extends Contract = Contract> {
  readonly state: ClientState;
  /** Told of every change, also of a new attempt to connect. */
  onState(listener: (change: ClientStateChange) => void): Stop;
  /** Who the server takes this client for; known once it is open. */
  readonly user: string | undefined;
  /** How many messages wait for a connection, or for the answers to those that were sent before. */
  readonly queued: number;
  onQueue(listener: (queued: number) => void): Stop;
  /**
   * Sends a message and forgets it. Without a connection it waits for one, as long as `timeoutMs`. When it
   * fails, `onError` is told.
   */
  send<T extends keyof K['client'] & string>(
    type: T,
    ...rest: SendArguments<K['client'][T], MessageOptions>
  ): void;
  /**
   * Sends a message and resolves with the handler's reply. Without a connection it waits for one. Rejects
   * with {@link RequestError}; `NO_ANSWER` means that it may have been handled, see `resend`.
   */
  request<T extends keyof K['client'] & string>(
    type: T,
    ...rest: SendArguments<K['client'][T], RequestOptions>
  ): Promise<ReplyData<K['client'][T]>>;
  /** Listens to a type of messages, from whichever room or directly. The same broadcast is heard once. */
  on<T extends keyof K['server'] & string>(
    type: T,
    listener: (data: ReceivedData<K, T>, message: Received<K, T>) => void,
  ): Stop;
  /**
   * Told of every new connection, also of one that replaces another unnoticed (`isReplacement`). For what
   * handlers keep with a connection, such as rooms that a message made them join: it is gone with the
   * connection.
   */
  onConnection(listener: (connection: { readonly isReplacement: boolean }) => void): Stop;
  /** Told of failures that nobody waits for. Without a listener they go to the console. */
  onError(listener: (error: RequestError) => void): Stop;
  /**
   * Connects a client that is `lazy`, as `join`, `send` and `request` do. Does nothing when it was called
   * before.
   */
  start(): void;
  /** Begins the next attempt to connect at once, if one is waited for. */
  retryNow(): void;
  /** Closes the connection for good. Whatever has no answer fails. May be called twice. */
  close(): void;
}

/** A {@link CoreClient} with rooms. */
export interface Client<K extends Contract = Contract> extends CoreClient<K> {
  /**
   * Enters a room and stays in it, over all connections. The server decides whether it may (`rooms.join` of
   * the app). Joining twice makes two handles of one room, which is left with the last.
   */
  join(room: string, options?: JoinOptions): Room<K>;
}

/** How patient a message is. */
export interface MessageOptions {
  /**
   * How long it may wait for a connection and its answer, in milliseconds. Default: the client's `timeoutMs`.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Messages with the same `order` are sent one after the other, each when the one before it was answered:
   * the gateway keeps no order. `false`: in no order. Default: `data.room` if it is a string, so messages to
   * one room keep theirs.
   */
  readonly order?: string | false | undefined;
}

/** How patient a request is, and what ends it. */
export interface RequestOptions extends MessageOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * The message's id, at most 64 characters: to say the same again when it is not known whether it was
   * handled.
   */
  readonly id?: string | undefined;
}
