/** What a room holds, as a page shows it; published as `yc-broadcast/client/state`. */
import type { Contract, StateInputOf, StateMapOf, StateValueOf } from '../model/contract.js';
import type { StatePage, StateWrite } from '../base/protocol.js';
import { createEmitter, type Stop } from './base/emitter.js';
import type { Room } from './rooms/room.js';
import { idOf, type StateEntry } from './state/copy.js';
import { syncOf, UPDATED } from './state/sync.js';

/** A map at one moment. The same object until something changes. */
export interface StateSnapshot<Value> {
  readonly entries: ReadonlyMap<string, Value>;
  /** Whether the map has come once. */
  readonly isReady: boolean;
  /** Whether it may be outdated: after a loss, until it is complete again. */
  readonly isStale: boolean;
}

/** A difference in a map. */
export interface StateDifference<Value> {
  readonly key: string;
  /** `undefined` when the key was deleted or has expired. */
  readonly value: Value | undefined;
  /** `undefined` when the key is new. */
  readonly previous: Value | undefined;
}

/** On which condition a key is set. */
export interface SetKeyOptions {
  /** Only if nobody has set the key. @default false */
  readonly ifNew?: boolean | undefined;
  /** Only if its last change has this version. */
  readonly ifVersion?: number | undefined;
}

/** What the server made of a change: whether it was made, and what the key holds now. */
export interface SetKeyResult<Value> {
  readonly changed: boolean;
  readonly value: Value | undefined;
}

/** A map of a room, kept up to date over all connections. */
export interface StateWatch<Value, Input = Value> {
  readonly size: number;
  get(key: string): Value | undefined;
  /** The version of a key's last change, for `ifVersion`; 0 when it is absent. */
  versionOf(key: string): number;
  getSnapshot(): StateSnapshot<Value>;
  /** Told after every change, not of how it is now. */
  subscribe(listener: () => void): Stop;
  /** Told of every difference, one by one. */
  onChange(listener: (difference: StateDifference<Value>) => void): Stop;
  /**
   * Sets a key, where the app lets clients (`write` of `roomState`). Of changes of one key that follow each
   * other quickly, only the newest is sent, ten a second at most, and the last one always is, after a
   * reconnect, too. Rejects with `RequestError`, `FORBIDDEN` for one; it shows with the server's answer, not
   * before.
   */
  set(key: string, value: Input, options?: SetKeyOptions): Promise<SetKeyResult<Value>>;
  /** Deletes a key, likewise. */
  delete(key: string, options?: Pick<SetKeyOptions, 'ifVersion'>): Promise<SetKeyResult<Value>>;
  /** Ends it; the room is not left. May be called twice. */
  stop(): void;
}

/**
 * Keeps a map of a room's state (`state` in the contract) as it is on the server: it comes with the join, and
 * every change after it. Whatever happens to the connection, it is complete and current again by itself.
 *
 * @example
 * const players = watchState(client.join('lobby'), 'players');
 * players.subscribe(() => show(players.getSnapshot().entries));
 * await players.set('anna', { ready: true });
 */
export function watchState<K extends Contract, M extends StateMapOf<K>>(
  room: Pick<Room<K>, 'port'> & { readonly on: Room<K>['on'] },
  map: M,
): StateWatch<StateValueOf<K, M>, StateInputOf<K, M>> {
  type Value = StateValueOf<K, M>;
  const sync = syncOf(room.port);
  const stops = new Set<Stop>();
  const changes = createEmitter();
  let snapshot: StateSnapshot<Value> | undefined;
  /** What listeners were told, beside the entries. */
  let told = '';
  let isChanged = false;
  const flags = (): string => `${sync.isReady} ${sync.isStale}`;
  const entryOf = (key: string): StateEntry | undefined => sync.copy.entries.get(idOf(map, key));
  const listen = (event: string | number, listener: (value: never) => void): Stop => {
    const end = sync.emitter.on(event, listener);
    const stop = (): void => {
      stops.delete(stop);
      end();
    };
    stops.add(stop);
    return stop;
  };
  const write = async (key: string, change: Omit<StateWrite, 'room' | 'map' | 'key'>) => {
    const { changed, rows } = Object(
      await sync.writes.write({ map, key, ...change }),
    ) as Partial<StatePage> & { changed?: boolean };
    return { changed: changed === true, value: rows?.[0]?.[3] as Value | undefined };
  };
  listen(map, () => {
    isChanged = true;
  });
  listen(UPDATED, () => {
    if (!isChanged && told === flags()) return;
    told = flags();
    isChanged = false;
    snapshot = undefined;
    changes.emit(UPDATED);
  });
  stops.add(sync.watch());
  const getSnapshot = (): StateSnapshot<Value> =>
    (snapshot ??= {
      entries: new Map(
        [...sync.copy.entries.values()]
          .filter((entry) => entry.map === map)
          .map(({ key, value }) => [key, value as Value]),
      ),
      isReady: sync.isReady,
      isStale: sync.isStale,
    });
  return {
    get size() {
      return getSnapshot().entries.size;
    },
    get: (key) => entryOf(key)?.value,
    versionOf: (key) => entryOf(key)?.version ?? 0,
    getSnapshot,
    subscribe: (listener) => changes.on(UPDATED, listener),
    onChange: (listener) => listen(map, listener),
    set: (key, value, { ifNew, ifVersion } = {}) =>
      write(key, { value, ifVersion: ifNew === true ? 0 : ifVersion }),
    delete: (key, options = {}) => write(key, { ifVersion: options.ifVersion }),
    stop() {
      for (const stop of stops) stop();
    },
  };
}
