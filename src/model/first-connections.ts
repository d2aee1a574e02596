import type { StoredConnection } from './connection.js';
import type { Audience, ConnectionStore } from './store.js';

/**
 * The first `most` connections of an audience, in the store's order, page by page: for lists that are shown,
 * and for the few devices of a user. A broadcast needs none of this. Rejects as `store.list` does.
 *
 * @example
 * const devices = await firstConnections(store, { user: 'ann' }, 50);
 */
export async function firstConnections(
  store: ConnectionStore,
  audience: Audience,
  most: number,
): Promise<StoredConnection[]> {
  const found: StoredConnection[] = [];
  for (let after: string | undefined; ;) {
    const page = await store.list(audience, { after, limit: most - found.length });
    found.push(...page.connections);
    if (page.done || found.length >= most) return found;
    after = page.next;
  }
}
