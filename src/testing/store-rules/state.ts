import assert from 'node:assert';
import { CONNECTION_TTL_MS } from '../../base/protocol.js';
import type { StateChange, StateStore } from '../../model/state.js';
import { LOBBY } from '../bystanders.js';
import { createStateReader } from '../state-reader.js';
import { sameValue } from '../store-probes.js';
import type { StoreRule } from '../store-rule.js';
import { stateBoundRules } from './state-bounds.js';
import { stateRaceRules } from './state-races.js';

const TTL_MS = 60_000;
const MAX_BYTES = 90_000;
/** JSON of all kinds. */
const VALUES = ['null', '""', '0', '{"a":[1,"\\u0000",{}]}', '"строка\\n"', '"👩‍👩‍👧"', 'false'];

export const stateRules: readonly StoreRule[] = [
  {
    name: 'state: a room that nobody has changed is empty and stands at version 0',
    needs: ['state'],
    async check({ state }) {
      for (const since of [null, { version: 0, epoch: '' }]) {
        const { version, epoch, rows, more } = await state().read(LOBBY, { since, maxBytes: MAX_BYTES });
        sameValue({ version, epoch, rows, more }, { version: 0, epoch: '', rows: [], more: false }, 'page');
      }
      assert.equal(await state().get(LOBBY, 'players', 'ann'), undefined, 'a key that nobody set');
    },
  },
  {
    name: 'state: values come back unchanged, and versions count 1, 2, 3',
    needs: ['state'],
    async check({ state }) {
      for (const [index, value] of VALUES.entries()) {
        const version = await set(state(), `key-${index}`, value);
        assert.equal(version, index + 1, 'version');
        const row = { map: 'players', key: `key-${index}`, version, value };
        sameValue(await state().get(LOBBY, 'players', `key-${index}`), row, 'row');
      }
      const { rows } = await state().read(LOBBY, { since: null, maxBytes: MAX_BYTES });
      sameValue(
        rows.map(({ version, value }) => [version, value]),
        VALUES.map((value, index) => [index + 1, value]),
        'rows',
      );
    },
  },
  {
    name: 'state: a change with another version is refused, takes no number and returns the key as it is',
    needs: ['state'],
    async check({ state }) {
      const first = await set(state(), 'ann', '1', { ifVersion: 0 });
      await expectBeaten(state(), 'ann', 0, { map: 'players', key: 'ann', version: first, value: '1' });
      await expectBeaten(state(), 'bob', first, { map: 'players', key: 'bob', version: 0 });
      const second = await set(state(), 'ann', '2', { ifVersion: first });
      assert.equal(second, first + 1, 'a refused change takes a number');
      await expectBeaten(state(), 'ann', first, { map: 'players', key: 'ann', version: second, value: '2' });
      await change(state(), [{ map: 'players', key: 'ann', ifVersion: second }]);
      await expectBeaten(state(), 'ann', second, { map: 'players', key: 'ann', version: 0 });
      assert.equal(await set(state(), 'ann', '3', { ifVersion: 0 }), second + 2, 'after a deletion');
    },
  },
  {
    name: 'state: changes that are made together have consecutive versions, or none is stored',
    needs: ['state'],
    async check({ state }) {
      await set(state(), 'ann', '1');
      const version = await change(state(), [
        { map: 'players', key: 'bob', value: '2' },
        { map: 'players', key: 'ann' },
        { map: 'board', key: 'bob', value: '3', ifVersion: 0 },
      ]);
      assert.equal(version, 4, 'the version of the last change');
      const refused = await state().change(LOBBY, [
        { map: 'players', key: 'eve', value: '5' },
        { map: 'board', key: 'bob', value: '6', ifVersion: 0 },
        { map: 'players', key: 'bob' },
      ]);
      const row = { map: 'board', key: 'bob', version: 4, value: '3' };
      sameValue(refused, { changed: false, rows: [row] }, 'the answer to refused changes');
      const reader = await readerOf(state());
      sameValue(
        reader.entries,
        [
          ['board/bob', '3'],
          ['players/bob', '2'],
        ],
        'what is stored',
      );
      assert.equal(reader.position?.version, 4, 'refused changes take numbers');
    },
  },
  {
    name: 'state: a reader gets the last change of each key behind its position, deleted ones too',
    needs: ['state'],
    async check({ state }) {
      await change(state(), [
        { map: 'players', key: 'ann', value: '1' },
        { map: 'players', key: 'bob', value: '1' },
        { map: 'players', key: 'eve', value: '1' },
      ]);
      const reader = await readerOf(state());
      await set(state(), 'ann', '2');
      await set(state(), 'ann', '3');
      await change(state(), [{ map: 'players', key: 'bob' }]);
      const since = reader.position;
      const page = await state().read(LOBBY, { since, maxBytes: MAX_BYTES });
      sameValue(
        page.rows.map(({ key, version, value }) => [key, version, value ?? null]),
        [
          ['ann', 5, '3'],
          ['bob', 6, null],
        ],
        'rows behind the position',
      );
      assert.notEqual(page.reset, true, 'a reader that has missed nothing that is forgotten is reset');
      await reader.catchUp();
      sameValue(
        reader.entries,
        [
          ['players/ann', '3'],
          ['players/eve', '1'],
        ],
        'what the reader has',
      );
      assert.equal(reader.resets, 1, 'resets');
    },
  },
  {
    name: 'state: a key is absent exactly after ttlMs, for readers and conditions, and present one step before',
    needs: ['state'],
    async check({ state, clock, timeStepMs }) {
      const first = await set(state(), 'ann', '1', { ttlMs: TTL_MS });
      const reader = await readerOf(state());
      clock.advance(TTL_MS - timeStepMs);
      const row = { map: 'players', key: 'ann', version: first, value: '1', ttlMs: timeStepMs };
      sameValue(await state().get(LOBBY, 'players', 'ann'), row, 'a key before its end');
      await expectBeaten(state(), 'ann', 0, row);
      clock.advance(timeStepMs);
      assert.equal(await state().get(LOBBY, 'players', 'ann'), undefined, 'a key after its end');
      await expectBeaten(state(), 'ann', first, { map: 'players', key: 'ann', version: 0 });
      const page = await state().read(LOBBY, { since: null, maxBytes: MAX_BYTES });
      sameValue(page.rows, [], 'rows of expired keys');
      await set(state(), 'bob', '2');
      await reader.catchUp();
      await set(state(), 'ann', '3', { ifVersion: 0 });
      await reader.catchUp();
      sameValue(
        reader.entries,
        [
          ['players/ann', '3'],
          ['players/bob', '2'],
        ],
        'what the reader has',
      );
    },
  },
  {
    name: 'state: a reader that missed a key which has expired is told of its end',
    needs: ['state'],
    async check({ state, clock }) {
      await set(state(), 'ann', '1');
      const reader = await readerOf(state());
      await set(state(), 'ann', '2', { ttlMs: TTL_MS });
      clock.advance(TTL_MS);
      await reader.catchUp();
      sameValue(reader.entries, [], 'what the reader has');
      assert.equal(reader.resets, 1, 'resets');
    },
  },
  {
    name: 'state: each change begins a new time to live, and a change without one ends it',
    needs: ['state'],
    async check({ state, clock }) {
      for (const key of ['ann', 'bob', 'eve']) await set(state(), key, '1', { ttlMs: TTL_MS });
      clock.advance(TTL_MS - 1000);
      await set(state(), 'ann', '1', { ttlMs: TTL_MS });
      await set(state(), 'bob', '2');
      clock.advance(TTL_MS - 1000);
      const reader = await readerOf(state());
      sameValue(
        reader.entries,
        [
          ['players/ann', '1'],
          ['players/bob', '2'],
        ],
        'what is left',
      );
      clock.advance(6 * CONNECTION_TTL_MS);
      assert.equal((await state().get(LOBBY, 'players', 'bob'))?.value, '2', 'a key without a time to live');
    },
  },
  {
    name: 'state: pages end within their size, and whoever takes one after the other has everything',
    needs: ['state'],
    async check({ state }) {
      for (let n = 0; n < 30; n++) await set(state(), `k${n}`, JSON.stringify('x'.repeat(50)));
      const reader = createStateReader(state(), LOBBY, 500);
      assert.ok(await reader.readPage(), 'thirty keys fit into one small page');
      await set(state(), 'k0', '"moved"');
      await change(state(), [{ map: 'players', key: 'k29' }]);
      await set(state(), 'new', '1');
      await reader.catchUp();
      sameValue(reader.entries, (await readerOf(state())).entries, 'what the reader has');
      assert.equal(reader.resets, 1, 'resets');
      const { rows, more } = await state().read(LOBBY, { since: null, maxBytes: 1 });
      sameValue([rows.length, more], [1, true], 'a page of the smallest size');
    },
  },
  {
    name: 'state: a reader of another epoch, beyond the head or without a position begins anew',
    needs: ['state'],
    async check({ state }) {
      await set(state(), 'ann', '1');
      const { version, epoch } = await state().read(LOBBY, { since: null, maxBytes: MAX_BYTES });
      for (const since of [null, { version, epoch: 'other' }, { version: version + 1, epoch }]) {
        const page = await state().read(LOBBY, { since, maxBytes: MAX_BYTES });
        sameValue([page.reset, page.after, page.rows.length], [true, 0, 1], 'a page from the beginning');
      }
      const page = await state().read(LOBBY, { since: { version, epoch }, maxBytes: MAX_BYTES });
      sameValue([page.reset ?? false, page.rows], [false, []], 'the page of one who has everything');
    },
  },
  {
    name: 'state: who was away for long begins anew, and who stands at the head does not',
    needs: ['state'],
    async check({ state, clock }) {
      await set(state(), 'ann', '1');
      await set(state(), 'bob', '1');
      const away = await readerOf(state());
      // The trap: a key that stayed gets an end, expires unseen, and is forgotten.
      await set(state(), 'ann', '2', { ttlMs: TTL_MS });
      await change(state(), [{ map: 'players', key: 'bob' }]);
      const present = await readerOf(state());
      for (let times = 0; times < 4; times++) {
        clock.advance(CONNECTION_TTL_MS);
        await set(state(), 'clock', String(times));
        if (times < 3) await present.catchUp();
      }
      clock.advance(6 * CONNECTION_TTL_MS);
      await Promise.all([away.catchUp(), present.catchUp()]);
      sameValue(away.entries, [['players/clock', '3']], 'what the reader has that was away');
      const resets = present.resets;
      clock.advance(6 * CONNECTION_TTL_MS);
      await present.catchUp();
      assert.equal(present.resets, resets, 'a reader at the head is reset');
    },
  },
  {
    name: 'state: a reader that is slow to take its pages does not begin anew for ever',
    needs: ['state'],
    async check({ state, clock }) {
      const keys = Array.from({ length: 12 }, (_, n) => `k${n}`);
      for (const key of keys) await set(state(), key, `"${'x'.repeat(40)}"`);
      // They are forgotten one by one while the reader is on its way to them.
      for (const key of keys) {
        await set(state(), `gone-${key}`, '1');
        await change(state(), [{ map: 'players', key: `gone-${key}` }]);
        clock.advance(CONNECTION_TTL_MS / 6);
      }
      const reader = createStateReader(state(), LOBBY, 200);
      for (let n = 0; await reader.readPage(); n++) {
        assert.ok(n < 50, 'the pages never end');
        clock.advance(CONNECTION_TTL_MS / 6);
        await set(state(), 'k0', String(n));
      }
      assert.equal(reader.resets, 1, 'resets');
      sameValue(reader.entries, (await readerOf(state())).entries, 'what the reader has');
    },
  },
  {
    name: 'state: rooms have numbers of their own, and members do not matter',
    needs: ['state'],
    async check({ state, store, enter }) {
      await enter('phone', [LOBBY]);
      await set(state(), 'ann', '1');
      await store.remove(['phone']);
      const { changed } = await state().change('other', [{ map: 'players', key: 'ann', value: '2' }]);
      assert.ok(changed);
      assert.equal((await state().read('other', { since: null, maxBytes: MAX_BYTES })).version, 1);
      assert.equal((await state().get(LOBBY, 'players', 'ann'))?.value, '1');
    },
  },
  {
    name: 'state: has another epoch after it was lost',
    needs: ['state', 'drop'],
    leavesNoNeighbours: true,
    async check({ state, loseEverything }) {
      await set(state(), 'ann', '1');
      const reader = await readerOf(state());
      await loseEverything();
      await set(state(), 'bob', '2');
      await reader.catchUp();
      sameValue([reader.entries, reader.resets], [[['players/bob', '2']], 2], 'what the reader has');
    },
  },
  ...stateBoundRules,
  ...stateRaceRules,
];

/** Makes changes that must succeed. Returns the version of the last one. */
async function change(state: StateStore, changes: readonly StateChange[]): Promise<number> {
  const result = await state.change(LOBBY, changes);
  assert.ok(result.changed, 'a change is refused');
  return result.position.version;
}

async function set(
  state: StateStore,
  key: string,
  value: string,
  options: Pick<StateChange, 'ttlMs' | 'ifVersion'> = {},
): Promise<number> {
  return change(state, [{ map: 'players', key, value, ...options }]);
}

async function expectBeaten(state: StateStore, key: string, ifVersion: number, row: object): Promise<void> {
  const result = await state.change(LOBBY, [{ map: 'players', key, value: '"late"', ifVersion }]);
  sameValue(result, { changed: false, rows: [row] }, `a change of '${key}' with version ${ifVersion}`);
}

async function readerOf(state: StateStore) {
  const reader = createStateReader(state, LOBBY, MAX_BYTES);
  await reader.catchUp();
  return reader;
}
