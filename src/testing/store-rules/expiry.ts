import assert from 'node:assert';
import { CONNECTION_TTL_MS } from '../../base/protocol.js';
import { ANN, LOBBY } from '../bystanders.js';
import { forEach, names, sameValue, walk } from '../store-probes.js';
import type { StoreRule } from '../store-rule.js';

export const expiryRules: readonly StoreRule[] = [
  {
    name: 'expiry: absent for every method exactly at expiresAt, and present one step before',
    async check({ clock, timeStepMs, store, enter, expectMembers, expectAbsent }) {
      await enter('phone', [LOBBY], { user: ANN });
      clock.advance(CONNECTION_TTL_MS - timeStepMs);
      assert.equal((await store.get('phone'))?.id, 'phone');
      sameValue(await store.rooms('phone'), [LOBBY], 'rooms');
      const audiences = [{ room: LOBBY }, { user: ANN }, { all: true }] as const;
      for (const audience of audiences) await expectMembers(audience, ['phone']);
      clock.advance(timeStepMs);
      for (const audience of audiences) await expectMembers(audience, []);
      await expectAbsent('phone', { user: ANN });
    },
  },
  {
    name: 'expiry: expired members neither end a listing nor count',
    async check({ clock, store, enter, expectMembers }) {
      const [brief, lasting] = [names('p', 12), names('q', 6)];
      const expiresAt = clock.now() + 60_000;
      await forEach(brief, (id) => enter(id, [LOBBY], { user: ANN, expiresAt }));
      await forEach(lasting, (id) => enter(id, [LOBBY], { user: ANN }));
      clock.advance(60_000);
      for (const audience of [{ room: LOBBY }, { user: ANN }, { all: true }] as const) {
        await expectMembers(audience, lasting);
        const listed = await walk(store, audience, { limit: 1 });
        sameValue(listed.filter((id) => lasting.includes(id)).sort(), lasting, 'listed one by one');
      }
    },
  },
  {
    name: 'expiry: connecting twice prolongs a connection, in its rooms too',
    async check({ clock, store, connection, enter, expectMembers, expectAbsent }) {
      await enter('phone', [LOBBY], { user: ANN, expiresAt: clock.now() + 60_000 });
      await store.put(connection('phone', { user: ANN, expiresAt: clock.now() + 120_000 }));
      clock.advance(60_000);
      sameValue(await store.rooms('phone'), [LOBBY], 'rooms');
      for (const audience of [{ room: LOBBY }, { user: ANN }, { all: true }] as const) {
        await expectMembers(audience, ['phone']);
      }
      clock.advance(60_000);
      await expectAbsent('phone', { user: ANN });
    },
  },
  {
    name: 'expiry: neither setAttributes nor join nor leave prolongs a connection',
    async check({ clock, store, enter, expectAbsent, expectMembers }) {
      await enter('phone', [LOBBY], { user: ANN, expiresAt: clock.now() + 60_000 });
      clock.advance(30_000);
      await store.setAttributes('phone', { busy: true });
      await store.join('phone', 'attic');
      await store.leave('phone', LOBBY);
      clock.advance(30_000);
      await expectMembers({ room: 'attic' }, []);
      await expectAbsent('phone', { rooms: ['attic'], user: ANN });
    },
  },
  {
    name: 'expiry: a connection that is put too late is absent at once',
    async check({ clock, store, connection, expectMembers, expectAbsent }) {
      await store.put(connection('phone', { user: ANN, expiresAt: clock.now() }));
      await expectMembers({ user: ANN }, []);
      await expectAbsent('phone', { user: ANN });
    },
  },
];
