import type { StoreFeature } from './store-backend.js';
import type { StoreWorld } from './store-world.js';

/** A rule of the store contract with the proof that a store keeps it. */
export interface StoreRule {
  readonly name: string;
  /** What the backend must have; `drop`, `failOver` and `loseAnswer` are the functions of these names. */
  readonly needs?: readonly (StoreFeature | 'drop' | 'failOver' | 'loseAnswer')[];
  /** Whether the neighbours are lost on purpose, or the store is closed. */
  readonly leavesNoNeighbours?: boolean;
  check(world: StoreWorld): Promise<void>;
}
