import assert from 'node:assert';
import type { StateResult, StateStore } from '../../model/state.js';
import { LOBBY } from '../bystanders.js';
import { createStateReader } from '../state-reader.js';
import { forEach, names, sameValue } from '../store-probes.js';
import type { StoreRule } from '../store-rule.js';

const WRITERS = 8;
const ROUNDS = names('round-', 6);
const SKEW_MS = 5000;
const TTL_MS = 60_000;

/** State as what it is for: several instances change one room at the same time. */
export const stateRaceRules: readonly StoreRule[] = [
  {
    name: 'state: of eight writers for a free key one wins, and the numbers have no gap',
    needs: ['state'],
    check: ({ state }) => expectOneWinner([state()]),
  },
  {
    name: 'two instances: of eight writers for a free key one wins, and the numbers have no gap',
    needs: ['state', 'sharing'],
    check: async ({ state, openAnother }) => expectOneWinner([state(), state(await openAnother())]),
  },
  {
    name: 'two instances: adding to a key at the same time loses nothing',
    needs: ['state', 'sharing'],
    async check({ state, openAnother }) {
      const other = state(await openAnother());
      await Promise.all([state(), other, state(), other].map((one) => addTimes(one, 5)));
      assert.equal((await state().get(LOBBY, 'sums', 'sum'))?.value, '20', 'the sum');
    },
  },
  {
    name: 'two instances: what one has changed the other reads at once',
    needs: ['state', 'sharing'],
    async check({ state, openAnother }) {
      const other = state(await openAnother());
      const reader = createStateReader(other, LOBBY, 90_000);
      for (const value of ['1', '2']) {
        await reader.catchUp();
        await state().change(LOBBY, [{ map: 'm', key: 'k', value }]);
        await reader.catchUp();
        sameValue(reader.entries, [['m/k', value]], 'what the reader has');
      }
      await state().change(LOBBY, [{ map: 'm', key: 'k' }]);
      await reader.catchUp();
      sameValue(reader.entries, [], 'what the reader has');
    },
  },
  {
    name: 'two instances: readers that read while others write have, at the end, what is stored',
    needs: ['state', 'sharing'],
    async check({ state, openAnother }) {
      const instances = [state(), state(await openAnother())];
      const readers = instances.map((one) => createStateReader(one, LOBBY, 150));
      let isOver = false;
      const reading = readers.map(async (reader) => {
        while (!isOver) await reader.readPage();
      });
      await Promise.all(instances.map((one, index) => writeAtRandom(one, index)));
      isOver = true;
      await Promise.all(reading);
      const truth = createStateReader(state(), LOBBY, 90_000);
      for (const reader of [...readers, truth]) await reader.catchUp();
      for (const { entries, position } of readers) {
        sameValue(
          [entries, position?.version],
          [truth.entries, truth.position?.version],
          'what a reader has',
        );
      }
    },
  },
  {
    name: 'clock skew: of two writers for a key that has expired one wins',
    needs: ['state', 'sharing'],
    async check({ clock, state, openAnother }) {
      const [slow, fast] = [state(await openAnother(-SKEW_MS)), state(await openAnother(SKEW_MS))];
      for (const key of ROUNDS) {
        const options = { map: 'm', key, ifVersion: 0 };
        await state().change(LOBBY, [{ map: 'm', key, value: '0', ttlMs: TTL_MS }]);
        clock.advance(TTL_MS + SKEW_MS);
        const results = await Promise.all([
          slow.change(LOBBY, [{ ...options, value: '1' }]),
          fast.change(LOBBY, [{ ...options, value: '2' }]),
        ]);
        sameValue(winners(results), 1, 'winners');
      }
    },
  },
];

function winners(results: readonly StateResult[]): number {
  return results.filter(({ changed }) => changed).length;
}

async function expectOneWinner(instances: readonly StateStore[]): Promise<void> {
  const [first] = instances as [StateStore];
  const { version: before } = await first.read(LOBBY, { since: null, maxBytes: 1 });
  await forEach(ROUNDS, async (key) => {
    const writers = Array.from({ length: WRITERS }, (_, n) => [n, instances[n % instances.length]] as const);
    const results = await Promise.all(
      writers.map(async ([n, one]) =>
        one?.change(LOBBY, [{ map: 'm', key, value: String(n), ifVersion: 0 }]),
      ),
    );
    const won = results.flatMap((result, n) => (result?.changed === true ? [n] : []));
    assert.equal(won.length, 1, `of eight writers ${won.length} won`);
    const row = await first.get(LOBBY, 'm', key);
    assert.equal(row?.value, String(won[0]), 'what the winner wrote');
    for (const result of results) {
      if (result?.changed === false) sameValue(result.rows, [row], 'what the others are told');
    }
  });
  const { version } = await first.read(LOBBY, { since: null, maxBytes: 1_000_000 });
  assert.equal(version, before + ROUNDS.length, 'numbers that were given out');
}

async function addTimes(state: StateStore, times: number): Promise<void> {
  for (let done = 0; done < times;) {
    const row = await state.get(LOBBY, 'sums', 'sum');
    const value = String(Number(row?.value ?? 0) + 1);
    const ifVersion = row?.version ?? 0;
    if ((await state.change(LOBBY, [{ map: 'sums', key: 'sum', value, ifVersion }])).changed) done++;
  }
}

/** Sets and deletes few keys, in an order that differs with `seed`. */
async function writeAtRandom(state: StateStore, seed: number): Promise<void> {
  for (let n = 0; n < 40; n++) {
    const key = `k${(n * 7 + seed * 3) % 11}`;
    const isDeletion = (n + seed) % 3 === 0;
    await state.change(LOBBY, [{ map: 'm', key, ...(isDeletion ? {} : { value: String(n) }) }]);
  }
}
