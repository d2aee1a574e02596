import type { ConnectionStore } from '../model/store.js';

/** What the contract asks for when it opens a store. */
export interface StoreInstance {
  /**
   * Where the instance keeps everything: a key prefix, a schema, a table prefix. Each case has one of its
   * own, so cases and whole test runs can share a server. Starts with a letter, has lower-case letters and
   * digits, 21 in all.
   */
  readonly namespace: string;
  /**
   * The clock of the instance, in Unix milliseconds. Begins near the real time and is moved forward by hours.
   */
  readonly now: () => number;
}

/**
 * What a backend may do without; cases that need it are then not applicable.
 *
 * - `sharing`: several instances over one backend.
 * - `history`: `store.history`.
 * - `records`: `store.records`.
 * - `state`: `store.state`.
 */
export type StoreFeature = 'sharing' | 'history' | 'records' | 'state';

/** How the contract gets at the store that is to be tested. */
export interface StoreBackend {
  /** Opens an instance. Those of one namespace see the same connections; there may be several at once. */
  open(instance: StoreInstance): ConnectionStore | Promise<ConnectionStore>;
  /**
   * Deletes everything in a namespace behind the store's back, as a backend that lost its disk would. Called
   * after each case; without it, the case about lost histories is not applicable and what the cases stored is
   * left behind.
   */
  drop?(namespace: string): Promise<void> | void;
  /**
   * Calls `work`, then loses everything that `work` has stored, and nothing else, although the store
   * acknowledged it: as the promotion of a replica that lags does, or a restart from a snapshot. Stores that
   * are open go on with what is left. Without it, the cases about failovers are not applicable.
   */
  failOver?(namespace: string, work: () => Promise<void>): Promise<void>;
  /**
   * Makes `call` with an instance of its own, lets the backend carry it out and takes away the answer, runs
   * `meanwhile`, and only then lets the instance reach the backend again. Resolves or rejects as the call
   * does. Without it, the cases about repeated calls are not applicable; a store that repeats nothing needs
   * none.
   */
  loseAnswer?<T>(
    instance: StoreInstance,
    call: (store: ConnectionStore) => Promise<T>,
    meanwhile: () => Promise<void>,
  ): Promise<T>;
  /** @default nothing */
  readonly lacks?: readonly StoreFeature[] | undefined;
  /**
   * The shortest time that the backend can tell apart, in milliseconds: 1000 for one that keeps whole
   * seconds. The case of the exact edge then tests one such step before the edge, and the edge itself.
   *
   * @default 1
   */
  readonly timeStepMs?: number | undefined;
}
