import type { TransportBackend } from './transport-backend.js';
import type { TransportRule } from './transport-rule.js';
import { closingRules } from './transport-rules/closing.js';
import { connectionRules } from './transport-rules/connections.js';
import { deliveryRules } from './transport-rules/delivery.js';
import { failureRules } from './transport-rules/failures.js';

/** One rule of the transport contract, for any test runner. */
export interface TransportCase {
  /** Says what happens, and stays the same. A case that does not apply also says why. */
  readonly name: string;
  /**
   * Whether the backend lacks what the case needs. Hand it to the runner, so that it shows the case as
   * skipped.
   */
  readonly skip: boolean;
  /**
   * Rejects with an `AssertionError` when the transport breaks the rule, and always when the case does not
   * apply.
   */
  readonly run: () => Promise<void>;
}

const RULES: readonly TransportRule[] = [
  ...deliveryRules,
  ...connectionRules,
  ...failureRules,
  ...closingRules,
];

/**
 * The rules of `Transport` as cases for `backend`, which is asked for a gateway of its own in each. Cases use
 * `node:assert` only and know nothing of each other: run them in any order, also at the same time.
 *
 * @example
 * const backend = againstEmulator(({ tls, token }) => myTransport({ endpoint: tls.endpoint, ca: tls.ca, token }));
 * for (const { name, skip, run } of transportContract(backend)) (skip ? it.skip : it)(name, run); // Jest, Vitest
 * for (const { name, skip, run } of transportContract(backend)) test(name, { skip }, run); // node:test
 */
export function transportContract(backend: TransportBackend): readonly TransportCase[] {
  return RULES.map((rule) => {
    const missing = rule.needs?.find((need) => backend.lacks?.includes(need));
    if (missing === undefined) return { name: rule.name, skip: false, run: () => check(rule, backend) };
    const name = `${rule.name} (not applicable: the backend lacks ${missing})`;
    return { name, skip: true, run: () => Promise.reject(new Error(name)) };
  });
}

async function check(rule: TransportRule, backend: TransportBackend): Promise<void> {
  const world = await backend.open();
  try {
    await rule.check(world);
  } finally {
    await world.close();
  }
}
