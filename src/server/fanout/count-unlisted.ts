import type { ConnectionStore } from '../../model/store.js';
import { countAudience, type ListingOptions } from './listing.js';

/** Longest wait for the count when the broadcast has no deadline, or a distant one, in milliseconds. */
const MAX_COUNT_MS = 500;

export interface UnlistedOptions {
  readonly store: Pick<ConnectionStore, 'get' | 'count'>;
  readonly listing: ListingOptions;
  /** Whether a filter leaves out a part of what is listed. */
  readonly isFiltered: boolean;
  /** In Unix milliseconds. */
  readonly endsAt: number;
}

/**
 * How many connections of the audience follow the `listed` ones, for the report of a broadcast that ended
 * early. A count, not a listing, and bounded in time: it must not make a late broadcast later. `undefined`
 * when it cannot be told: a count knows neither filters nor shards nor what an earlier broadcast has done,
 * and the store may take too long.
 */
export async function countUnlisted(
  { store, listing, isFiltered, endsAt }: UnlistedOptions,
  listed: number,
): Promise<number | undefined> {
  const timeoutMs = Math.min(endsAt - Date.now(), MAX_COUNT_MS);
  const isPart = listing.after !== undefined || listing.shard !== undefined;
  if (isFiltered || isPart || timeoutMs <= 0) return undefined;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      resolve(undefined);
    }, timeoutMs);
  });
  const counting = countAudience(store, listing.audience).catch(() => undefined);
  const total = await Promise.race([counting, tooLate]);
  clearTimeout(timer);
  // People leave meanwhile, the stale ones among them.
  return total === undefined ? undefined : Math.max(0, total - listed);
}
