/**
 * Random histories of a room's state: changed, deleted, expired and lost, by two instances whose clocks
 * differ and by pages that drop, rotate, sleep, leave and miss frames and answers. At rest every page shows
 * what the store has. And each safeguard is needed: with any one of them taken out of the source, some
 * history goes wrong.
 *
 * `MODEL_RUNS=10000` for as many histories as that.
 */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { mutated, shipped, type Mutant, type Parts } from '../support/model/state-parts.js';
import { createStateWorld, type StateAction } from '../support/model/state-world.js';

const RUNS = Number(process.env['MODEL_RUNS'] ?? 200);
const CLIENTS = 2;
/** Enough for every mutant; the rarest takes some hundred histories. */
const MOST_RUNS = 10_000;
const PATIENCE_MS = 900_000;

const client = fc.nat({ max: CLIENTS - 1 });
const key = fc.nat({ max: 5 });
const instance = fc.nat({ max: 1 });
const changes = fc.constantFrom('set' as const, 'delete' as const, 'update' as const, 'end' as const);
const action: fc.Arbitrary<StateAction> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: changes, key, instance }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('large' as const), key, instance }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), key, client }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('drop' as const), client }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('miss' as const, 'double' as const, 'mute' as const),
      client,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rejoin' as const), client }) },
  { weight: 2, arbitrary: fc.constant<StateAction>({ do: 'rest' }) },
  { weight: 1, arbitrary: fc.constantFrom<StateAction>({ do: 'sleep' }, { do: 'lose' }) },
);
const histories = fc.array(action, { minLength: 1, maxLength: 40 });

function property(parts: Parts) {
  return fc.asyncProperty(histories, fc.integer(), async (actions, seed) => {
    const world = createStateWorld(seed, CLIENTS, parts);
    try {
      for (const one of actions) await world.act(one);
      await world.settle();
      const stored = await world.stored();
      for (const page of world.pages) {
        expect(page.isReady()).toBe(true);
        expect(page.shown()).toEqual(stored);
      }
    } finally {
      for (const page of world.pages) page.close();
    }
  });
}

const copy = 'client/state/copy.ts';
const page = 'model/state-page.ts';
const MUTANTS: Record<string, Mutant> = {
  'rows that are older than the page are dropped': {
    file: copy,
    changes: [['if (version <= above) continue;', '']],
  },
  'a frame behind a gap waits': { file: copy, changes: [['return after <= at.version &&', 'return']] },
  'a frame of another epoch waits': {
    file: copy,
    changes: [['&& (epoch === at.epoch || at.version === 0)', '']],
  },
  'a new state grows beside the old one': {
    file: copy,
    changes: [['if (position === null) shadow = new Map();', '']],
  },
  'keys end in the page': { file: copy, changes: [['else replace(target, id);', '']] },
  'the head is read before the rows': {
    file: 'stores/memory/state.ts',
    changes: [
      [
        'const rest = {',
        'const rows = [...state.rows.values()];\nfor (let n = 0; n < 20; n++) await new Promise(setImmediate);\nconst rest = {',
      ],
      ['startOfPage(state, options.since), state.rows.values()', 'startOfPage(state, options.since), rows'],
    ],
  },
  'pages have deleted and ended keys': {
    file: page,
    changes: [['start.after > 0 || isLive(row, now)', 'isLive(row, now)']],
  },
  'who may have missed a forgotten key begins anew': {
    file: page,
    changes: [['isBehind && head.floor > (since.base ?? since.version)', 'false']],
  },
  'a position is one of an epoch': { file: page, changes: [['since.epoch === head.epoch && ', '']] },
};

describe('random histories', () => {
  it('show every page what the store has', async () => {
    await fc.assert(property(shipped), { numRuns: RUNS });
  }, 7_200_000);

  it.each(Object.entries(MUTANTS))(
    'find the mistake without: %s',
    async (name, mutant) => {
      const { failed, numRuns } = await fc.check(property(await mutated(mutant)), {
        numRuns: MOST_RUNS,
        endOnFailure: true,
      });
      expect({ name, failed, numRuns }).toMatchObject({ failed: true });
    },
    PATIENCE_MS,
  );
});
