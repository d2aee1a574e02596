import type { StatePage, StatePosition } from '../../base/protocol.js';
import type { Contract } from '../../model/contract.js';
import type { Connection } from '../handlers/connection-handle.js';
import type { RoomMap } from './room-map.js';
import type { StateDeps } from './states.js';

/** The state of rooms, for an app or a broadcaster; made by `roomState()` of `yc-broadcast/state`. */
export interface RoomStateOption {
  readonly name: 'roomState';
}

/** What {@link RoomStateOption} can do. */
export interface StateOpener extends RoomStateOption {
  /** Throws `INVALID_OPTIONS` when the store does not keep the state of rooms. */
  open(deps: StateDeps): OpenState;
}

/** The state of rooms during one call of the function. */
export interface OpenState {
  map(room: string, map: string): RoomMap<Contract, string>;
  /** What has changed behind a position, as it travels. */
  page(room: string, since: StatePosition | null, maxBytes: number): Promise<StatePage>;
  /**
   * What answers a message of the protocol, by its type. Checks the data first, which throws
   * `INVALID_MESSAGE`.
   */
  readonly requests: ReadonlyMap<string, (data: unknown) => (connection: Connection) => Promise<unknown>>;
}
