/**
 * Random histories of connecting, sending, dropping, rotating, recovering and expiring, against the real app
 * and store: no message is lost, doubled or out of order, or the client is told that something is lost. And
 * each safeguard is needed: with any one of them removed, some history goes wrong.
 *
 * `MODEL_RUNS=10000` for as many histories as that.
 */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { ClientMutant, ModelClient } from '../support/model/client.js';
import type { StoreMutant } from '../support/model/store.js';
import { createWorld, type Action } from '../support/model/world.js';

const RUNS = Number(process.env['MODEL_RUNS'] ?? 1000);
const CLIENTS = 2;

const client = fc.nat({ max: CLIENTS - 1 });
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('connect' as const), client }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('drop' as const), client }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('rotate' as const), client }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('miss' as const, 'double' as const), client }) },
  { weight: 12, arbitrary: fc.constant<Action>({ do: 'send' }) },
  { weight: 3, arbitrary: fc.constant<Action>({ do: 'sendLarge' }) },
  { weight: 1, arbitrary: fc.constantFrom<Action>({ do: 'age' }, { do: 'loseHistory' }) },
);
const histories = fc.array(action, { minLength: 1, maxLength: 40 });

/** What is wrong with what a page was told, if anything. */
function problemOf({ told }: ModelClient, mayLose: boolean): string | undefined {
  const seen = new Set<string>();
  let last: { offset: number; epoch: string } | undefined;
  for (const one of told) {
    if (!('message' in one)) {
      if ('lost' in one && !mayLose) return 'told of a loss, but nothing was lost';
      last = 'lost' in one ? one.lost : one.start;
      continue;
    }
    const { offset, epoch, id } = one.message;
    if (seen.has(id)) return `message ${offset} came twice`;
    seen.add(id);
    if (epoch !== last?.epoch || offset !== last.offset + 1)
      return `${offset} of ${epoch} came behind ${last?.offset ?? 'nothing'}`;
    last = { offset, epoch };
  }
  return undefined;
}

function property(mutant?: ClientMutant | StoreMutant) {
  return fc.asyncProperty(histories, fc.integer(), async (actions, seed) => {
    const world = createWorld(seed, CLIENTS, mutant);
    for (const one of actions) await world.act(one);
    await world.settle();
    const mayLose = actions.some(({ do: what }) => what === 'age' || what === 'loseHistory');
    for (const one of world.clients) expect(problemOf(one, mayLose)).toBeUndefined();
    const newest = await world.newest();
    for (const one of world.clients) expect(one.position()).toEqual(newest);
  });
}

describe('random histories', () => {
  it('lose, double and confuse no message', async () => {
    await fc.assert(property(), { numRuns: RUNS });
  }, 600_000);

  it.each<ClientMutant | StoreMutant>([
    'drop by offset',
    'gap detection',
    'epoch in the client',
    'position in $hello',
    'ask for more',
    'join before read',
    'append before send',
    'epoch in the store',
    'never a part',
  ])('find the mistake when there is no "%s"', async (mutant) => {
    const { failed, numRuns } = await fc.check(property(mutant), { numRuns: 20_000, endOnFailure: true });
    expect({ mutant, failed, numRuns }).toMatchObject({ failed: true });
  });
});
