import type { Audience, ConnectionStore, Page } from '../store.js';

export interface ListingOptions {
  readonly audience: Audience;
  readonly after: string | undefined;
  readonly pageSize: number;
}

/** The audience page by page; `undefined` behind the last one. */
export interface Listing {
  next(): Promise<Page | undefined>;
}

/** Reads the next page while the current one is being worked on. */
export function createListing(
  store: ConnectionStore,
  { audience, after, pageSize }: ListingOptions,
): Listing {
  let upcoming: Promise<Page> | undefined = read(after);

  function read(behind: string | undefined): Promise<Page> {
    const page = store.list(audience, { after: behind, limit: pageSize });
    // Nobody may come for this page, and whoever does will see the error.
    page.catch(() => undefined);
    return page;
  }

  return {
    async next() {
      if (upcoming === undefined) return undefined;
      const page: Page = await upcoming;
      upcoming = page.done ? undefined : read(page.next);
      return page;
    },
  };
}
