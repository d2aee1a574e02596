import type { Audience, ConnectionStore, Page, Shard } from '../store.js';

export interface ListingOptions {
  readonly audience: Audience;
  readonly after: string | undefined;
  readonly pageSize: number;
  readonly shard?: Shard | undefined;
}

/** The audience page by page. */
export interface Listing {
  /** Whether nothing follows. */
  isDone(): boolean;
  /** The next page; only while not done. */
  next(): Promise<Page>;
}

/** Reads the next page while the current one is being worked on. */
export function createListing(
  store: Pick<ConnectionStore, 'list'>,
  { audience, after, pageSize, shard }: ListingOptions,
): Listing {
  let upcoming = read(after);
  let done = false;

  function read(behind: string | undefined): Promise<Page> {
    const page = store.list(audience, { after: behind, limit: pageSize, shard });
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
