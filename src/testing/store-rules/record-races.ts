import assert from 'node:assert';
import type { RecordStore } from '../../model/records.js';
import { forEach, names, sameValue } from '../store-probes.js';
import type { StoreRule } from '../store-rule.js';

const TTL_MS = 60_000;
const ROUNDS = names('round-', 10);
/** Each instance adds one, so many times. */
const ADDITIONS = 5;
const SKEW_MS = 20_000;

/** Records as what they are for: several instances write one at the same time. */
export const recordRaceRules: readonly StoreRule[] = [
  {
    name: 'records: of two first writes at the same time one wins, and what is read is its text',
    needs: ['records'],
    check: ({ records }) => expectOneWinner(records(), records(), undefined),
  },
  {
    name: 'records: adding at the same time loses nothing',
    needs: ['records'],
    check: ({ records }) => expectSum([records(), records(), records(), records()]),
  },
  {
    name: 'two instances: what one has written to a record the other reads at once',
    needs: ['records', 'sharing'],
    async check({ records, openAnother }) {
      const other = records(await openAnother());
      const first = await records().write('job', 'first', { ifVersion: undefined, ttlMs: TTL_MS });
      sameValue(await other.read('job'), { value: 'first', version: first }, 'record');
      const second = await other.write('job', 'second', { ifVersion: first, ttlMs: TTL_MS });
      for (const reader of [records(), other]) {
        sameValue(await reader.read('job'), { value: 'second', version: second }, 'record');
      }
      await records().remove('job');
      assert.equal(await other.read('job'), undefined, 'a removed record');
    },
  },
  {
    name: 'two instances: of two writes at the same time one wins, and what is read is its text',
    needs: ['records', 'sharing'],
    async check({ records, openAnother }) {
      const other = records(await openAnother());
      await expectOneWinner(records(), other, undefined);
      await expectOneWinner(records(), other, 'before');
    },
  },
  {
    name: 'two instances: adding to a record at the same time loses nothing',
    needs: ['records', 'sharing'],
    async check({ records, openAnother }) {
      const other = records(await openAnother());
      await expectSum([records(), other, records(), other]);
    },
  },
  {
    name: 'clock skew: a record lives for each instance until its own clock is there, and versions decide',
    needs: ['records', 'sharing'],
    async check({ clock, records, openAnother }) {
      const [slow, fast] = [records(await openAnother(-SKEW_MS)), records(await openAnother(SKEW_MS))];
      const first = await fast.write('job', 'fast', { ifVersion: undefined, ttlMs: TTL_MS });
      const second = await slow.write('job', 'slow', { ifVersion: first, ttlMs: TTL_MS });
      sameValue(await fast.read('job'), { value: 'slow', version: second }, 'record');
      clock.advance(TTL_MS - 2 * SKEW_MS);
      assert.equal(await fast.read('job'), undefined, 'a record whose time is over here');
      assert.equal((await slow.read('job'))?.value, 'slow', 'a record whose time is not over here');
    },
  },
];

/** Where the record is `before`, or where there is none. */
async function expectOneWinner(
  one: RecordStore,
  other: RecordStore,
  before: string | undefined,
): Promise<void> {
  await forEach(ROUNDS, async (round) => {
    const key = `${round}-${before ?? 'new'}`;
    const options = { ifVersion: undefined, ttlMs: TTL_MS };
    const ifVersion = before === undefined ? undefined : await one.write(key, before, options);
    const versions = await Promise.all([
      one.write(key, 'one', { ...options, ifVersion }),
      other.write(key, 'other', { ...options, ifVersion }),
    ]);
    const winners = versions.filter((version) => version !== undefined);
    assert.equal(winners.length, 1, `of two writes ${winners.length} won`);
    const value = versions[0] === undefined ? 'other' : 'one';
    sameValue(await one.read(key), { value, version: winners[0] }, 'what the winner wrote');
  });
}

async function expectSum(instances: readonly RecordStore[]): Promise<void> {
  await Promise.all(
    instances.map(async (records) => {
      for (let times = 0; times < ADDITIONS; times++) await addOne(records);
    }),
  );
  assert.equal((await instances[0]?.read('sum'))?.value, String(instances.length * ADDITIONS), 'the sum');
}

async function addOne(records: RecordStore): Promise<void> {
  for (;;) {
    const read = await records.read('sum');
    const sum = String(Number(read?.value ?? 0) + 1);
    const options = { ifVersion: read?.version, ttlMs: TTL_MS };
    if ((await records.write('sum', sum, options)) !== undefined) return;
  }
}
