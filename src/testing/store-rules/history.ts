import assert from 'node:assert';
import { CONNECTION_TTL_MS } from '../../base/protocol.js';
import type { HistoryRead, HistoryStore } from '../../model/store.js';
import { LOBBY } from '../bystanders.js';
import { expectRefused, names, sameValue } from '../store-probes.js';
import type { StoreRule } from '../store-rule.js';

const LIMITS = { maxEntries: 100, maxAgeMs: 3_600_000 };
const ALL = 1000;
const TEXTS = ['{"a":"\\u0000"}', '', ' ', '"\'\\ %s $1', 'строка\n\t\u2028', '👩‍👩‍👧', 'x'.repeat(131_072)];

export const historyRules: readonly StoreRule[] = [
  {
    name: 'history: offsets count 1, 2, 3, and texts come back unchanged',
    needs: ['history'],
    async check({ clock, history }) {
      const at = clock.now();
      for (const [index, text] of TEXTS.entries()) {
        assert.equal((await history().append(LOBBY, text, LIMITS)).offset, index + 1);
      }
      const { entries, position, recovered, more } = await history().read(LOBBY, { limit: ALL });
      sameValue(
        entries,
        TEXTS.map((data, index) => ({ offset: index + 1, data, at })),
        'entries',
      );
      assert.equal(position.offset, TEXTS.length);
      sameValue({ recovered, more }, { recovered: true, more: false }, 'the rest of the answer');
    },
  },
  {
    name: 'history: a read without since gives the newest entries, oldest first',
    needs: ['history'],
    async check({ history }) {
      await append(history(), names('m', 7));
      const read = await history().read(LOBBY, { limit: 3 });
      expectAnswer(read, { offsets: [5, 6, 7], position: 7, more: false });
    },
  },
  {
    name: 'history: a read gives what follows a position, nothing behind the newest',
    needs: ['history'],
    async check({ history }) {
      const positions = await append(history(), names('m', 5));
      expectAnswer(await history().read(LOBBY, { since: positions[1], limit: ALL }), {
        offsets: [3, 4, 5],
        position: 5,
      });
      expectAnswer(await history().read(LOBBY, { since: positions[4], limit: ALL }), {
        offsets: [],
        position: 5,
      });
      const start = { offset: 0, epoch: positions[0]?.epoch ?? '' };
      expectAnswer(await history().read(LOBBY, { since: start, limit: ALL }), {
        offsets: [1, 2, 3, 4, 5],
        position: 5,
      });
    },
  },
  {
    name: 'history: more tells that a limit cut the answer, and reading goes on behind it',
    needs: ['history'],
    async check({ history }) {
      const [first] = await append(history(), names('m', 6));
      const epoch = first?.epoch ?? '';
      const read = (offset: number) => history().read(LOBBY, { since: { offset, epoch }, limit: 2 });
      expectAnswer(await read(1), { offsets: [2, 3], position: 6, more: true });
      expectAnswer(await read(3), { offsets: [4, 5], position: 6, more: true });
      expectAnswer(await read(4), { offsets: [5, 6], position: 6, more: false });
      expectAnswer(await read(5), { offsets: [6], position: 6, more: false });
    },
  },
  {
    name: 'history: a limit of 0 reads the position only; other wrong limits are refused',
    needs: ['history'],
    async check({ history }) {
      const [first] = await append(history(), names('m', 2));
      expectAnswer(await history().read(LOBBY, { limit: 0 }), { offsets: [], position: 2 });
      expectAnswer(await history().read(LOBBY, { since: first, limit: 0 }), {
        offsets: [],
        position: 2,
        more: true,
      });
      for (const limit of [-1, 1.5, NaN]) {
        await expectRefused(`limit ${limit}`, () => history().read(LOBBY, { limit }));
      }
    },
  },
  {
    name: 'history: keeps as many entries as it may, and answers recovered: false once one is missing',
    needs: ['history'],
    async check({ history }) {
      const positions = await append(history(), names('m', 10), { ...LIMITS, maxEntries: 3 });
      const read = (index: number) => history().read(LOBBY, { since: positions[index], limit: ALL });
      expectAnswer(await history().read(LOBBY, { limit: ALL }), { offsets: [8, 9, 10], position: 10 });
      expectAnswer(await read(6), { offsets: [8, 9, 10], position: 10 });
      expectAnswer(await read(5), { recovered: false, offsets: [], position: 10 });
      expectAnswer(await read(0), { recovered: false, offsets: [], position: 10 });
    },
  },
  {
    name: 'history: keeps an entry until exactly maxAgeMs, then answers recovered: false',
    needs: ['history'],
    async check({ clock, timeStepMs, history }) {
      const limits = { ...LIMITS, maxAgeMs: 60_000 };
      const [first] = await append(history(), ['one'], limits);
      clock.advance(10_000);
      await append(history(), ['two'], limits);
      const start = { offset: 0, epoch: first?.epoch ?? '' };
      clock.advance(50_000 - timeStepMs);
      expectAnswer(await history().read(LOBBY, { since: start, limit: ALL }), {
        offsets: [1, 2],
        position: 2,
      });
      clock.advance(timeStepMs);
      expectAnswer(await history().read(LOBBY, { limit: ALL }), { offsets: [2], position: 2 });
      expectAnswer(await history().read(LOBBY, { since: first, limit: ALL }), { offsets: [2], position: 2 });
      expectAnswer(await history().read(LOBBY, { since: start, limit: ALL }), {
        recovered: false,
        offsets: [],
        position: 2,
      });
    },
  },
  {
    name: 'history: when every entry has aged, the numbers go on and nobody who was up to date is told of a loss',
    needs: ['history'],
    async check({ clock, history }) {
      const limits = { ...LIMITS, maxAgeMs: 60_000 };
      const [first, second] = await append(history(), ['one', 'two'], limits);
      clock.advance(60_000 + CONNECTION_TTL_MS - 1000);
      expectAnswer(await history().read(LOBBY, { limit: ALL }), { offsets: [], position: 2 });
      expectAnswer(await history().read(LOBBY, { since: second, limit: ALL }), { offsets: [], position: 2 });
      expectAnswer(await history().read(LOBBY, { since: first, limit: ALL }), {
        recovered: false,
        offsets: [],
        position: 2,
      });
      const [third] = await append(history(), ['three'], limits);
      sameValue(third, { offset: 3, epoch: first?.epoch }, 'position of the next entry');
      expectAnswer(await history().read(LOBBY, { since: second, limit: ALL }), { offsets: [3], position: 3 });
    },
  },
  {
    name: 'history: the position of an empty room is good to go on from',
    needs: ['history'],
    async check({ history }) {
      const empty = await history().read(LOBBY, { limit: ALL });
      expectAnswer(empty, { offsets: [], position: 0 });
      expectAnswer(await history().read(LOBBY, { since: empty.position, limit: ALL }), {
        offsets: [],
        position: 0,
      });
      await append(history(), ['one', 'two']);
      expectAnswer(await history().read(LOBBY, { since: empty.position, limit: ALL }), {
        offsets: [1, 2],
        position: 2,
      });
    },
  },
  {
    name: 'history: a position of another epoch, or beyond the newest entry, is answered recovered: false',
    needs: ['history'],
    async check({ history }) {
      const positions = await append(history(), names('m', 3));
      const epoch = positions[0]?.epoch ?? '';
      for (const since of [
        { offset: 1, epoch: `${epoch}x` },
        { offset: 3, epoch: 'another' },
        { offset: 0, epoch: '' },
        { offset: 4, epoch },
      ]) {
        const read = await history().read(LOBBY, { since, limit: ALL });
        expectAnswer(read, { recovered: false, offsets: [], position: 3 });
        assert.equal(read.position.epoch, epoch);
      }
    },
  },
  {
    name: 'history: rooms have their own numbers, and members do not matter',
    needs: ['history'],
    async check({ store, history, enter }) {
      await enter('phone', [LOBBY]);
      await append(history(), ['one', 'two']);
      await store.remove(['phone']);
      assert.equal((await history().append('attic', 'alone', LIMITS)).offset, 1);
      expectAnswer(await history().read(LOBBY, { limit: ALL }), { offsets: [1, 2], position: 2 });
    },
  },
  {
    name: 'history: appending at the same time leaves no gap and no entry out',
    needs: ['history'],
    check: ({ history }) => appendsAtOnce([history()]),
  },
  {
    name: 'two instances: appending at the same time leaves no gap and no entry out',
    needs: ['history', 'sharing'],
    async check({ history, openAnother }) {
      await appendsAtOnce([history(), history(await openAnother())]);
    },
  },
  {
    name: 'two instances: a room that both find empty has one epoch',
    needs: ['history', 'sharing'],
    async check({ history, openAnother }) {
      const [one, other] = [history(), history(await openAnother())];
      const rooms = names('room-', 10);
      for (const room of rooms) {
        const [here, there] = await Promise.all([
          one.read(room, { limit: 1 }),
          other.append(room, 'first', LIMITS),
        ]);
        assert.equal(here.position.epoch, there.epoch, `epochs of ${room}`);
        assert.equal(
          (await one.read(room, { limit: 1 })).position.epoch,
          there.epoch,
          `epoch of ${room} later`,
        );
      }
    },
  },
  {
    name: 'clock skew: the entries of two instances have no hole while they age',
    needs: ['history', 'sharing'],
    async check({ clock, history, openAnother }) {
      const [slow, fast] = [history(await openAnother(-20_000)), history(await openAnother(20_000))];
      const limits = { ...LIMITS, maxAgeMs: 60_000 };
      const start = (await slow.read(LOBBY, { limit: 0 })).position;
      for (const writer of [fast, slow, fast, slow]) {
        await writer.append(LOBBY, 'x', limits);
        clock.advance(5000);
      }
      for (let step = 0; step < 30; step++) {
        for (const reader of [slow, fast]) expectNoHole(await reader.read(LOBBY, { limit: ALL }));
        for (const reader of [slow, fast]) {
          const read = await reader.read(LOBBY, { since: start, limit: ALL });
          if (read.recovered) expectAnswer(read, { offsets: [1, 2, 3, 4], position: 4 });
          else sameValue(read.entries, [], 'entries of an answer that is not recovered');
        }
        clock.advance(5000);
      }
    },
  },
  {
    name: 'history: has another epoch after it was lost, so that old positions are not taken for new ones',
    needs: ['history', 'drop'],
    leavesNoNeighbours: true,
    async check({ history, loseEverything }) {
      const positions = await append(history(), names('m', 3));
      await loseEverything();
      const [first] = await append(history(), ['new one', 'new two', 'new three', 'new four']);
      assert.ok(first);
      assert.equal(first.offset, 1, 'first offset after the loss');
      assert.notEqual(first.epoch, positions[0]?.epoch, 'the epoch is still the old one');
      const read = await history().read(LOBBY, { since: positions[1], limit: ALL });
      expectAnswer(read, { recovered: false, offsets: [], position: 4 });
      assert.equal(read.position.epoch, first.epoch);
    },
  },
];

