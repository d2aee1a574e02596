import type { BroadcastAudience, ConnectionStore, Page, Shard } from '../../model/store.js';

export interface ListingOptions {
  readonly audience: BroadcastAudience;
  readonly after: string | undefined;
  readonly pageSize: number;
  readonly shard?: Shard | undefined;
}

/** As much of a store as a listing needs. */
type Listed = Pick<ConnectionStore, 'get' | 'list'>;

/** The audience page by page. */
export interface Listing {
  /** Whether nothing follows. */
  isDone(): boolean;
  /** The next page; only while not done. */
  next(): Promise<Page>;
}

/** Reads the next page while the current one is being worked on. */
export function createListing(store: Listed, { audience, after, pageSize, shard }: ListingOptions): Listing {
  let upcoming = read(after);
  let done = false;

  function read(behind: string | undefined): Promise<Page> {
    const page =
      'connection' in audience
        ? readConnection(store, audience.connection)
        : store.list(audience, { after: behind, limit: pageSize, shard });
    // Nobody may come for this page, and whoever does will see the error.
    page.catch(() => undefined);
    return page;
  }

  return {
    isDone: () => done,
    async next() {
      const page = await upcoming;
      done = page.done;
      if (!done) upcoming = read(page.next);
      return page;
    },
  };
}

/** A connection that the store does not have, or not any more, is a page without anybody. */
async function readConnection(store: Pick<ConnectionStore, 'get'>, id: string): Promise<Page> {
  const connection = await store.get(id);
  return { connections: connection === undefined ? [] : [connection], done: true };
}

/** How many connections a listing would have. */
export async function countAudience(
  store: Pick<ConnectionStore, 'get' | 'count'>,
  audience: BroadcastAudience,
): Promise<number> {
  if ('connection' in audience) return (await readConnection(store, audience.connection)).connections.length;
  return store.count(audience);
}
