/**
 * The client in React components. Takes React's hooks instead of importing React, so it is in no bundle that
 * has no use for it.
 */
import type { JsonValue } from '../base/protocol.js';
import type { Contract, ServerTypeOf, StateInputOf, StateMapOf, StateValueOf } from '../model/contract.js';
import type { Client, CoreClient } from './client.js';
import type { Recovery } from './rooms/catch-up.js';
import type { Received, ReceivedData } from './requests/message-types.js';
import { watchPresence, type PresenceWatchOptions, type PresenceView } from './presence.js';
import type { RequestError } from './requests/request-error.js';
import type { Room } from './rooms/room.js';
import type { ClientState } from './client-state.js';
import { watchState, type StateSnapshot, type StateWatch } from './state.js';

/** As much of React as is needed: pass the module itself. React 18 and later have it. */
export interface ReactHooks {
  useEffect(effect: () => void | (() => void), dependencies?: readonly unknown[]): void;
  useRef<T>(initial: T): { current: T };
  useState<T>(initial: T): readonly [T, (next: T) => void];
  useSyncExternalStore<T>(
    subscribe: (onChange: () => void) => () => void,
    snapshot: () => T,
    serverSnapshot?: () => T,
  ): T;
}

/** What a component does about a room; the functions of its last rendering are called. */
export interface RoomListeners<K extends Contract = Contract> {
  /** By type of message, see `Room.on`. Types that the first rendering does not name are not heard. */
  readonly on?: {
    readonly [T in ServerTypeOf<K>]?: (data: ReceivedData<K, T>, message: Received<K, T>) => void;
  };
  /** See `Room.onRecovery`. */
  readonly onRecovery?: (recovery: Recovery) => void;
  /** See `Room.onRefused`. Without it, `onError` of the client is told. */
  readonly onRefused?: (error: RequestError) => void;
}

/** How many messages a component shows. */
export interface UseMessagesOptions {
  /** This many of the room's last messages come with the join; at most 100. @default 0 */
  readonly last?: number | undefined;
  /** The oldest ones are dropped when there are more. @default 200 */
  readonly keep?: number | undefined;
}

/** A map of a room's state at one moment, and how to change it. */
export interface RoomStateView<Value, Input = Value>
  extends StateSnapshot<Value>, Pick<StateWatch<Value, Input>, 'set' | 'delete'> {}

/** Hooks of React for the state of rooms; made by {@link createStateHooks}. */
export interface StateHooks {
  /**
   * A map of a room's state, see `watchState`: `undefined` as long as there is no room. Rendered again
   * whenever something in the map changes. `set` and `delete` of the map are with it.
   */
  useRoomState<K extends Contract, M extends StateMapOf<K>>(
    room: Room<K> | undefined,
    map: M,
  ): RoomStateView<StateValueOf<K, M>, StateInputOf<K, M>> | undefined;
}

/** Hooks of React around a client; made by {@link createClientHooks}. */
export interface ClientHooks {
  /** The state of the connection. On a server it is `connecting`. */
  useClientState<K extends Contract>(client: CoreClient<K>): ClientState;
  /**
   * Is in a room as long as the component is mounted. `undefined` in the first rendering. The component hears
   * everything from the join on, before it renders again as well.
   */
  useRoom<K extends Contract>(
    client: Client<K>,
    name: string,
    listeners?: RoomListeners<K>,
  ): Room<K> | undefined;
  /**
   * Is in a room as long as the component is mounted, and has its messages of a type, the oldest first: the
   * last ones of its history, and what follows. After a loss the list begins anew, so that it never has a
   * hole. Options are those of the first rendering with this room.
   */
  useMessages<K extends Contract, T extends ServerTypeOf<K>>(
    client: Client<K>,
    room: string,
    type: T,
    options?: UseMessagesOptions,
  ): readonly Received<K, T>[];
  /** Who is in a room, see `watchPresence`. Options are those of the first rendering with this room. */
  usePresence<Data = JsonValue>(
    room: Pick<Room, 'onPresence'> | undefined,
    options?: PresenceWatchOptions,
  ): PresenceView<Data>;
}

