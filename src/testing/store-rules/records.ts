import assert from 'node:assert';
import { MAX_RECORD_BYTES, type RecordStore } from '../../model/records.js';
import { LOBBY } from '../bystanders.js';
import { expectRefused, sameValue } from '../store-probes.js';
import type { StoreRule } from '../store-rule.js';
import { recordRaceRules } from './record-races.js';

const TTL_MS = 60_000;
const TEXTS = ['{"a":"\\u0000"}', '', ' ', '"\'\\ %s $1', 'строка\n\t\u2028', '👩‍👩‍👧'];
const LONGEST = [`${'x'.repeat(MAX_RECORD_BYTES - 1)}a`, '🦊'.repeat(MAX_RECORD_BYTES / 4)];
/** Beside their like, so that keys which are taken for one another are seen. */
const KEYS = ['Job', 'JOB', ' Job', 'é', 'e\u0301', 'a:b', 'a', '{a}', '%', '__proto__', '🦊'.repeat(256)];

export const recordRules: readonly StoreRule[] = [
  {
    name: 'records: a text comes back unchanged, with the version that its write gave',
    needs: ['records'],
    async check({ records }) {
      assert.equal(await records().read('job'), undefined, 'a record that nobody wrote');
      let ifVersion: string | undefined;
      for (const value of TEXTS) {
        const version = await write(records(), 'job', value, ifVersion);
        sameValue(await records().read('job'), { value, version }, 'record');
        ifVersion = version;
      }
    },
  },
  {
    name: 'records: a write is refused unless its version is the latest',
    needs: ['records'],
    async check({ records }) {
      const first = await write(records(), 'job', 'first');
      await expectBeaten(records(), 'job', undefined, 'a write that expects no record');
      await expectBeaten(records(), 'other', first, 'a write that expects a record of another key');
      const second = await write(records(), 'job', 'second', first);
      assert.notEqual(second, first, 'two writes have one version');
      await expectBeaten(records(), 'job', first, 'a write that expects the version before');
      sameValue(await records().read('job'), { value: 'second', version: second }, 'record');
    },
  },
  {
    name: 'records: a removed record is absent, and its versions are never valid again',
    needs: ['records'],
    async check({ records }) {
      await records().remove('job');
      const first = await write(records(), 'job', 'same');
      await write(records(), 'job2', 'stays');
      await records().remove('job');
      assert.equal(await records().read('job'), undefined, 'a removed record');
      await expectBeaten(records(), 'job', first, 'a write to a removed record');
      await write(records(), 'job', 'same');
      await expectBeaten(records(), 'job', first, 'a write with the version of an earlier life');
      assert.equal((await records().read('job2'))?.value, 'stays', 'the record beside it');
    },
  },
  {
    name: 'records: absent exactly after ttlMs, and present one step before',
    needs: ['records'],
    async check({ records, clock, timeStepMs }) {
      const first = await write(records(), 'job', 'first');
      clock.advance(TTL_MS - timeStepMs);
      assert.equal((await records().read('job'))?.version, first);
      clock.advance(timeStepMs);
      assert.equal(await records().read('job'), undefined, 'a record whose time is over');
      await expectBeaten(records(), 'job', first, 'a write to a record whose time is over');
      const second = await write(records(), 'job', 'second');
      assert.notEqual(second, first, 'the version of an earlier life is given out again');
      assert.equal((await records().read('job'))?.version, second);
    },
  },
  {
    name: 'records: each write begins a new time, shorter or longer, and reading does not',
    needs: ['records'],
    async check({ records, clock }) {
      const brief = await write(records(), 'brief', 'x');
      const long = await write(records(), 'long', 'x');
      await records().write('brief', 'x', { ifVersion: brief, ttlMs: 1000 });
      await records().write('long', 'x', { ifVersion: long, ttlMs: 5 * TTL_MS });
      clock.advance(1000);
      assert.equal(await records().read('brief'), undefined, 'a record whose time was made shorter');
      clock.advance(4 * TTL_MS);
      assert.equal((await records().read('long'))?.value, 'x', 'a record whose time was made longer');
      clock.advance(TTL_MS);
      assert.equal(await records().read('long'), undefined, 'a record that was read');
    },
  },
  {
    name: 'records: 262,144 bytes are kept to the last one, and one more is refused',
    needs: ['records'],
    async check({ records }) {
      for (const [index, value] of LONGEST.entries()) {
        await write(records(), `long-${index}`, value);
        const read = await records().read(`long-${index}`);
        assert.ok(read?.value === value, 'the longest text does not come back as it was');
        await expectRefused('a longer text', () =>
          records().write('longer', `${value}x`, { ifVersion: undefined, ttlMs: TTL_MS }),
        );
      }
      assert.equal(await records().read('longer'), undefined, 'a refused write has stored something');
    },
  },
  {
    name: 'records: a wrong key, text or time is refused with INVALID_OPTIONS',
    needs: ['records'],
    async check({ records }) {
      const options = { ifVersion: undefined, ttlMs: TTL_MS };
      for (const key of ['', 'x'.repeat(1025), 'a\u0000b', 'a\uD83E']) {
        const what = JSON.stringify(key.slice(0, 10));
        await expectRefused(`read of ${what}`, () => records().read(key));
        await expectRefused(`write of ${what}`, () => records().write(key, 'x', options));
        await expectRefused(`remove of ${what}`, () => records().remove(key));
      }
      for (const value of ['a\u0000b', 'a\uD83E']) {
        await expectRefused('an impossible text', () => records().write('job', value, options));
      }
      for (const ttlMs of [0, -1, 1.5, NaN, Infinity]) {
        await expectRefused(`ttlMs ${ttlMs}`, () => records().write('job', 'x', { ...options, ttlMs }));
      }
      assert.equal(await records().read('job'), undefined, 'a refused write has stored something');
    },
  },
  {
    name: 'records: keys are kept apart from their like, and from what else has their name',
    needs: ['records'],
    async check({ store, records, enter, expectMembers }) {
      await enter('phone', [LOBBY], { user: LOBBY });
      for (const key of [...KEYS, LOBBY, 'phone', 'garden']) await write(records(), key, `of ${key}`);
      await expectMembers({ room: LOBBY }, ['phone']);
      await expectMembers({ user: LOBBY }, ['phone']);
      await expectMembers({ all: true }, ['phone']);
      await store.remove(['phone']);
      for (const key of [...KEYS, LOBBY, 'phone', 'garden']) {
        assert.equal((await records().read(key))?.value, `of ${key}`);
      }
      const [first = '', ...rest] = KEYS;
      await records().remove(first);
      await records().remove('bystander');
      for (const key of rest) assert.equal((await records().read(key))?.value, `of ${key}`);
    },
  },
  ...recordRaceRules,
];

/** Writes what must be written. */
async function write(records: RecordStore, key: string, value: string, ifVersion?: string): Promise<string> {
  const version = await records.write(key, value, { ifVersion, ttlMs: TTL_MS });
  assert.ok(version, `write of '${key.slice(0, 20)}' says that another one was faster`);
  return version;
}

async function expectBeaten(
  records: RecordStore,
  key: string,
  ifVersion: string | undefined,
  what: string,
): Promise<void> {
  const before = await records.read(key);
  assert.equal(await records.write(key, 'too late', { ifVersion, ttlMs: TTL_MS }), undefined, what);
  sameValue(await records.read(key), before, `the record after ${what}`);
}
