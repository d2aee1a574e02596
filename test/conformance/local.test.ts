/**
 * The suite that is run against the cloud, against the local gateway: what the gateway does is what the cases
 * assume.
 */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { CASES } from '../../src/conformance/cases/index.js';
import { runLocal } from '../../src/conformance/run/local.js';
import type { CaseResult } from '../../src/conformance/run/run-cases.js';

const results = new Map<string, CaseResult>();

describe('conformance run --local', () => {
  beforeAll(async () => {
    for (const result of await runLocal()) results.set(result.id, result);
  }, 180_000);

  it.each(CASES.filter(({ cloudOnly }) => cloudOnly === undefined).map((one) => [one.id, one] as const))(
    '%s',
    (id, { assumed }) => {
      const figures: unknown = expect.anything();
      expect(results.get(id)).toEqual({ id, outcome: 'as assumed', seen: assumed, figures });
    },
  );

  it('says of every other case why it is skipped', () => {
    for (const { id, cloudOnly } of CASES.filter((one) => one.cloudOnly !== undefined))
      expect(results.get(id)).toEqual({ id, outcome: 'skipped', reason: cloudOnly });
  });
});
