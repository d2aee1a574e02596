import assert from 'node:assert';
import type { ConnectionStore } from '../../model/store.js';
import { ANN, LOBBY } from '../bystanders.js';
import { sameValue } from '../store-probes.js';
import type { StoreRule } from '../store-rule.js';
import type { StoreWorld } from '../store-world.js';

const TTL_MS = 60_000;

/**
 * A call whose answer was lost, and another one that was answered before the store repeats the first: the
 * repetition changes nothing. The caller of the first is told what became of it, or `STORE_UNAVAILABLE`.
 */
export const repeatRules: readonly StoreRule[] = [
  {
    name: 'repeat: a join that is repeated does not undo a leave that came since',
    needs: ['loseAnswer'],
    async check(world) {
      await world.enter('phone');
      const join = (store: ConnectionStore) => store.join('phone', LOBBY);
      const answer = await repeated(world, join, () => world.store.leave('phone', LOBBY));
      assert.ok(answer === 'joined' || answer === UNKNOWN, `answer of join: ${String(answer)}`);
      await world.expectMembers({ room: LOBBY }, []);
      sameValue(await world.store.rooms('phone'), [], 'rooms');
      assert.equal(await world.store.join('phone', LOBBY), 'joined', 'a new join');
      await world.expectMembers({ room: LOBBY }, ['phone']);
    },
  },
  {
    name: 'repeat: a leave that is repeated does not undo a join that came since',
    needs: ['loseAnswer'],
    async check(world) {
      await world.enter('phone', [LOBBY]);
      const leave = (store: ConnectionStore) => store.leave('phone', LOBBY);
      await repeated(world, leave, () => world.store.join('phone', LOBBY));
      await world.expectMembers({ room: LOBBY }, ['phone']);
      sameValue(await world.store.rooms('phone'), [LOBBY], 'rooms');
      await world.store.remove(['phone']);
      await world.expectMembers({ room: LOBBY }, []);
    },
  },
  {
    name: 'repeat: setAttributes that is repeated does not undo what came since',
    needs: ['loseAnswer'],
    async check(world) {
      await world.enter('phone', [LOBBY]);
      const set = (store: ConnectionStore) => store.setAttributes('phone', { n: 1 });
      const answer = await repeated(world, set, () => world.store.setAttributes('phone', { n: 2 }));
      assert.ok(answer === true || answer === UNKNOWN, `answer of setAttributes: ${String(answer)}`);
      sameValue((await world.store.get('phone'))?.attributes, { n: 2 }, 'attributes');
      const { connections } = await world.store.list({ room: LOBBY }, { limit: 10 });
      const listed = connections.find(({ id }) => id === 'phone');
      sameValue(listed?.attributes, { n: 2 }, 'attributes in a listing');
    },
  },
  {
    name: 'repeat: put that is repeated does not undo what came since',
    needs: ['loseAnswer'],
    async check(world) {
      const put = (store: ConnectionStore) => store.put(world.connection('phone', { user: 'bob' }));
      const answer = await repeated(world, put, async () => {
        await world.store.put(world.connection('phone', { user: ANN }));
        await world.store.setAttributes('phone', { n: 2 });
      });
      assert.ok(answer === 'stored' || answer === UNKNOWN, `answer of put: ${String(answer)}`);
      sameValue((await world.store.get('phone'))?.attributes, { n: 2 }, 'attributes');
      await world.expectMembers({ user: ANN }, ['phone']);
      await world.expectMembers({ user: 'bob' }, []);
    },
  },
  {
    name: 'repeat: a removal that is repeated lets nobody else go, and stays',
    needs: ['loseAnswer'],
    async check(world) {
      await world.enter('phone', [LOBBY], { user: ANN });
      const remove = (store: ConnectionStore) => store.remove(['phone']);
      await repeated(world, remove, () => world.enter('tablet', [LOBBY], { user: ANN }));
      await world.store.remove(['phone']);
      await world.expectAbsent('phone', { rooms: [LOBBY], user: ANN });
      await world.expectMembers({ room: LOBBY }, ['tablet']);
    },
  },
  {
    name: 'repeat: an append that is repeated is appended once',
    needs: ['loseAnswer', 'history'],
    async check(world) {
      const limits = { maxEntries: 10, maxAgeMs: TTL_MS };
      const { history } = world;
      await history().append(LOBBY, 'before', limits);
      await repeated(
        world,
        (store) => history(store).append(LOBBY, 'lost', limits),
        () => history().append(LOBBY, 'since', limits),
      );
      const { entries } = await history().read(LOBBY, { limit: 10 });
      sameValue(
        entries.map(({ data }) => data),
        ['before', 'lost', 'since'],
        'entries',
      );
    },
  },
  {
    name: 'repeat: a write on top of which another one wrote does not tell its winner that it lost',
    needs: ['loseAnswer', 'records'],
    async check(world) {
      const { records } = world;
      for (const [key, before] of [
        ['new', undefined],
        ['old', 'before'],
      ] as const) {
        const options = { ifVersion: undefined, ttlMs: TTL_MS };
        const ifVersion = before === undefined ? undefined : await records().write(key, before, options);
        let since: string | undefined;
        const version = await repeated(
          world,
          (store) => records(store).write(key, 'own', { ...options, ifVersion }),
          async () => {
            const read = await records().read(key);
            assert.ok(read, 'the record whose answer was lost is absent');
            assert.equal(read.value, 'own', 'the record whose answer was lost');
            since = await records().write(key, 'since', { ...options, ifVersion: read.version });
            assert.ok(since, 'a write on top of it');
          },
        );
        assert.notEqual(version, undefined, 'the write is told that another one was faster');
        sameValue(await records().read(key), { value: 'since', version: since }, 'the record');
      }
    },
  },
  {
    name: 'repeat: the removal of a record that is repeated does not remove what was written since',
    needs: ['loseAnswer', 'records'],
    async check(world) {
      const { records } = world;
      const options = { ifVersion: undefined, ttlMs: TTL_MS };
      await records().write('job', 'before', options);
      let version: string | undefined;
      const remove = (store: ConnectionStore) => records(store).remove('job');
      await repeated(world, remove, async () => {
        assert.equal(await records().read('job'), undefined, 'the removed record');
        version = await records().write('job', 'since', options);
        assert.ok(version, 'a write after the removal');
      });
      sameValue(await records().read('job'), { value: 'since', version }, 'the record');
    },
  },
];

const UNKNOWN = Symbol('STORE_UNAVAILABLE');

/** What the call resolves with; {@link UNKNOWN} when it says that it does not know. */
async function repeated<T>(
  { loseAnswer }: StoreWorld,
  call: (store: ConnectionStore) => Promise<T>,
  meanwhile: () => Promise<unknown>,
): Promise<T | typeof UNKNOWN> {
  let times = 0;
  try {
    return await loseAnswer(call, async () => {
      times++;
      await meanwhile();
    });
  } catch (reason) {
    const { code } = reason as { code?: string };
    if (code !== 'STORE_UNAVAILABLE') throw reason;
    return UNKNOWN;
  } finally {
    assert.equal(times, 1, 'loseAnswer() of the backend runs what it is given once');
  }
}
