import assert from 'node:assert';
import { ANN, LOBBY } from '../bystanders.js';
import { forEach, names, sameValue } from '../store-probes.js';
import type { StoreRule } from '../store-rule.js';

const RICH = {
  name: 'Жанна "J" O’Neil \\ 🦊',
  'key with spaces': { nested: [1, -2.5, 1e21, null, true, '', [], {}] },
  __proto: 'kept',
  empty: {},
};

export const connectionRules: readonly StoreRule[] = [
  {
    name: 'get returns a connection as it was put',
    async check({ store, connection }) {
      const phone = connection('phone', { user: ANN, attributes: RICH });
      const nobody = connection('nobody');
      await store.put(phone);
      await store.put(nobody);
      sameValue(await store.get('phone'), phone, "get('phone')");
      sameValue(await store.get('nobody'), nobody, "get('nobody')");
      assert.equal((await store.get('nobody'))?.user, undefined);
    },
  },
  {
    name: 'get knows nothing of an id that was never put',
    async check({ store }) {
      assert.equal(await store.get('nobody'), undefined);
      assert.equal(await store.get('bystande'), undefined);
      sameValue(await store.rooms('nobody'), [], 'rooms');
    },
  },
  {
    name: 'put and setAttributes keep a copy, which the caller cannot change afterwards',
    async check({ store, connection }) {
      const attributes = { seat: 1 };
      await store.put(connection('phone', { attributes }));
      attributes.seat = 2;
      sameValue((await store.get('phone'))?.attributes, { seat: 1 }, 'attributes of put');
      await store.setAttributes('phone', attributes);
      attributes.seat = 3;
      sameValue((await store.get('phone'))?.attributes, { seat: 2 }, 'attributes of setAttributes');
    },
  },
  {
    name: 'connecting twice replaces everything but the rooms',
    async check({ store, clock, connection, enter, expectMembers }) {
      await enter('phone', [LOBBY], { user: ANN, attributes: { first: true } });
      clock.advance(1000);
      const second = connection('phone', { user: ANN, attributes: { second: true } });
      assert.equal(await store.put(second), 'stored');
      sameValue(await store.get('phone'), second, 'get');
      sameValue(await store.rooms('phone'), [LOBBY], 'rooms');
      for (const audience of [{ room: LOBBY }, { user: ANN }, { all: true }] as const) {
        await expectMembers(audience, ['phone']);
      }
    },
  },
  {
    name: 'connecting twice with another user moves the connection to that user',
    async check({ store, connection, enter, expectMembers }) {
      await enter('phone', [LOBBY], { user: ANN });
      await store.put(connection('phone', { user: 'bob' }));
      await expectMembers({ user: ANN }, []);
      await expectMembers({ user: 'bob' }, ['phone']);
      await store.put(connection('phone'));
      await expectMembers({ user: 'bob' }, []);
      await expectMembers({ room: LOBBY }, ['phone']);
    },
  },
  {
    name: 'setAttributes replaces all attributes and nothing else, in listings too',
    async check({ store, connection, enter }) {
      const before = connection('phone', { user: ANN, attributes: { a: 1, b: 2 } });
      await enter('phone', [LOBBY], before);
      assert.equal(await store.setAttributes('phone', { b: RICH }), true);
      const after = { ...before, attributes: { b: RICH } };
      sameValue(await store.get('phone'), after, 'get');
      for (const audience of [{ room: LOBBY }, { user: ANN }, { all: true }] as const) {
        const { connections } = await store.list(audience, { limit: 100 });
        sameValue(
          connections.find(({ id }) => id === 'phone'),
          after,
          `listed in ${JSON.stringify(audience)}`,
        );
      }
    },
  },
  {
    name: 'setAttributes answers false for an unknown connection and creates none',
    async check({ store, expectMembers }) {
      assert.equal(await store.setAttributes('nobody', { a: 1 }), false);
      assert.equal(await store.get('nobody'), undefined);
      await expectMembers({ all: true }, []);
    },
  },
  {
    name: 'remove takes a connection out of all its rooms, its user and everyone',
    async check({ store, enter, expectAbsent, expectMembers }) {
      const rooms = [LOBBY, ...names('room-', 59)];
      await enter('phone', [], { user: ANN });
      await forEach(rooms, (room) => store.join('phone', room));
      await store.remove(['phone']);
      for (const room of ['room-0000', 'room-0058']) await expectMembers({ room }, []);
      for (const audience of [{ room: LOBBY }, { user: ANN }, { all: true }] as const) {
        await expectMembers(audience, []);
      }
      await expectAbsent('phone', { user: ANN });
    },
  },
  {
    name: 'remove takes a batch of any size with its memberships, and nobody else',
    async check({ store, enter, expectMembers }) {
      const [gone, staying] = [names('gone-', 230), names('staying-', 20)];
      await forEach([...gone, ...staying], (id) => enter(id, [LOBBY, 'attic'], { user: ANN }));
      await store.remove([...gone, 'nobody', 'gone-0000']);
      for (const audience of [{ room: LOBBY }, { room: 'attic' }, { user: ANN }, { all: true }] as const) {
        await expectMembers(audience, staying);
      }
      assert.equal(await store.get('gone-0229'), undefined);
    },
  },
  {
    name: 'remove takes unknown ids, repeated ids and none at all',
    async check({ store, enter, expectMembers }) {
      await enter('phone', [LOBBY]);
      await store.remove([]);
      await store.remove(['nobody']);
      await expectMembers({ all: true }, ['phone']);
      await store.remove(['phone', 'phone']);
      await store.remove(['phone']);
      await expectMembers({ all: true }, []);
    },
  },
  {
    name: 'close may be called twice',
    leavesNoNeighbours: true,
    async check({ store }) {
      await store.close?.();
      await store.close?.();
    },
  },
];
