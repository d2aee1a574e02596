import assert from 'node:assert';
import type { StoredConnection } from '../model/connection.js';
import type { Audience, ConnectionStore } from '../model/store.js';
import { sameValue, walk } from './store-probes.js';

const DAY_MS = 86_400_000;

/** The room and the user that every case works in; a neighbour is in each. */
export const LOBBY = 'lobby';
export const ANN = 'ann';

/**
 * Connections that are there in every case and must be the same after it, so that "removes it" means "and
 * only it".
 */
export interface Neighbours {
  enter(store: ConnectionStore): Promise<void>;
  idsIn(audience: Audience): string[];
  expectUntouched(store: ConnectionStore): Promise<void>;
}

interface Neighbour {
  readonly connection: StoredConnection;
  readonly rooms: readonly string[];
}

export function createNeighbours(now: number): Neighbours {
  const times = { connectedAt: now, expiresAt: now + DAY_MS };
  const everybody: readonly Neighbour[] = [
    { connection: { id: 'bystander', user: ANN, attributes: { n: 1 }, ...times }, rooms: [LOBBY] },
    {
      connection: { id: 'next-door', user: 'bob', attributes: { n: 2 }, ...times },
      rooms: ['garden', 'lobby2'],
    },
    { connection: { id: 'stranger', attributes: { n: 3 }, ...times }, rooms: [] },
  ];
  const audiences: readonly Audience[] = [
    { room: LOBBY },
    { room: 'garden' },
    { user: ANN },
    { user: 'bob' },
  ];

  function idsIn(audience: Audience): string[] {
    return everybody
      .filter((neighbour) => belongs(neighbour, audience))
      .map(({ connection }) => connection.id);
  }

  return {
    idsIn,
    async enter(store) {
      for (const { connection, rooms } of everybody) {
        assert.equal(await store.put(connection), 'stored');
        for (const room of rooms) assert.equal(await store.join(connection.id, room), 'joined');
      }
      await store.history?.append('garden', 'hello', { maxEntries: 10, maxAgeMs: DAY_MS });
      await store.state?.change('garden', [{ map: 'flowers', key: 'rose', value: '1' }]);
    },
    async expectUntouched(store) {
      for (const { connection, rooms } of everybody) {
        const what = `neighbour ${connection.id}`;
        sameValue(await store.get(connection.id), connection, what);
        sameValue([...(await store.rooms(connection.id))].sort(), rooms, `rooms of ${what}`);
      }
      for (const audience of [...audiences, { all: true } as const]) {
        const listed = new Set(await walk(store, audience));
        for (const id of idsIn(audience))
          assert.ok(listed.has(id), `${id} is missing in ${JSON.stringify(audience)}`);
      }
      await expectHistory(store);
      await expectState(store);
    },
  };
}

function belongs({ connection, rooms }: Neighbour, audience: Audience): boolean {
  if ('room' in audience) return rooms.includes(audience.room);
  if ('rooms' in audience) return audience.rooms.some((room) => rooms.includes(room));
  return 'user' in audience ? connection.user === audience.user : true;
}

async function expectHistory({ history }: ConnectionStore): Promise<void> {
  if (history === undefined) return;
  const { entries, position } = await history.read('garden', { limit: 10 });
  sameValue(
    entries.map(({ offset, data }) => [offset, data]),
    [[1, 'hello']],
    'history of a neighbour',
  );
  assert.equal(position.offset, 1, 'history of a neighbour');
}

async function expectState({ state }: ConnectionStore): Promise<void> {
  const row = await state?.get('garden', 'flowers', 'rose');
  if (state !== undefined) assert.equal(row?.value, '1', 'state of a neighbour');
}
