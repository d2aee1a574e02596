import assert from 'node:assert';
import type { HistoryStore } from '../../model/store.js';
import { LOBBY } from '../bystanders.js';
import { names, sameValue } from '../store-probes.js';
import type { StoreRule } from '../store-rule.js';

const LIMITS = { maxEntries: 100, maxAgeMs: 3_600_000 };
const RECORD_TTL_MS = 60_000;

/** What must hold when the backend comes back older than what the store has acknowledged. */
export const failoverRules: readonly StoreRule[] = [
  {
    name: 'failover: a history that lost appends has another epoch when it is read',
    needs: ['history', 'failOver'],
    async check({ history, failOver }) {
      const kept = await append(history(), ['m1', 'm2']);
      const lost = await failOver(() => append(history(), ['m3', 'm4']));
      const held = [...kept, ...lost];
      const at = (await history().read(LOBBY, { limit: 10 })).position;
      for (const since of held) {
        assert.notEqual(at.epoch, since.epoch, 'the epoch is still the old one');
        await expectNotRecovered(history(), since);
      }
      // The numbers come as far again as those that were lost, and beyond.
      const again = await append(history(), names('new', 4));
      for (const { epoch } of again) assert.equal(epoch, at.epoch, 'the epoch changes without a loss');
      for (const since of held) await expectNotRecovered(history(), since);
      const { recovered, entries } = await history().read(LOBBY, { since: at, limit: 10 });
      assert.ok(recovered, 'a position of the new epoch is not recovered');
      sameValue(
        entries.map(({ offset, data }) => [offset, data]),
        again.map(({ offset }, index) => [offset, names('new', 4)[index]]),
        'entries behind the new position',
      );
    },
  },
  {
    name: 'failover: a history that lost appends has another epoch when it goes on, and no hole',
    needs: ['history', 'failOver'],
    async check({ history, failOver }) {
      const kept = await append(history(), ['m1', 'm2']);
      const lost = await failOver(() => append(history(), ['m3', 'm4']));
      const again = await append(history(), names('new', 4));
      assert.equal(
        new Set(again.map(({ epoch }) => epoch)).size,
        1,
        'epochs of what was appended afterwards',
      );
      for (const since of [...kept, ...lost]) {
        assert.notEqual(again[0]?.epoch, since.epoch, 'the epoch is still the old one');
        await expectNotRecovered(history(), since);
      }
      const { entries, position } = await history().read(LOBBY, { limit: 10 });
      const offsets = entries.map(({ offset }) => offset);
      sameValue(
        offsets,
        offsets.map((_, index) => position.offset - offsets.length + 1 + index),
        'offsets that can be read',
      );
    },
  },
  {
    name: 'failover: a record is as it was before the lost write, whose version is never valid again',
    needs: ['records', 'failOver'],
    async check({ records, failOver }) {
      const write = (value: string, ifVersion: string | undefined): Promise<string | undefined> =>
        records().write('job', value, { ifVersion, ttlMs: RECORD_TTL_MS });
      const first = await write('first', undefined);
      const lost = await failOver(() => write('lost', first));
      const read = await records().read('job');
      assert.ok(read, 'the record is lost');
      assert.equal(read.value, 'first', 'the record after the failover');
      assert.notEqual(read.version, lost, 'the lost version is given out again');
      assert.equal(await write('too late', lost), undefined, 'a write that expects the lost version');
      const instead = await write('instead', read.version);
      assert.ok(instead, 'a write that expects what was read is refused');
      assert.notEqual(instead, lost, 'the lost version is given out again');
      assert.equal(await write('too late', lost), undefined, 'a write that expects the lost version');
      assert.equal((await records().read('job'))?.value, 'instead', 'the record');
    },
  },
];

async function append(history: HistoryStore, texts: readonly string[]) {
  const positions = [];
  for (const text of texts) positions.push(await history.append(LOBBY, text, LIMITS));
  return positions;
}

async function expectNotRecovered(
  history: HistoryStore,
  since: { readonly offset: number; readonly epoch: string },
): Promise<void> {
  const { recovered, entries } = await history.read(LOBBY, { since, limit: 10 });
  sameValue([recovered, entries], [false, []], `answer to ${since.offset} of the epoch before`);
}
