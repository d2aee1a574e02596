import type { Contract } from '../../model/contract.js';
import type { JsonValue, Presence, PresenceChange, RoomPosition } from '../../base/protocol.js';
import type { Stop } from '../base/emitter.js';
import type { RoomPort } from './room-port.js';
import type { Recovery } from './catch-up.js';
import type { Received, ReceivedData } from '../requests/message-types.js';
import type { RequestError } from '../requests/request-error.js';

/**
 * What comes with a join. Asked for by the first join of a room, it comes again whenever messages were lost.
 */
export interface JoinOptions {
  /** This many of the room's last messages, where it keeps a history; at most 100. @default 0 */
  readonly last?: number | undefined;
  /** What `rooms.load` of the app returns; `onState` is told. @default false */
  readonly load?: boolean | undefined;
}

/** A room that the page wants to be in, over all connections. Every `join` makes one. */
export interface Room<K extends Contract = Contract> {
  readonly name: string;
  /**
   * Resolves when the server has let the client in for the first time. Rejects with the server's code when it
   * refused.
   */
  readonly joined: Promise<void>;
  /**
   * Behind which message the page is: the last one that listeners were given. `null` before the server has
   * let the client in, and in a room without history.
   */
  readonly position: RoomPosition | null;
  /**
   * Listens to what is broadcast to this room. Messages of its history come exactly once and in order.
   * Others, which are all in a room without a history and those to a part of the room (`except`, `where`,
   * `sendEach`), come as they arrive, each at most once, and not again when the connection was lost.
   * `client.on` hears both as well.
   */
  on<T extends keyof K['server'] & string>(
    type: T,
    listener: (data: ReceivedData<K, T>, message: Received<K, T>) => void,
  ): Stop;
  /**
   * Told what `rooms.load` of the app returns, if the join asked for it: when the client has joined, and
   * again after a loss. Messages that were sent since it was loaded come behind it; some may be in it
   * already.
   */
  onState(listener: (state: JsonValue) => void): Stop;
  /**
   * Told that messages are gone for good, before those that follow: what a page keeps of the earlier ones has
   * a hole.
   */
  onLoss(listener: () => void): Stop;
  /**
   * Told what became of missed messages after the connection was lost, and whenever some are gone for good.
   */
  onRecovery(listener: (recovery: Recovery) => void): Stop;
  /**
   * Told what the server says of who is in the room, as it arrives; `undefined` while the connection is lost,
   * and nobody knows. Where the app shows it (`rooms.presence`); otherwise `onError` of the client is told
   * `FORBIDDEN`. `watchPresence` of `yc-broadcast/client/presence` keeps what can be shown.
   */
  onPresence<Data = JsonValue>(
    listener: (presence: Presence<Data> | PresenceChange<Data> | undefined) => void,
  ): Stop;
  /** Told when the server does not let the client in, be it later: rights may end between two connections. */
  onRefused(listener: (error: RequestError) => void): Stop;
  /** For what stands beside the client, such as `watchState`. */
  readonly port: RoomPort;
  /**
   * Ends this handle and its listeners. The client leaves the room with the last handle. May be called twice.
   */
  leave(): void;
}
