import { timeLimitsOf, type FanoutDeps } from '../server/fanout/deps.js';
import type { Selection } from '../server/fanout/selection.js';
import type { ParsedSendOptions } from '../server/fanout/send-options.js';
import type { Audience, ConnectionStore } from '../model/store.js';
import type { FanoutSettings } from './options.js';
import { portableFilter } from './portable-filter.js';

/** How long an audience that was found small is taken for small, in milliseconds. */
const SMALL_FOR_MS = 10_000;
/** Audiences that are remembered as small; then all are forgotten. */
const MOST_SMALL = 1000;

/** Says which broadcasts are too large to be sent by the call that makes them. */
export interface SizeCheck {
  /** The size of the audience when it is too large, else `undefined`. */
  sizeIfTooLarge(
    deps: FanoutDeps,
    selection: Selection,
    options: ParsedSendOptions,
  ): Promise<number | undefined>;
}

export function createSizeCheck({ threshold, now }: Pick<FanoutSettings, 'threshold' | 'now'>): SizeCheck {
  /** Until when each is taken for small. */
  const small = new Map<string, number>();

  async function sizeFrom(
    store: ConnectionStore,
    audience: Audience,
    least: number,
  ): Promise<number | undefined> {
    const key = JSON.stringify(audience);
    if ((small.get(key) ?? 0) > now()) return undefined;
    const size = await store.count(audience);
    if (size >= least) return size;
    if (small.size >= MOST_SMALL) small.clear();
    small.set(key, now() + SMALL_FOR_MS);
    return undefined;
  }

  /** Too late to send, or to dispatch: then the report says so, whatever the size. */
  function isOver(deps: FanoutDeps, options: ParsedSendOptions): boolean {
    const { endsAt, expiresAt } = timeLimitsOf(deps, options);
    return Date.now() >= endsAt || now() >= expiresAt;
  }

  return {
    async sizeIfTooLarge(deps, { audience, filter, resumed }, options) {
      // A user has a handful of connections, a connection is one. A cursor goes on where it began. The rest
      // cannot travel.
      if (threshold === false || 'user' in audience || 'connection' in audience || resumed !== undefined)
        return undefined;
      if (isOver(deps, options)) return undefined;
      if (options.signal !== undefined || options.onProgress !== undefined) return undefined;
      return portableFilter(filter) === undefined ? undefined : sizeFrom(deps.store, audience, threshold);
    },
  };
}
