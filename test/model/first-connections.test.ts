/** A few connections of an audience, whatever the store's pages look like. */
import { expect, it } from '@jest/globals';
import { firstConnections, type ConnectionStore } from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { fillRoom } from '../support/people.js';

/** A store whose pages are shorter than what is asked for, and sometimes empty. */
function withShortPages(store: ConnectionStore): { store: ConnectionStore; limits: number[] } {
  const limits: number[] = [];
  return {
    limits,
    store: {
      ...store,
      async list(audience, options) {
        limits.push(options.limit);
        if (limits.length === 2) return { connections: [], done: false, next: options.after };
        return store.list(audience, { ...options, limit: Math.min(2, options.limit) });
      },
    },
  };
}

it.each([
  [5, 10, 5],
  [10, 5, 5],
  [0, 5, 0],
])('of %d connections, %d wanted: %d', async (there, wanted, expected) => {
  const { store, limits } = withShortPages(memoryStore());
  const ids = await fillRoom(store, 'room', there);
  const found = await firstConnections(store, { room: 'room' }, wanted);
  expect(found.map(({ id }) => id)).toEqual(ids.slice(0, expected));
  expect(Math.min(...limits)).toBeGreaterThan(0);
});