async function append(history: HistoryStore, texts: readonly string[], limits = LIMITS) {
  const positions = [];
  for (const text of texts) positions.push(await history.append(LOBBY, text, limits));
  return positions;
}

interface Answer {
  readonly offsets: readonly number[];
  readonly position: number;
  /** @default true */
  readonly recovered?: boolean;
  /** @default false */
  readonly more?: boolean;
}

function expectAnswer(
  read: HistoryRead,
  { offsets, position, recovered = true, more = false }: Answer,
): void {
  const { entries, position: at } = read;
  sameValue(
    {
      recovered: read.recovered,
      offsets: entries.map(({ offset }) => offset),
      position: at.offset,
      more: read.more,
    },
    { recovered, offsets, position, more },
    'answer of read',
  );
}

async function appendsAtOnce(histories: readonly HistoryStore[]): Promise<void> {
  const texts = names('m', 60);
  const positions = await Promise.all(
    texts.map((text, index) =>
      (histories[index % histories.length] as HistoryStore).append(LOBBY, text, LIMITS),
    ),
  );
  assert.equal(new Set(positions.map(({ epoch }) => epoch)).size, 1, 'epochs');
  const byOffset = [...positions.entries()].sort(([, a], [, b]) => a.offset - b.offset);
  const expected = byOffset.map(([index, { offset }]) => ({ offset, data: texts[index] }));
  sameValue(
    expected.map(({ offset }) => offset),
    texts.map((_, index) => index + 1),
    'offsets that were given out',
  );
  for (const history of histories) {
    const { entries } = await history.read(LOBBY, { limit: ALL });
    sameValue(
      entries.map(({ offset, data }) => ({ offset, data })),
      expected,
      'entries',
    );
  }
}

/** What can be read is the newest n entries. */
function expectNoHole({ entries, position }: HistoryRead): void {
  const offsets = entries.map(({ offset }) => offset);
  const newest = offsets.map((_, index) => position.offset - offsets.length + 1 + index);
  sameValue(offsets, newest, 'offsets that can be read');
}
