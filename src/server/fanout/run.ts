import type { StoredConnection } from '../../model/connection.js';
import { isWatched, tell } from '../../model/diagnostics.js';
import { BroadcastError } from '../../base/errors.js';
import type { RoomPosition } from '../../base/protocol.js';
import type { DeliveryReport, StopReason } from '../../model/report.js';
import type { ConnectionStore } from '../../model/store.js';
import type { EncodedPayload, Transport } from '../../model/transport.js';
import { encodeCursor } from './cursor.js';
import { deliver, type DeliveryContext, type RetryOptions } from './delivery.js';
import { createFlight, type Flight } from './in-flight.js';
import { createListing, type ListingOptions } from './listing.js';
import type { SharedPayload } from './numbering.js';
import { createStaleRemoval } from './stale-removal.js';
import { createStop, type EarlyStop, type Stop, type StopOptions } from './stop.js';
import type { Tally } from './tally.js';

/** Makes the payload of one recipient; `undefined` leaves it out. */
export type PayloadMaker = (
  connection: StoredConnection,
) => EncodedPayload | undefined | Promise<EncodedPayload | undefined>;

/** What one recipient gets: the same for all, or made when its turn comes. */
export type PayloadSource = SharedPayload | { readonly each: PayloadMaker };

export interface RunOptions extends StopOptions {
  readonly id: string;
  readonly store: Pick<ConnectionStore, 'get' | 'list' | 'remove'>;
  readonly transport: Pick<Transport, 'send'>;
  readonly tally: Tally;
  readonly retry: RetryOptions;
  readonly listing: ListingOptions;
  readonly payload: PayloadSource;
  /** Whether a listed connection is a recipient; `undefined` when everybody is. */
  readonly accepts: ((connection: StoredConnection) => boolean) | undefined;
}

/**
 * Runs one broadcast: lists, sends within the pacer's window, settles, reports.
 *
 * Recipients are started in the order of the listing, and whoever was started is settled before the report is made. So
 * the last one started divides the audience into those who are done and those whom a later run has to reach.
 * Rejects when the very first page cannot be read; after that a failing store ends the broadcast with a report.
 */
export async function runBroadcast(options: RunOptions): Promise<DeliveryReport> {
  const { tally, pacer, store, listing } = options;
  const startedAt = performance.now();
  const removal = createStaleRemoval(store, tally);
  const flight = createFlight(pacer);
  const stop = createStop(options);
  const context: DeliveryContext = {
    ...options,
    isStopped: () => stop.reason() !== undefined,
    onStale: removal.add,
    watchedAs: isWatched() ? options.id : undefined,
  };
  const position = { after: listing.after, skipped: 0 };

  let stoppedBy: StopReason;
  try {
    stoppedBy = await startAll(options, context, flight, stop, position);
  } catch (reason) {
    if (position.after === listing.after && tally.counts.attempts === 0) throw BroadcastError.from(reason);
    tally.storeFailed(BroadcastError.from(reason));
    stoppedBy = 'store';
  } finally {
    stop.dispose();
  }
  await flight.landed();
  await removal.finish();
  const durationMs = performance.now() - startedAt;
  const report = tally.report({
    id: options.id,
    skipped: position.skipped,
    durationMs,
    stoppedBy,
    cursor: cursorFor(options, stoppedBy, position.after),
    position: placeOf(options.payload),
  });
  const { audience } = listing;
  if (isWatched()) tell({ type: 'broadcast', audience, startedAt: Date.now() - durationMs, report });
  return report;
}

interface Position {
  after: string | undefined;
  skipped: number;
}

/** Starts sends in listing order until everybody was started or something comes first. */
async function startAll(
  { store, listing, pacer, accepts, payload }: RunOptions,
  context: DeliveryContext,
  flight: Flight,
  stop: Stop,
  position: Position,
): Promise<StopReason> {
  const pages = createListing(store, listing);
  while (!pages.isDone()) {
    // A slow store must not carry the broadcast beyond its deadline.
    const page = await stop.before(pages.next());
    if (typeof page === 'string') return page;
    const reason = await startPage(page.connections);
    if (reason !== undefined) return reason;
  }
  return 'done';

  async function startPage(connections: readonly StoredConnection[]): Promise<EarlyStop | undefined> {
    for (let index = 0; index < connections.length; index++) {
      const connection = connections[index] as StoredConnection;
      if (accepts === undefined || accepts(connection)) {
        while (!pacer.hasRoom() && stop.reason() === undefined) await pacer.changed();
        const reason = stop.reason();
        if (reason !== undefined) {
          position.skipped = countWanted(connections, index, accepts);
          return reason;
        }
        flight.start(() => deliverOne(context, connection, payload));
      }
      position.after = connection.id;
    }
    return undefined;
  }
}

function countWanted(
  page: readonly StoredConnection[],
  from: number,
  accepts: RunOptions['accepts'],
): number {
  const rest = page.slice(from);
  return accepts === undefined ? rest.length : rest.filter(accepts).length;
}

/** One recipient, payload and delivery. Never rejects: a payload that cannot be made is that recipient's failure. */
function deliverOne(
  context: DeliveryContext,
  connection: StoredConnection,
  source: PayloadSource,
): Promise<void> {
  if ('same' in source) return deliver(context, connection.id, source.same);
  return deliverOwn(context, connection, source.each);
}

async function deliverOwn(
  context: DeliveryContext,
  connection: StoredConnection,
  payloadFor: PayloadMaker,
): Promise<void> {
  let payload: EncodedPayload | undefined;
  try {
    payload = await payloadFor(connection);
  } catch (reason) {
    context.tally.failed(connection.id, BroadcastError.from(reason), 0);
    return;
  }
  if (payload !== undefined) await deliver(context, connection.id, payload);
}

function cursorFor(
  { id, listing, accepts, payload }: RunOptions,
  stoppedBy: StopReason,
  after: string | undefined,
): string | undefined {
  if (stoppedBy === 'done' || stoppedBy === 'expired') return undefined;
  const filtered = accepts !== undefined;
  return encodeCursor({ audience: listing.audience, after, id, filtered, position: placeOf(payload) });
}

function placeOf(payload: PayloadSource): RoomPosition | undefined {
  return 'same' in payload ? payload.position : undefined;
}
