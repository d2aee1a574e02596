import type { BroadcastView } from '../library/broadcasts.js';
import type { Endpoint } from './endpoint.js';

/** The latest broadcasts of functions with this library, the newest first. */
export const listBroadcasts: Endpoint = {
  method: 'GET',
  path: 'broadcasts',
  run: ({ broadcasts }): { readonly broadcasts: readonly BroadcastView[] } => ({
    broadcasts: broadcasts.list(),
  }),
};
