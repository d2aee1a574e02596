import assert from 'node:assert';
import type { ConnectionStore } from '../../model/store.js';
import { LOBBY } from '../bystanders.js';
import { expectRefused, forEach, sameValue } from '../store-probes.js';
import type { StoreRule } from '../store-rule.js';
import type { StoreWorld } from '../store-world.js';

/** Names that are easily broken, lost or taken for one another; so each stands beside its like. */
const AWKWARD: readonly string[] = [
  ...['Room', 'ROOM', ' room', 'room ', 'room\n', '\troom'],
  ...["it's", "it''s", '"quoted"', '\\', '\\\\', '`', '$1', '$&', '%', '%25', '_', '%_', '*', '?', '[a-z]'],
  ...[
    'a:b',
    'a:b:c',
    'a',
    'b:c',
    'a#b',
    'a/b',
    'a//b',
    '../a',
    '/',
    '.',
    '..',
    'a|b',
    'a,b',
    'a b',
    'a+b',
    'a&b=c',
  ],
  ...[
    '{a}',
    '{a}b',
    '{}',
    '}{',
    '<script>',
    "'; DROP TABLE connections; --",
    '0',
    '-1',
    '1e3',
    'null',
    'undefined',
  ],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty'],
  ...[
    'комната',
    'Комната',
    '部屋',
    '🦊',
    '🦊🦊',
    '👩‍👩‍👧',
    '\u{10FFFF}',
    '\uFFFD',
    '\uFEFFroom',
    '\u0001',
    '\u2028',
  ],
  ...['é', 'e\u0301', 'ß', 'SS', 'İ', 'i', 'ı', 'Ω', '\u2126'],
];

/** 1,024 bytes each, the first two alike but for the last character. */
const LONGEST = [`${'x'.repeat(1023)}a`, `${'x'.repeat(1023)}b`, '🦊'.repeat(256)];
const TOO_LONG = ['x'.repeat(1025), `${'🦊'.repeat(256)}x`];
const IMPOSSIBLE = ['a\u0000b', 'a\uD83E', '\uDD8Ab'];

export const nameRules: readonly StoreRule[] = [
  {
    name: 'names: awkward connection ids are kept apart from their like',
    check: (world) => keepsIdsApart(world, AWKWARD),
  },
  {
    name: 'names: awkward rooms and users are kept apart from their like',
    check: (world) => keepsAudiencesApart(world, AWKWARD),
  },
  {
    name: 'names: 1,024 bytes are kept to the last one',
    async check(world) {
      await keepsIdsApart(world, LONGEST);
      await keepsAudiencesApart(world, LONGEST);
    },
  },
  {
    name: 'names: more than 1,024 bytes are refused with INVALID_OPTIONS',
    check: (world) => refusesEverywhere(world, TOO_LONG),
  },
  {
    name: 'names: an empty name is refused by every method with INVALID_OPTIONS',
    check: (world) => refusesEverywhere(world, ['']),
  },
  {
    name: 'names: U+0000 and half a surrogate pair are refused with INVALID_OPTIONS',
    check: (world) => refusesEverywhere(world, IMPOSSIBLE),
  },
  {
    name: 'names: histories of awkward rooms are kept apart from their like',
    needs: ['history'],
    async check({ history }) {
      const limits = { maxEntries: 10, maxAgeMs: 60_000 };
      const rooms = [...AWKWARD, ...LONGEST];
      await forEach(rooms, (room) => history().append(room, `for ${room}`, limits));
      await forEach(rooms, async (room) => {
        const { entries } = await history().read(room, { limit: 10 });
        sameValue(
          entries.map(({ offset, data }) => [offset, data]),
          [[1, `for ${room}`]],
          JSON.stringify(room),
        );
      });
    },
  },
  {
    name: 'names: a history refuses what is not a name with INVALID_OPTIONS',
    needs: ['history'],
    async check({ history }) {
      for (const room of ['', ...TOO_LONG, ...IMPOSSIBLE]) {
        const what = JSON.stringify(room.slice(0, 10));
        const limits = { maxEntries: 10, maxAgeMs: 60_000 };
        await expectRefused(`append to ${what}`, () => history().append(room, 'x', limits));
        await expectRefused(`read of ${what}`, () => history().read(room, { limit: 1 }));
      }
    },
  },
];

async function keepsIdsApart(
  { store, connection, expectMembers }: StoreWorld,
  ids: readonly string[],
): Promise<void> {
  await forEach(ids, async (id) => {
    assert.equal(await store.put(connection(id, { attributes: { id } })), 'stored');
    await store.join(id, LOBBY);
  });
  await expectMembers({ room: LOBBY }, ids);
  await forEach(ids, async (id) => {
    sameValue((await store.get(id))?.attributes, { id }, `get(${JSON.stringify(id)})`);
  });
  const [gone, staying] = [
    ids.filter((_, index) => index % 2 === 0),
    ids.filter((_, index) => index % 2 === 1),
  ];
  await store.remove(gone);
  await expectMembers({ room: LOBBY }, staying);
  await expectMembers({ all: true }, staying);
  await store.remove(staying);
}

/** Connection `<n>` belongs to the nth name, as its room and as its user. */
async function keepsAudiencesApart(world: StoreWorld, all: readonly string[]): Promise<void> {
  const { store, enter, expectMembers } = world;
  const numbered = [...all.entries()];
  await forEach(numbered, ([index, name]) => enter(`member-${name.length}-${index}`, [name], { user: name }));
  for (const [index, name] of numbered) {
    const id = `member-${name.length}-${index}`;
    await expectMembers({ room: name }, [id]);
    await expectMembers({ user: name }, [id]);
    sameValue(await store.rooms(id), [name], `rooms of the member of ${JSON.stringify(name)}`);
  }
}

async function refusesEverywhere(
  { store, connection }: StoreWorld,
  badNames: readonly string[],
): Promise<void> {
  for (const bad of badNames) {
    for (const [what, call] of callsWith(store, bad)) {
      await expectRefused(`${what} with ${JSON.stringify(bad.slice(0, 10))}`, call);
    }
    await expectRefused('put of a bad id', () => store.put(connection(bad)));
    await expectRefused('put of a bad user', () => store.put(connection('phone', { user: bad })));
    assert.equal(await store.get('phone'), undefined, 'a refused put has stored something');
  }
}

function callsWith(
  store: ConnectionStore,
  bad: string,
): readonly (readonly [string, () => Promise<unknown>])[] {
  return [
    ['get', () => store.get(bad)],
    ['setAttributes', () => store.setAttributes(bad, {})],
    ['remove', () => store.remove([bad])],
    ['join of an id', () => store.join(bad, LOBBY)],
    ['join of a room', () => store.join('bystander', bad)],
    ['leave of an id', () => store.leave(bad, LOBBY)],
    ['leave of a room', () => store.leave('bystander', bad)],
    ['rooms', () => store.rooms(bad)],
    ['list of a room', () => store.list({ room: bad }, { limit: 1 })],
    ['list of several rooms', () => store.list({ rooms: [LOBBY, bad] }, { limit: 1 })],
    ['count of several rooms', () => store.count({ rooms: [LOBBY, bad] })],
    ['list of a user', () => store.list({ user: bad }, { limit: 1 })],
    ['count of a room', () => store.count({ room: bad })],
    ['count of a user', () => store.count({ user: bad })],
  ];
}
