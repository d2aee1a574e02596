import { parseTimelineFilter } from '../timeline/filter.js';
import type { NumberedEntry } from '../timeline/timeline.js';
import { numberIn, type Endpoint } from './endpoint.js';

/** A part of the timeline, the oldest entry first. */
export interface TimelinePage {
  readonly entries: readonly NumberedEntry[];
  /** Pass as `after` the next time. */
  readonly latest: number;
  /** Entries that fit, and were left out because there are more than `limit`; these are the older ones. */
  readonly leftOut: number;
}

const MAX_ENTRIES = 2000;

/** `?after=` number of the last entry that is known, `?filter=`, `?limit=`. */
export const readTimeline: Endpoint = {
  method: 'GET',
  path: 'timeline',
  run({ timeline }, { query }): TimelinePage {
    const after = numberIn(query, 'after', 0, Number.MAX_SAFE_INTEGER);
    const limit = numberIn(query, 'limit', 500, MAX_ENTRIES);
    const filter = parseTimelineFilter(query.get('filter') ?? '') ?? (() => true);
    return { ...timeline.since(after, filter, limit), latest: timeline.latest };
  },
};