/** Messages that a component shows unless it says otherwise. */
const KEEP = 200;

const NOBODY_KNOWS: PresenceView<never> = { count: undefined, users: undefined };

/**
 * Hooks for a client, made once for a page.
 *
 * @example
 * import * as React from 'react';
 * const { useClientState, useRoom, useMessages, usePresence } = createClientHooks(React);
 */
export function createClientHooks(react: ReactHooks): ClientHooks {
  const { useEffect, useRef, useState, useSyncExternalStore } = react;
  return {
    useClientState: (client) =>
      useSyncExternalStore<ClientState>(
        client.onState,
        () => client.state,
        () => 'connecting',
      ),
    useRoom<K extends Contract>(client: Client<K>, name: string, listeners: RoomListeners<K> = {}) {
      const [room, setRoom] = useState<Room<K> | undefined>(undefined);
      const latest = useRef(listeners);
      useEffect(() => {
        latest.current = listeners;
      });
      useEffect(() => {
        const joined = client.join(name);
        listen(joined, latest);
        setRoom(joined);
        return () => {
          joined.leave();
          setRoom(undefined);
        };
      }, [client, name]);
      return room;
    },
    useMessages<K extends Contract, T extends ServerTypeOf<K>>(
      client: Client<K>,
      name: string,
      type: T,
      { last = 0, keep = KEEP }: UseMessagesOptions = {},
    ) {
      const [messages, setMessages] = useState<readonly Received<K, T>[]>([]);
      useEffect(() => {
        let shown: readonly Received<K, T>[] = [];
        const show = (next: readonly Received<K, T>[]): void => {
          shown = next.slice(-keep);
          setMessages(shown);
        };
        const room = client.join(name, { last });
        room.onLoss(() => {
          show([]);
        });
        room.on(type, (_data, message) => {
          show([...shown, message]);
        });
        return () => {
          room.leave();
          show([]);
        };
      }, [client, name, type]);
      return messages;
    },
    usePresence<Data>(room: Pick<Room, 'onPresence'> | undefined, options?: PresenceWatchOptions) {
      const [view, setView] = useState<PresenceView<Data>>(NOBODY_KNOWS);
      useEffect(() => {
        if (room === undefined) return undefined;
        const watch = watchPresence<Data>(room, options);
        watch.onChange(({ count, users }) => {
          setView({ count, users });
        });
        return () => {
          watch.stop();
          setView(NOBODY_KNOWS);
        };
      }, [room]);
      return view;
    },
  };
}

/**
 * Hooks for the state of rooms, made once for a page. Apart from {@link createClientHooks}, so that pages
 * without it do not load it.
 *
 * @example
 * const { useRoomState } = createStateHooks(React);
 * const players = useRoomState(useRoom(client, 'lobby'), 'players');
 */
export function createStateHooks({ useEffect, useState }: ReactHooks): StateHooks {
  return {
    useRoomState<K extends Contract, M extends StateMapOf<K>>(room: Room<K> | undefined, map: M) {
      type View = RoomStateView<StateValueOf<K, M>, StateInputOf<K, M>>;
      const [view, setView] = useState<View | undefined>(undefined);
      useEffect(() => {
        if (room === undefined) return undefined;
        const watch = watchState(room, map);
        const { set, delete: remove } = watch;
        const show = (): void => {
          setView({ ...watch.getSnapshot(), set, delete: remove });
        };
        watch.subscribe(show);
        show();
        return () => {
          watch.stop();
          setView(undefined);
        };
      }, [room, map]);
      return view;
    },
  };
}

function listen<K extends Contract>(room: Room<K>, latest: { readonly current: RoomListeners<K> }): void {
  const { on = {}, onRefused } = latest.current;
  for (const type of Object.keys(on) as ServerTypeOf<K>[])
    room.on(type, (data, message) => latest.current.on?.[type]?.(data, message));
  room.onRecovery((recovery) => latest.current.onRecovery?.(recovery));
  if (onRefused !== undefined) room.onRefused((error) => latest.current.onRefused?.(error));
}
