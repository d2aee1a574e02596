import type { StoredConnection } from '../../model/connection.js';
import { BroadcastError } from '../../base/errors.js';
import type { RoomPlace } from '../../base/protocol.js';
import type { DeliveryReport, StopReason } from '../../model/report.js';
import type { ConnectionStore } from '../../model/store.js';
import { conclude } from './conclude.js';
import { encodeCursor } from './cursor.js';
import { createListing, type ListingOptions } from './listing.js';
import { createSending, type PayloadSource, type Sending, type SendingOptions } from './send-to.js';
import { createStaleRemoval } from './stale-removal.js';
import type { Tally } from './tally.js';
import { countUnlisted } from './count-unlisted.js';

export interface RunOptions extends Omit<SendingOptions, 'payload' | 'onOutcome'> {
  readonly store: Pick<ConnectionStore, 'get' | 'list' | 'count' | 'remove'>;
  readonly tally: Tally;
  readonly listing: ListingOptions;
  readonly payload: PayloadSource & { readonly places?: readonly RoomPlace[] };
  /** Whether a listed connection is a recipient; `undefined` when everybody is. */
  readonly accepts: ((connection: StoredConnection) => boolean) | undefined;
}

/**
 * Runs one broadcast: lists its audience, sends to it page by page, reports.
 *
 * Recipients are started in the order of the listing, and whoever was started is settled before the report is
 * made. So the last one started divides the audience into those who are done and those whom a later run has
 * to reach. Rejects when the very first page cannot be read; after that a failing store ends the broadcast
 * with a report.
 */
export async function runBroadcast(options: RunOptions): Promise<DeliveryReport> {
  const { id, tally, store, listing } = options;
  const startedAt = performance.now();
  const removal = createStaleRemoval(store, tally);
  const sending = createSending({
    ...options,
    onOutcome(connectionId, outcome) {
      tally.add(connectionId, outcome);
      if (outcome.kind === 'stale') removal.add(connectionId);
    },
  });
  const position: Position = { after: listing.after, listed: 0, skipped: 0, isAtEnd: false };

  let stoppedBy: StopReason;
  let counting: Promise<number | undefined> | undefined;
  try {
    stoppedBy = await sendToListed(options, sending, position);
    // While the last sends end.
    counting = countBehind(options, position);
  } catch (reason) {
    if (position.after === listing.after) throw BroadcastError.from(reason);
    tally.storeFailed(BroadcastError.from(reason));
    stoppedBy = 'store';
  } finally {
    await sending.settled();
  }
  await removal.finish();
  const unlisted = await counting;
  return conclude({
    id,
    tally,
    audience: listing.audience,
    startedAt,
    skipped: position.skipped + (unlisted ?? 0),
    uncounted: unlisted === undefined,
    stoppedBy,
    cursor: cursorFor(options, stoppedBy, position.after),
    places: options.payload.places,
  });
}

interface Position {
  after: string | undefined;
  /** Connections on the pages that were read, whether or not a filter took them. */
  listed: number;
  /** Those of them that were not tried. */
  skipped: number;
  /** Whether nothing follows these pages. */
  isAtEnd: boolean;
}

/** Starts sends in listing order until everybody was started or something comes first. */
async function sendToListed(
  { store, listing, accepts }: RunOptions,
  sending: Sending,
  position: Position,
): Promise<StopReason> {
  const pages = createListing(store, listing);
  while (!pages.isDone()) {
    // A slow store must not carry the broadcast beyond its deadline.
    const page = await sending.before(pages.next());
    if (typeof page === 'string') return page;
    position.listed += page.connections.length;
    position.isAtEnd = page.done;
    const wanted = accepts === undefined ? page.connections : page.connections.filter(accepts);
    const { started, stoppedBy } = await sending.start(wanted);
    if (stoppedBy !== undefined) {
      position.skipped = wanted.length - started;
      position.after = wanted[started - 1]?.id ?? position.after;
      return stoppedBy;
    }
    position.after = page.connections.at(-1)?.id ?? position.after;
  }
  return 'done';
}

/** How many follow the pages that were read; `undefined` when it cannot be told. */
async function countBehind(options: RunOptions, { isAtEnd, listed }: Position): Promise<number | undefined> {
  if (isAtEnd) return 0;
  const isFiltered = options.accepts !== undefined;
  return countUnlisted({ ...options, isFiltered }, listed - options.tally.counts.removed);
}

function cursorFor(
  { id, listing, accepts, payload }: RunOptions,
  stoppedBy: StopReason,
  after: string | undefined,
): string | undefined {
  if (stoppedBy === 'done' || stoppedBy === 'expired') return undefined;
  const filtered = accepts !== undefined;
  const { places = [] } = payload;
  return encodeCursor({ audience: listing.audience, after, id, filtered, places });
}
