import assert from 'node:assert';
import { CONNECTION_TTL_MS } from '../../base/protocol.js';
import { ANN, LOBBY } from '../bystanders.js';
import { forEach, names, sameValue, walk } from '../store-probes.js';
import type { StoreRule } from '../store-rule.js';

const ROUNDS = names('round-', 20);

export const raceRules: readonly StoreRule[] = [
  {
    name: 'race: a disconnect that overtakes its connect wins',
    async check({ store, connection, expectAbsent }) {
      await store.remove(['phone']);
      assert.equal(await store.put(connection('phone', { user: ANN })), 'removed');
      await expectAbsent('phone', { user: ANN });
    },
  },
  {
    name: 'race: a removal is remembered for as long as a connection can live',
    async check({ clock, store, connection, enter, expectAbsent }) {
      await enter('phone', [LOBBY], { user: ANN });
      await store.remove(['phone']);
      clock.advance(CONNECTION_TTL_MS - 1000);
      assert.equal(await store.put(connection('phone', { user: ANN })), 'removed');
      await expectAbsent('phone', { user: ANN });
    },
  },
  {
    name: 'race: a removal in a batch is remembered for every id of it',
    async check({ store, connection, expectMembers }) {
      const ids = names('gone-', 130);
      await store.remove(ids);
      await forEach(ids, async (id) => {
        assert.equal(await store.put(connection(id)), 'removed', `put of '${id}'`);
      });
      await expectMembers({ all: true }, []);
    },
  },
  {
    name: 'race: a join after the removal reports absent',
    async check({ store, enter, expectMembers }) {
      await enter('phone', [LOBBY]);
      await store.remove(['phone']);
      assert.equal(await store.join('phone', LOBBY), 'absent');
      assert.equal(await store.join('phone', 'attic'), 'absent');
      await expectMembers({ room: LOBBY }, []);
      await expectMembers({ room: 'attic' }, []);
    },
  },
  {
    name: 'race: connect and disconnect at the same time leave nothing',
    async check({ store, connection, expectMembers }) {
      await forEach(ROUNDS, (id) =>
        Promise.all([store.put(connection(id, { user: ANN })), store.remove([id])]),
      );
      await expectMembers({ all: true }, []);
      await expectMembers({ user: ANN }, []);
      await forEach(ROUNDS, async (id) => {
        assert.equal(await store.get(id), undefined, `get('${id}')`);
      });
    },
  },
  {
    name: 'race: connecting twice while disconnecting leaves nothing',
    async check({ store, connection, enter, expectMembers }) {
      await forEach(ROUNDS, (id) => enter(id, [LOBBY], { user: ANN }));
      await forEach(ROUNDS, (id) =>
        Promise.all([store.put(connection(id, { user: ANN })), store.remove([id])]),
      );
      for (const audience of [{ room: LOBBY }, { user: ANN }, { all: true }] as const) {
        await expectMembers(audience, []);
      }
    },
  },
  {
    name: 'race: join and disconnect at the same time leave nothing',
    async check({ store, enter, expectMembers }) {
      await forEach(ROUNDS, (id) => enter(id, ['attic']));
      await forEach(ROUNDS, (id) => Promise.all([store.join(id, LOBBY), store.remove([id])]));
      await expectMembers({ room: LOBBY }, []);
      await expectMembers({ room: 'attic' }, []);
      await forEach(ROUNDS, async (id) => {
        sameValue(await store.rooms(id), [], `rooms('${id}')`);
      });
    },
  },
  {
    name: 'race: setAttributes and disconnect at the same time leave nothing',
    async check({ store, enter, expectMembers }) {
      await forEach(ROUNDS, (id) => enter(id, [LOBBY]));
      await forEach(ROUNDS, (id) =>
        Promise.all([store.setAttributes(id, { late: true }), store.remove([id])]),
      );
      await expectMembers({ all: true }, []);
      await forEach(ROUNDS, async (id) => {
        assert.equal(await store.get(id), undefined, `get('${id}')`);
      });
    },
  },
  {
    name: 'race: connecting twice at the same time stores one connection',
    async check({ store, connection, expectMembers }) {
      const answers = await Promise.all(
        ROUNDS.map((_, index) => store.put(connection('phone', { user: index % 2 === 0 ? ANN : 'bob' }))),
      );
      sameValue([...new Set(answers)], ['stored'], 'answers of put');
      await expectMembers({ all: true }, ['phone']);
      const user = (await store.get('phone'))?.user;
      await expectMembers({ user: ANN }, user === ANN ? ['phone'] : []);
      await expectMembers({ user: 'bob' }, user === 'bob' ? ['phone'] : []);
    },
  },
  {
    name: 'race: joins at the same time are all remembered',
    async check({ store, enter, expectMembers }) {
      await forEach(ROUNDS, (id) => enter(id));
      await enter('phone');
      const joins = ROUNDS.flatMap((name) => [store.join(name, LOBBY), store.join('phone', name)]);
      sameValue([...new Set(await Promise.all(joins))], ['joined'], 'answers of join');
      await expectMembers({ room: LOBBY }, ROUNDS);
      sameValue([...(await store.rooms('phone'))].sort(), ROUNDS, "rooms('phone')");
    },
  },
  {
    name: 'race: attributes and rooms that change at the same time do not undo each other',
    async check({ store, enter, expectMembers }) {
      await forEach(ROUNDS, (id) => enter(id));
      await forEach(ROUNDS, (id) =>
        Promise.all([store.join(id, LOBBY), store.setAttributes(id, { seat: 7 })]),
      );
      await expectMembers({ room: LOBBY }, ROUNDS);
      await forEach(ROUNDS, async (id) => {
        sameValue((await store.get(id))?.attributes, { seat: 7 }, `attributes of '${id}'`);
        sameValue(await store.rooms(id), [LOBBY], `rooms('${id}')`);
      });
    },
  },
  {
    name: 'race: remove while listing: nobody who stays is missed, nobody who is gone is listed',
    async check({ store, enter }) {
      const ids = names('p', 30);
      await forEach(ids, (id) => enter(id, [LOBBY], { user: ANN }));
      for (const audience of [{ room: LOBBY }, { user: ANN }, { all: true }] as const) {
        const before = await walk(store, audience);
        const gone = new Set<string>();
        const goneInTime: string[] = [];
        const listed = await walk(store, audience, {
          limit: 4,
          between: async ({ connections }) => {
            // The one that the listing continues behind, and one that it has yet to come to.
            const last = connections.at(-1)?.id ?? '';
            const ahead = before[before.indexOf(last) + 3] ?? '';
            const leaving = [last, ahead].filter((id) => ids.includes(id) && !gone.has(id));
            await store.remove(leaving);
            for (const id of leaving) gone.add(id);
            if (leaving.includes(ahead)) goneInTime.push(ahead);
          },
        });
        const missed = before.filter((id) => !gone.has(id) && !listed.includes(id));
        sameValue(missed, [], 'missed');
        sameValue(
          listed.filter((id) => goneInTime.includes(id)),
          [],
          'listed after their removal',
        );
      }
    },
  },
  {
    name: 'race: join and leave while listing: who is there throughout is listed once',
    async check({ store, enter }) {
      const steady = names('p', 20);
      const leaving = names('p-leaving-', 10);
      await forEach([...steady, ...leaving], (id) => enter(id, [LOBBY]));
      let round = 0;
      const listed = await walk(
        store,
        { room: LOBBY },
        {
          limit: 3,
          between: async () => {
            round++;
            const name = leaving[round];
            if (name !== undefined) await store.leave(name, LOBBY);
            // New ones at either end of any order, and in between.
            for (const beginning of ['!', 'p0010-', '~']) await enter(`${beginning}new-${round}`, [LOBBY]);
            assert.ok(round < 500, 'the listing does not come to an end');
          },
        },
      );
      sameValue(listed.filter((id) => steady.includes(id)).sort(), steady, 'listed of those who stayed');
    },
  },
  {
    name: 'race: a page does not list who left before it was asked for',
    async check({ store, enter }) {
      const ids = names('p', 12);
      await forEach(ids, (id) => enter(id, [LOBBY]));
      const order = (await walk(store, { room: LOBBY })).filter((id) => ids.includes(id));
      const [first = '', ...rest] = order;
      await forEach(rest.slice(0, 6), (id) => store.leave(id, LOBBY));
      const listed = await walk(store, { room: LOBBY }, { after: first, limit: 3 });
      sameValue(
        listed.filter((id) => ids.includes(id)),
        rest.slice(6),
        `behind '${first}'`,
      );
    },
  },
];
