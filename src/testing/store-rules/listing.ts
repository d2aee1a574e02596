import assert from 'node:assert';
import { shardOf, type Audience } from '../../model/store.js';
import { ANN, LOBBY } from '../bystanders.js';
import { expectRefused, forEach, names, sameValue, walk } from '../store-probes.js';
import type { StoreRule } from '../store-rule.js';
import type { StoreWorld } from '../store-world.js';

const AUDIENCES: readonly Audience[] = [
  { room: LOBBY },
  { rooms: ['attic', LOBBY] },
  { user: ANN },
  { all: true },
];

export const listingRules: readonly StoreRule[] = [
  {
    name: 'list with a page size of 1 lists everybody once',
    async check(world) {
      const ids = await fill(world, 7);
      for (const audience of AUDIENCES) {
        const listed = await walk(world.store, audience, { limit: 1 });
        const mine = listed.filter((id) => ids.includes(id));
        sameValue(mine.sort(), ids, `listed in ${JSON.stringify(audience)}`);
      }
    },
  },
  {
    name: 'list has one order, whatever the page size and whoever joins or leaves',
    async check(world) {
      await fill(world, 12);
      const { store } = world;
      for (const audience of AUDIENCES) {
        const order = await walk(store, audience);
        for (const limit of [1, 2, 5, 13]) {
          sameValue(await walk(store, audience, { limit }), order, `order in pages of ${limit}`);
        }
        await world.enter('p0005-a', [LOBBY], { user: ANN });
        await store.leave('p0003', LOBBY);
        const later = await walk(store, audience);
        const steady = order.filter((id) => id !== 'p0003' && id !== 'p0005-a');
        sameValue(
          later.filter((id) => steady.includes(id)),
          steady,
          'order after changes',
        );
      }
    },
  },
  {
    name: 'list continues behind any id that it listed',
    async check(world) {
      await fill(world, 9);
      for (const audience of AUDIENCES) {
        const order = await walk(world.store, audience);
        for (const [index, after] of order.entries()) {
          const rest = await walk(world.store, audience, { after, limit: 4 });
          sameValue(rest, order.slice(index + 1), `behind the id at ${index}`);
        }
      }
    },
  },
  {
    name: 'list continues behind an id that has left, was removed or has expired',
    async check(world) {
      const { store, clock, connection } = world;
      const ids = await fill(world, 12);
      const order = await walk(store, { room: LOBBY });
      const mine = order.filter((id) => ids.includes(id));
      const [left = '', removed = '', expired = ''] = [mine[2], mine[5], mine[8]];
      await store.leave(left, LOBBY);
      await store.remove([removed]);
      await store.put(connection(expired, { expiresAt: clock.now() + 1000 }));
      clock.advance(1000);
      for (const after of [left, removed, expired]) {
        const rest = order.slice(order.indexOf(after) + 1);
        const present = rest.filter((id) => ![left, removed, expired].includes(id));
        sameValue(await walk(store, { room: LOBBY }, { after, limit: 2 }), present, `behind '${after}'`);
      }
    },
  },
  {
    name: 'list of an audience without members ends and has none',
    async check({ store, enter, expectMembers }) {
      await expectMembers({ room: 'nowhere' }, []);
      await expectMembers({ user: 'nobody' }, []);
      await enter('phone', ['attic'], { user: 'cid' });
      await store.leave('phone', 'attic');
      await expectMembers({ room: 'attic' }, []);
    },
  },
  {
    name: 'list of shard k of n has exactly the ids that fall on it',
    async check(world) {
      await fill(world, 40);
      for (const audience of AUDIENCES) {
        const everyone = (await walk(world.store, audience)).sort();
        for (const count of [1, 2, 3, 7]) {
          for (let index = 0; index < count; index++) {
            const listed = await walk(world.store, audience, { shard: { index, count }, limit: 5 });
            const expected = everyone.filter((id) => shardOf(id, count) === index);
            sameValue(listed.sort(), expected, `shard ${index} of ${count} of ${JSON.stringify(audience)}`);
          }
        }
      }
    },
  },
  {
    name: 'list refuses a limit or a shard that does not exist with INVALID_OPTIONS',
    async check({ store }) {
      for (const limit of [0, -1, 1.5, NaN]) {
        await expectRefused(`limit ${limit}`, () => store.list({ room: LOBBY }, { limit }));
      }
      for (const [index, count] of [
        [0, 0],
        [2, 2],
        [-1, 2],
        [0.5, 2],
        [0, 1.5],
      ] as const) {
        const shard = { index, count };
        await expectRefused(`shard ${index} of ${count}`, () =>
          store.list({ all: true }, { limit: 1, shard }),
        );
      }
    },
  },
  {
    name: 'list lists each of 10,000 members once, and count counts them',
    async check(world) {
      const { store, expectMembers } = world;
      const ids = names('p', 10_000);
      // Nobody has 10,000 devices, and a user costs some backends as many calls as a room.
      await forEach(ids, (id) => world.enter(id, [LOBBY]));
      await expectMembers({ room: LOBBY }, ids);
      const pages = await Promise.all(
        [0, 1, 2, 3].map((index) => walk(store, { room: LOBBY }, { shard: { index, count: 4 } })),
      );
      assert.equal(new Set(pages.flat()).size, 10_001, 'members in four shards');
      assert.equal(pages.flat().length, 10_001, 'members in four shards, each once');
      await store.remove(ids.slice(100, 1100));
      await expectMembers({ room: LOBBY }, [...ids.slice(0, 100), ...ids.slice(1100)]);
    },
  },
];

/**
 * Puts `count` connections of user Ann into the lobby, some into the attic as well, and returns their ids,
 * sorted.
 */
async function fill({ enter }: StoreWorld, count: number): Promise<string[]> {
  const ids = names('p', count);
  await forEach(ids, (id) => enter(id, /[02468]$/.test(id) ? [LOBBY, 'attic'] : [LOBBY], { user: ANN }));
  return ids;
}
