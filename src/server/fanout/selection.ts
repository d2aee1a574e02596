import { BroadcastError } from '../../base/errors.js';
import type { BroadcastAudience } from '../../model/store.js';
import type { CursorState } from './cursor.js';
import { acceptanceOf, type Filter } from './filter.js';

/**
 * The recipients of a broadcast: an audience, narrowed by a filter, from the start or from where it stopped.
 */
export interface Selection {
  readonly audience: BroadcastAudience;
  readonly filter: Filter;
  readonly resumed?: CursorState;
}

/** A cursor cannot carry a filter; going on without it would reach people who were left out on purpose. */
export function refuseLostFilter({ resumed, filter }: Selection): void {
  if (resumed?.filtered !== true || acceptanceOf(filter) !== undefined) return;
  throw new BroadcastError(
    'INVALID_OPTIONS',
    'resume(cursor): the broadcast had a filter; repeat its except() and where() before sending',
  );
}
