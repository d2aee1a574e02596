import type { IdentifiedConnection, Identity } from '../../model/connection.js';
import type { Contract, StateMapOf, StateValueOf } from '../../model/contract.js';

/** What clients may do with a map. */
export interface StateWriteOptions<Value = unknown, I extends Identity = Identity> {
  /**
   * Whether a client may set a key, or delete it (`value` is `undefined`). Asked of members of the room only,
   * with a value that fits the contract.
   */
  readonly write: (request: {
    readonly connection: IdentifiedConnection<I>;
    readonly room: string;
    readonly key: string;
    readonly value: Value | undefined;
  }) => boolean | Promise<boolean>;
}

/** What clients may change, by the name of the map. */
export type RoomStateOptions<K extends Contract = Contract, I extends Identity = Identity> = {
  readonly [M in StateMapOf<K>]?: StateWriteOptions<StateValueOf<K, M>, I>;
};
