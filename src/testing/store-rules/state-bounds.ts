import assert from 'node:assert';
import {
  MAX_STATE_BYTES,
  MAX_STATE_CHANGES,
  MAX_STATE_KEYS,
  MAX_STATE_VALUE_BYTES,
  type StateChange,
  type StateStore,
} from '../../model/state.js';
import { LOBBY } from '../bystanders.js';
import { expectRefused, names, sameValue } from '../store-probes.js';
import type { StoreRule } from '../store-rule.js';

/** Beside their like, so that names which are taken for one another are seen. */
const NAMES = ['Key', 'KEY', ' Key', 'é', 'e\u0301', 'a:b', 'a', '{a}', '%', '__proto__', 'constructor', '/'];
const LONGEST_NAME = '🦊'.repeat(256);

/** What a room can hold, and under which names. */
export const stateBoundRules: readonly StoreRule[] = [
  {
    name: 'state: awkward rooms, maps and keys are kept apart from their like',
    needs: ['state'],
    async check({ state }) {
      const all = [...NAMES, LONGEST_NAME];
      for (const name of all) await expectChanged(state(), [{ map: name, key: 'x', value: '1' }]);
      for (const name of all) await expectChanged(state(), [{ map: 'x', key: name, value: '2' }]);
      for (const name of all) await expectChanged(state(), [{ map: 'x', key: 'y', value: '3' }], name);
      for (const name of all) {
        assert.equal((await state().get(LOBBY, name, 'x'))?.value, '1', `map ${name.slice(0, 10)}`);
        assert.equal((await state().get(LOBBY, 'x', name))?.value, '2', `key ${name.slice(0, 10)}`);
        assert.equal((await state().get(name, 'x', 'y'))?.version, 1, `room ${name.slice(0, 10)}`);
      }
      const { rows } = await state().read(LOBBY, { since: null, maxBytes: 1_000_000 });
      assert.equal(rows.length, 2 * all.length, 'rows');
    },
  },
  {
    name: 'state: wrong names, values, times and versions are refused with INVALID_OPTIONS',
    needs: ['state'],
    async check({ state }) {
      const good: StateChange = { map: 'players', key: 'ann', value: '1' };
      for (const name of ['', 'x'.repeat(1025), 'a\u0000b', 'a\uD83E']) {
        const what = JSON.stringify(name.slice(0, 10));
        await expectRefused(`room ${what}`, () => state().change(name, [good]));
        await expectRefused(`map ${what}`, () => state().change(LOBBY, [{ ...good, map: name }]));
        await expectRefused(`key ${what}`, () => state().change(LOBBY, [{ ...good, key: name }]));
        await expectRefused(`read of ${what}`, () => state().read(name, { since: null, maxBytes: 1 }));
        await expectRefused(`get of ${what}`, () => state().get(LOBBY, name, 'ann'));
        await expectRefused(`get of ${what}`, () => state().get(LOBBY, 'players', name));
      }
      const wrong: [string, StateChange[]][] = [
        ['no change', []],
        ['too many changes', names('k', MAX_STATE_CHANGES + 1).map((key) => ({ ...good, key }))],
        ['one key twice', [good, { ...good, value: '2' }]],
        ['half a surrogate pair', [{ ...good, value: '"\uD83E"' }]],
        ['U+0000', [{ ...good, value: '"\u0000"' }]],
        ['ttlMs of a deletion', [{ map: 'players', key: 'ann', ttlMs: 1000 }]],
        ...[0, -1, 1.5, NaN, Infinity].map((ttlMs): [string, StateChange[]] => [
          `ttlMs ${ttlMs}`,
          [{ ...good, ttlMs }],
        ]),
        ...[-1, 1.5, NaN].map((ifVersion): [string, StateChange[]] => [
          `ifVersion ${ifVersion}`,
          [{ ...good, ifVersion }],
        ]),
      ];
      for (const [what, changes] of wrong) await expectRefused(what, () => state().change(LOBBY, changes));
      const { version } = await state().read(LOBBY, { since: null, maxBytes: 1 });
      assert.equal(version, 0, 'a refused change has stored something');
    },
  },
  {
    name: 'state: values are kept up to their limit, and a longer one is refused',
    needs: ['state'],
    async check({ state }) {
      for (const filling of ['x', '🦊']) {
        const longest = JSON.stringify(
          filling.repeat((MAX_STATE_VALUE_BYTES - 4) / Buffer.byteLength(filling)),
        );
        await expectChanged(state(), [{ map: 'm', key: filling, value: longest }]);
        const isSame = (await state().get(LOBBY, 'm', filling))?.value === longest;
        assert.ok(isSame, 'the longest value does not come back as it was');
        await expectTooLarge(() =>
          state().change(LOBBY, [{ map: 'm', key: 'longer', value: `${longest}    ` }]),
        );
      }
    },
  },
  {
    name: 'state: a room takes no more bytes than it may, and takes them again once there is room',
    needs: ['state'],
    async check({ state }) {
      const value = JSON.stringify('x'.repeat(32_000));
      const most = Math.floor(MAX_STATE_BYTES / (value.length + 5));
      for (const key of names('k', most)) await expectChanged(state(), [{ map: 'm', key, value }]);
      await expectTooLarge(() => state().change(LOBBY, [{ map: 'm', key: 'more', value }]));
      await expectChanged(state(), [{ map: 'm', key: 'k0000', value: '1' }]);
      await expectChanged(state(), [{ map: 'm', key: 'more', value }]);
    },
  },
  {
    name: 'state: a room takes no more keys than it may, and changes and deletes those that it has',
    needs: ['state'],
    async check({ state }) {
      const keys = names('k', MAX_STATE_KEYS);
      for (let from = 0; from < keys.length; from += MAX_STATE_CHANGES) {
        const some = keys.slice(from, from + MAX_STATE_CHANGES);
        await expectChanged(
          state(),
          some.map((key) => ({ map: 'm', key, value: '1' })),
        );
      }
      await expectTooLarge(() => state().change(LOBBY, [{ map: 'm', key: 'more', value: '1' }]));
      await expectChanged(state(), [{ map: 'm', key: 'k0000', value: '2' }]);
      await expectChanged(state(), [{ map: 'm', key: 'k0001' }]);
      const page = await state().read(LOBBY, { since: null, maxBytes: 10_000_000 });
      sameValue(
        [page.rows.length, page.version],
        [MAX_STATE_KEYS - 1, MAX_STATE_KEYS + 2],
        'rows and version',
      );
    },
  },
];

async function expectChanged(
  state: StateStore,
  changes: readonly StateChange[],
  room = LOBBY,
): Promise<void> {
  assert.ok((await state.change(room, changes)).changed, 'a change is refused');
}

async function expectTooLarge(call: () => Promise<unknown>): Promise<void> {
  const reason: unknown = await call().then(
    () => assert.fail('a change beyond the limit is accepted'),
    (error: unknown) => error,
  );
  assert.equal(
    (reason as { code?: string }).code,
    'PAYLOAD_TOO_LARGE',
    'the error of a change beyond the limit',
  );
}
