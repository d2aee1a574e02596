import assert from 'node:assert';
import { ANN, LOBBY } from '../bystanders.js';
import { sameValue } from '../store-probes.js';
import type { StoreRule } from '../store-rule.js';

export const membershipRules: readonly StoreRule[] = [
  {
    name: 'join puts a connection into a room once, however often it is called',
    async check({ store, enter, expectMembers }) {
      await enter('phone', [LOBBY]);
      assert.equal(await store.join('phone', LOBBY), 'joined');
      sameValue(await store.rooms('phone'), [LOBBY], 'rooms');
      await expectMembers({ room: LOBBY }, ['phone']);
      await store.leave('phone', LOBBY);
      await expectMembers({ room: LOBBY }, []);
    },
  },
  {
    name: 'join of an unknown connection reports absent and remembers nothing',
    async check({ store, connection, expectMembers }) {
      assert.equal(await store.join('phone', LOBBY), 'absent');
      await expectMembers({ room: LOBBY }, []);
      assert.equal(await store.put(connection('phone')), 'stored');
      sameValue(await store.rooms('phone'), [], 'rooms');
      await expectMembers({ room: LOBBY }, []);
    },
  },
  {
    name: 'leave takes a connection out of one room and leaves it in the others',
    async check({ store, enter, expectMembers }) {
      await enter('phone', [LOBBY, 'attic', 'garden'], { user: ANN });
      await store.leave('phone', 'attic');
      sameValue([...(await store.rooms('phone'))].sort(), ['garden', LOBBY], 'rooms');
      await expectMembers({ room: 'attic' }, []);
      await expectMembers({ room: LOBBY }, ['phone']);
      await expectMembers({ user: ANN }, ['phone']);
    },
  },
  {
    name: 'leave does nothing for a room the connection is not in, or an unknown connection',
    async check({ store, enter, expectMembers }) {
      await enter('phone', [LOBBY]);
      await store.leave('phone', 'garden');
      await store.leave('nobody', LOBBY);
      await expectMembers({ room: LOBBY }, ['phone']);
      assert.equal(await store.get('nobody'), undefined);
    },
  },
  {
    name: 'two rooms and one user: each audience has its own members',
    async check({ store, enter, expectMembers }) {
      await enter('phone', [LOBBY], { user: ANN });
      await enter('tablet', ['attic'], { user: ANN });
      await enter('laptop', [LOBBY, 'attic'], { user: 'cid' });
      await expectMembers({ room: LOBBY }, ['phone', 'laptop']);
      await expectMembers({ room: 'attic' }, ['tablet', 'laptop']);
      await expectMembers({ user: ANN }, ['phone', 'tablet']);
      await expectMembers({ user: 'cid' }, ['laptop']);
      await expectMembers({ all: true }, ['phone', 'tablet', 'laptop']);
      await store.remove(['laptop']);
      await expectMembers({ room: LOBBY }, ['phone']);
      await expectMembers({ room: 'attic' }, ['tablet']);
      await expectMembers({ user: 'cid' }, []);
    },
  },
  {
    name: 'a room, a user and a connection of the same name are not mixed up',
    async check({ store, enter, expectMembers }) {
      await enter('same', [ANN], { user: 'same' });
      await enter('other', ['same'], { user: 'cid' });
      await expectMembers({ room: ANN }, ['same']);
      await expectMembers({ room: 'same' }, ['other']);
      await expectMembers({ user: 'same' }, ['same']);
      await store.remove(['same']);
      await expectMembers({ room: 'same' }, ['other']);
      await expectMembers({ user: ANN }, []);
    },
  },
];
