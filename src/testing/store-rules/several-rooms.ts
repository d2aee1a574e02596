import { MAX_ROOMS } from '../../model/several-rooms.js';
import { LOBBY } from '../bystanders.js';
import { expectRefused, forEach, names, sameValue, walk } from '../store-probes.js';
import type { StoreRule } from '../store-rule.js';

export const severalRoomsRules: readonly StoreRule[] = [
  {
    name: 'several rooms: who is in more than one is listed once, with those it is in, and counted once',
    async check({ store, enter, expectMembers }) {
      await enter('both', ['attic', 'cellar']);
      await enter('above', ['attic']);
      await enter('below', ['cellar', 'yard']);
      await enter('outside', ['yard']);
      const rooms = ['cellar', 'attic', 'nowhere'];
      await expectMembers({ rooms }, ['both', 'above', 'below']);
      const { connections } = await store.list({ rooms }, { limit: 10 });
      const places = new Map(connections.map((connection) => [connection.id, connection.rooms]));
      sameValue(places.get('both'), ['cellar', 'attic'], 'rooms of who is in two');
      sameValue(places.get('above'), ['attic'], 'rooms of who is in the second');
      sameValue(places.get('below'), ['cellar'], 'rooms of who is in another one as well');
    },
  },
  {
    name: 'several rooms: pages of any size name the rooms of everybody in them',
    async check({ store, enter }) {
      const inBoth = names('both', 6);
      await forEach(inBoth, (id) => enter(id, ['attic', 'cellar']));
      await forEach(names('one', 6), (id) => enter(id, ['cellar']));
      for (const limit of [1, 2, 3, 5]) {
        let after: string | undefined;
        do {
          const page = await store.list({ rooms: ['attic', 'cellar'] }, { after, limit });
          for (const { id, rooms } of page.connections) {
            const expected = inBoth.includes(id) ? ['attic', 'cellar'] : ['cellar'];
            sameValue(rooms, expected, `rooms of '${id}' in pages of ${limit}`);
          }
          after = page.next;
        } while (after !== undefined);
      }
    },
  },
  {
    name: 'several rooms: who moves between them while they are listed is listed once',
    async check({ store, enter }) {
      const ids = names('m', 12);
      await forEach(ids, (id) => enter(id, [Number(id.slice(1)) % 2 === 0 ? 'attic' : 'cellar']));
      async function moveAll(): Promise<void> {
        await forEach(ids, async (id) => {
          const [from = ''] = await store.rooms(id);
          await store.join(id, from === 'attic' ? 'cellar' : 'attic');
          await store.leave(id, from);
        });
      }
      const listed = await walk(store, { rooms: ['attic', 'cellar'] }, { limit: 3, between: moveAll });
      sameValue(listed.sort(), ids, 'listed while everybody moves');
    },
  },
  {
    name: 'several rooms: a repeated room is one, and none or more than 100 are refused with INVALID_OPTIONS',
    async check({ store, enter, expectMembers }) {
      await enter('phone', ['attic', 'cellar']);
      await expectMembers({ rooms: ['attic', 'attic'] }, ['phone']);
      const { connections } = await store.list({ rooms: ['attic', LOBBY, 'attic'] }, { limit: 10 });
      const phone = connections.find(({ id }) => id === 'phone');
      sameValue(phone?.rooms, ['attic'], 'rooms when one is named twice');
      const most = ['attic', ...names('empty', MAX_ROOMS - 1)];
      await expectMembers({ rooms: most }, ['phone']);
      for (const rooms of [[], [...most, 'one-more']]) {
        await expectRefused(`list of ${rooms.length} rooms`, () => store.list({ rooms }, { limit: 1 }));
        await expectRefused(`count of ${rooms.length} rooms`, () => store.count({ rooms }));
      }
    },
  },
];
