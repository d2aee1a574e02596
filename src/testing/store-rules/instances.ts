import assert from 'node:assert';
import { ANN, LOBBY } from '../bystanders.js';
import { forEach, names, sameValue, walk } from '../store-probes.js';
import type { StoreRule } from '../store-rule.js';

const ROUNDS = names('round-', 20);
/**
 * How far the clocks of two instances are apart. More than the cloud's are, less than the minute of slack in
 * expiry.
 */
const SKEW_MS = 20_000;

export const instanceRules: readonly StoreRule[] = [
  {
    name: 'two instances: what one has written the other reads at once',
    needs: ['sharing'],
    async check({ store, openAnother, connection, expectMembers }) {
      const other = await openAnother();
      for (const [writer, reader] of [
        [store, other],
        [other, store],
      ] as const) {
        const id = writer === store ? 'phone' : 'tablet';
        await writer.put(connection(id, { user: ANN }));
        assert.equal((await reader.get(id))?.user, ANN);
        await reader.join(id, LOBBY);
        sameValue(await writer.rooms(id), [LOBBY], 'rooms');
        await writer.setAttributes(id, { seat: 1 });
        sameValue((await reader.get(id))?.attributes, { seat: 1 }, 'attributes');
        await expectMembers({ room: LOBBY }, [id], writer);
        await expectMembers({ user: ANN }, [id], reader);
        await reader.remove([id]);
        await expectMembers({ room: LOBBY }, [], writer);
        await expectMembers({ all: true }, [], writer);
      }
    },
  },
  {
    name: 'two instances: a disconnect at one wins over the connect at the other',
    needs: ['sharing'],
    async check({ store, openAnother, connection, expectMembers, expectAbsent }) {
      const other = await openAnother();
      await other.remove(['phone']);
      assert.equal(await store.put(connection('phone', { user: ANN })), 'removed');
      await expectAbsent('phone', { user: ANN });
      await forEach(ROUNDS, (id) =>
        Promise.all([store.put(connection(id, { user: ANN })), other.remove([id])]),
      );
      await expectMembers({ user: ANN }, []);
      await expectMembers({ all: true }, [], other);
    },
  },
  {
    name: 'two instances: a disconnect at one wins over the join at the other',
    needs: ['sharing'],
    async check({ store, openAnother, enter, expectMembers }) {
      const other = await openAnother();
      await forEach(ROUNDS, (id) => enter(id, ['attic']));
      await forEach(ROUNDS, (id) => Promise.all([store.join(id, LOBBY), other.remove([id])]));
      for (const room of [LOBBY, 'attic']) await expectMembers({ room }, []);
      assert.equal(await store.join('round-0000', LOBBY), 'absent');
    },
  },
  {
    name: 'two instances: joins at the same time are all remembered',
    needs: ['sharing'],
    async check({ store, openAnother, enter, expectMembers }) {
      const other = await openAnother();
      await forEach([...ROUNDS, 'phone'], (id) => enter(id));
      const joins = ROUNDS.flatMap((name, index) => {
        const instance = index % 2 === 0 ? store : other;
        return [instance.join(name, LOBBY), instance.join('phone', name)];
      });
      sameValue([...new Set(await Promise.all(joins))], ['joined'], 'answers of join');
      sameValue([...(await store.rooms('phone'))].sort(), ROUNDS, "rooms('phone')");
      await expectMembers({ room: LOBBY }, ROUNDS);
      await expectMembers({ room: LOBBY }, ROUNDS, other);
    },
  },
  {
    name: 'two instances: a listing that one has begun goes on at the other',
    needs: ['sharing'],
    async check({ store, openAnother, enter }) {
      const other = await openAnother();
      await forEach(names('p', 12), (id) => enter(id, [LOBBY], { user: ANN }));
      for (const audience of [{ room: LOBBY }, { user: ANN }, { all: true }] as const) {
        const order = await walk(store, audience);
        const after = order[5] ?? '';
        sameValue(await walk(other, audience, { after, limit: 3 }), order.slice(6), `behind '${after}'`);
      }
    },
  },
  {
    name: 'two instances: closing one leaves the other at work',
    needs: ['sharing'],
    async check({ store, openAnother, connection, expectMembers }) {
      const other = await openAnother();
      await other.put(connection('phone'));
      await other.join('phone', LOBBY);
      await other.close?.();
      await expectMembers({ room: LOBBY }, ['phone']);
      await store.leave('phone', LOBBY);
      await expectMembers({ room: LOBBY }, []);
    },
  },
  {
    name: 'clock skew: the later call holds, whichever clock is ahead',
    needs: ['sharing'],
    async check({ openAnother, connection, expectMembers }) {
      const [slow, fast] = [await openAnother(-SKEW_MS), await openAnother(SKEW_MS)];
      await fast.put(connection('phone', { user: ANN, attributes: { from: 'fast' } }));
      await slow.put(connection('phone', { user: 'bob', attributes: { from: 'slow' } }));
      sameValue((await fast.get('phone'))?.attributes, { from: 'slow' }, 'attributes of put');
      await expectMembers({ user: ANN }, []);
      await fast.setAttributes('phone', { n: 1 });
      await slow.setAttributes('phone', { n: 2 });
      sameValue((await fast.get('phone'))?.attributes, { n: 2 }, 'attributes of setAttributes');
      await fast.join('phone', LOBBY);
      await slow.leave('phone', LOBBY);
      await expectMembers({ room: LOBBY }, []);
      await fast.leave('phone', LOBBY);
      await slow.join('phone', LOBBY);
      await expectMembers({ room: LOBBY }, ['phone']);
    },
  },
  {
    name: 'clock skew: a removal wins, whichever clock is ahead',
    needs: ['sharing'],
    async check({ openAnother, connection, expectMembers }) {
      const [slow, fast] = [await openAnother(-SKEW_MS), await openAnother(SKEW_MS)];
      for (const [id, first, second] of [
        ['phone', slow, fast],
        ['tablet', fast, slow],
      ] as const) {
        await first.remove([id]);
        assert.equal(await second.put(connection(id)), 'removed', `put of '${id}'`);
        const late = `${id}-2`;
        await first.put(connection(late));
        await first.join(late, LOBBY);
        await second.remove([late]);
        assert.equal(await first.put(connection(late)), 'removed', `put of '${late}'`);
        assert.equal(await first.join(late, LOBBY), 'absent', `join of '${late}'`);
      }
      await expectMembers({ all: true }, []);
      await expectMembers({ room: LOBBY }, []);
    },
  },
  {
    name: 'clock skew: both instances list a connection that lives for both',
    needs: ['sharing'],
    async check({ openAnother, connection, expectMembers }) {
      const [slow, fast] = [await openAnother(-SKEW_MS), await openAnother(SKEW_MS)];
      for (const [id, writer] of [
        ['phone', slow],
        ['tablet', fast],
      ] as const) {
        await writer.put(connection(id, { user: ANN }));
        await writer.join(id, LOBBY);
      }
      for (const reader of [slow, fast]) {
        await expectMembers({ room: LOBBY }, ['phone', 'tablet'], reader);
        await expectMembers({ user: ANN }, ['phone', 'tablet'], reader);
      }
    },
  },
];
