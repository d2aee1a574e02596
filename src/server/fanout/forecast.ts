import type { StoredConnection } from '../../model/connection.js';
import type { BroadcastAudience, ConnectionStore } from '../../model/store.js';
import { countAudience, createListing } from './listing.js';
import type { Pacer } from './pacer.js';
import type { Settings } from './settings.js';

/** What a broadcast would do, told before it is made. */
export interface Forecast {
  /** How many connections would get the message now. */
  readonly recipients: number;
  /** Calls of the gateway, if none has to be repeated. */
  readonly calls: number;
  /** Payload bytes in all. */
  readonly bytes: number;
  /** How long it would take at the pace below. */
  readonly seconds: number;
  readonly pace: {
    readonly perSecond: number;
    /** Whether this instance has measured it, or it is a guess from the window and a latency of 50 ms. */
    readonly measured: boolean;
  };
  /** Whether it would end before the deadline; `undefined` when there is none. */
  readonly fitsDeadline: boolean | undefined;
}

export interface ForecastInput {
  readonly audience: BroadcastAudience;
  readonly accepts: ((connection: StoredConnection) => boolean) | undefined;
  readonly bytes: number;
  readonly endsAt: number;
}

export interface ForecastDeps {
  readonly store: ConnectionStore;
  readonly pacer: Pacer;
  readonly settings: Settings;
}

export async function forecast(
  parts: ForecastDeps,
  { audience, accepts, bytes, endsAt }: ForecastInput,
): Promise<Forecast> {
  const { store, pacer, settings } = parts;
  const recipients =
    accepts === undefined
      ? await countAudience(store, audience)
      : await countAccepted(parts, audience, accepts);
  const measured = pacer.pace();
  const guessed = (pacer.window * 1000) / pacer.typicalLatencyMs();
  const perSecond = Math.min(measured ?? guessed, settings.maxPerSecond ?? Infinity);
  const seconds = recipients / perSecond;
  return {
    recipients,
    calls: recipients,
    bytes: bytes * recipients,
    seconds,
    pace: { perSecond, measured: measured !== undefined },
    fitsDeadline: endsAt === Infinity ? undefined : Date.now() + seconds * 1000 <= endsAt,
  };
}

/** A filter is known only connection by connection, so they all have to be listed. */
async function countAccepted(
  { store, settings }: ForecastDeps,
  audience: BroadcastAudience,
  accepts: (connection: StoredConnection) => boolean,
): Promise<number> {
  const listing = createListing(store, { audience, after: undefined, pageSize: settings.pageSize });
  let count = 0;
  while (!listing.isDone()) count += (await listing.next()).connections.filter(accepts).length;
  return count;
}
