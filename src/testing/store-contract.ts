import type { StoreBackend } from './store-backend.js';
import type { StoreRule } from './store-rule.js';
import { connectionRules } from './store-rules/connections.js';
import { expiryRules } from './store-rules/expiry.js';
import { failoverRules } from './store-rules/failover.js';
import { historyRules } from './store-rules/history.js';
import { instanceRules } from './store-rules/instances.js';
import { listingRules } from './store-rules/listing.js';
import { membershipRules } from './store-rules/membership.js';
import { nameRules } from './store-rules/names.js';
import { raceRules } from './store-rules/races.js';
import { recordRules } from './store-rules/records.js';
import { stateRules } from './store-rules/state.js';
import { repeatRules } from './store-rules/repeats.js';
import { severalRoomsRules } from './store-rules/several-rooms.js';
import { openWorld } from './store-world.js';

/** One rule of the store contract, for any test runner. */
export interface StoreCase {
  /** Says what happens, and stays the same. A case that does not apply also says why. */
  readonly name: string;
  /**
   * Whether the backend lacks what the case needs. Hand it to the runner, so that it shows the case as
   * skipped.
   */
  readonly skip: boolean;
  /**
   * Rejects with an `AssertionError` when the store breaks the rule, and always when the case does not apply.
   */
  readonly run: () => Promise<void>;
}

const RULES: readonly StoreRule[] = [
  ...connectionRules,
  ...membershipRules,
  ...listingRules,
  ...severalRoomsRules,
  ...expiryRules,
  ...raceRules,
  ...instanceRules,
  ...nameRules,
  ...historyRules,
  ...recordRules,
  ...stateRules,
  ...failoverRules,
  ...repeatRules,
];

/**
 * The rules of `ConnectionStore`, `HistoryStore`, `RecordStore` and `StateStore` as cases for `backend`,
 * which is asked for a fresh store in each.
 *
 * Cases use `node:assert` only and know nothing of each other: run them in any order, also at the same time.
 * They take a few dozen calls each, except that of the large room: 20,000 calls, 64 at a time.
 *
 * @example
 * const backend = { open: ({ namespace, now }) => redisStore({ url, keyPrefix: namespace, now }) };
 * for (const { name, skip, run } of storeContract(backend)) (skip ? it.skip : it)(name, run); // Jest, Vitest
 * for (const { name, skip, run } of storeContract(backend)) test(name, { skip }, run); // node:test
 */
export function storeContract(backend: StoreBackend): readonly StoreCase[] {
  return RULES.map((rule) => {
    const missing = whatIsMissing(rule, backend);
    if (missing === undefined) return { name: rule.name, skip: false, run: () => check(rule, backend) };
    const name = `${rule.name} (not applicable: ${missing})`;
    return { name, skip: true, run: () => Promise.reject(new Error(name)) };
  });
}

function whatIsMissing({ needs = [] }: StoreRule, backend: StoreBackend): string | undefined {
  for (const need of needs) {
    if (need === 'drop' || need === 'failOver' || need === 'loseAnswer') {
      if (backend[need] === undefined) return `the backend has no ${need}()`;
    } else if (backend.lacks?.includes(need)) return `the backend lacks ${need}`;
  }
  return undefined;
}

async function check(rule: StoreRule, backend: StoreBackend): Promise<void> {
  const world = await openWorld(backend);
  try {
    await world.enterNeighbours();
    await rule.check(world);
    if (!rule.leavesNoNeighbours) await world.expectNeighbours();
  } finally {
    await world.close();
  }
}
