import * as z from 'zod/mini';
import { BroadcastError } from '../base/errors.js';
import type { FanoutDeps } from '../server/fanout/deps.js';
import type { DispatchOptions, MakeText } from '../server/fanout/dispatch.js';
import { copyText } from '../server/fanout/copies.js';
import { messageId } from '../server/fanout/message.js';
import { placesOf } from '../server/fanout/numbering.js';
import { refuseLostFilter, type Selection } from '../server/fanout/selection.js';
import { deadlineOf } from '../base/invocation.js';
import { checkName } from '../base/names.js';
import { lazily, parseOptions } from '../base/options.js';
import type { RecordStore } from '../model/records.js';
import { roomsIn } from '../model/several-rooms.js';
import type { Audience } from '../model/store.js';
import { changeBroadcast, type BroadcastRecord } from './broadcast-record.js';
import { claimDispatch } from './claim-dispatch.js';
import { recordStoreOf } from './json-record.js';
import { checkFilterSize, makeJobs } from './make-jobs.js';
import type { FanoutSettings } from './options.js';
import { isFiltered, requirePortable, type PortableFilter } from './portable-filter.js';
import { shardsFor } from './sharding.js';

const optionsSchema = lazily(() =>
  z.strictObject({
    idempotencyKey: z.optional(z.string().check(z.minLength(1), z.maxLength(128))),
    expiresAt: z.optional(z.number()),
    shards: z.optional(z.int().check(z.minimum(1), z.maximum(256))),
    signal: z.optional(z.instanceof(AbortSignal)),
  }),
);

/** Options of a dispatch, and what a caller may know that would have to be found out. */
interface CheckedOptions extends z.output<ReturnType<typeof optionsSchema>> {
  /**
   * When the dispatching has to be over, in Unix milliseconds. Default: the end of the call of the function.
   */
  readonly deadline?: number | undefined;
  /** The size of the audience. Default: the store is asked, for which YDB reads everybody in it. */
  readonly expected?: number | undefined;
}

/** Throws `INVALID_OPTIONS` that names the option. */
export function parseDispatchOptions(given: DispatchOptions | undefined): CheckedOptions {
  return parseOptions(optionsSchema(), given ?? {}, 'dispatch options');
}

/**
 * Writes a broadcast down and puts its jobs into the queue. The record comes first: a worker that has a job
 * can rely on it, and a second dispatch under the same id finds it. All jobs may be in the queue twice, so
 * whoever finds the record of a dispatch that was not finished puts them there again.
 */
export async function dispatch(
  deps: FanoutDeps,
  fanout: FanoutSettings,
  selection: Selection,
  textOf: MakeText,
  options: CheckedOptions,
): Promise<{ readonly id: string; readonly record: BroadcastRecord }> {
  const { deadline = deadlineOf(deps.context, Date.now()), expected } = options;
  const audience = dispatchedAudience(selection, options);
  const filter = requirePortable(selection.filter);
  checkFilterSize(filter);
  const records = recordStoreOf(deps.store);
  const id = selection.resumed?.id ?? checkName(messageId(options.idempotencyKey), 'idempotencyKey');
  const text = textOf(id);
  deps.transport.encode(copyText(text, roomsIn(audience).slice(0, 1), [])); // refuses what is too large, before anything is written

  const record = await claimDispatch(records, id, {
    now: fanout.now,
    signal: options.signal,
    audience,
    make: async () => {
      const size = expected ?? (await deps.store.count(audience));
      const { resumed } = selection;
      return newRecord(fanout, { audience, filtered: isFiltered(filter), expected: size, resumed }, options);
    },
  });
  if (record.sent) return { id, record };
  refuseOtherFilter(record, filter);
  try {
    const placed = await place(deps, records, fanout, { id, record, text, selection });
    const jobs = await makeJobs(records, { id, record, text, filter, now: fanout.now() });
    const endsAt = deadline === undefined ? undefined : deadline - deps.settings.reserveMs;
    await fanout.queue.send(jobs, { signal: options.signal, deadline: endsAt });
    return { id, record: await mark(records, id, fanout, { ...placed, sent: true }) };
  } catch (reason) {
    // Whoever tries again need not wait. If this fails as well, they wait a little.
    await mark(records, id, fanout, { dispatcherUntil: 0 }).catch(() => undefined);
    throw reason;
  }
}

/** The audience of the jobs. Throws `INVALID_OPTIONS` when jobs cannot reach it. */
function dispatchedAudience(selection: Selection, { shards }: CheckedOptions): Audience {
  const { audience, resumed } = selection;
  refuseLostFilter(selection);
  if ('connection' in audience)
    throw new BroadcastError(
      'INVALID_OPTIONS',
      'dispatch: a single connection does not need workers; use send',
    );
  if (resumed !== undefined && shards !== undefined)
    throw new BroadcastError(
      'INVALID_OPTIONS',
      'shards: a resumed broadcast has one shard; omit this option',
    );
  return audience;
}

/** A dispatch that is made up for has to have a filter if the first one had: workers go by the record. */
function refuseOtherFilter({ filtered }: BroadcastRecord, filter: PortableFilter): void {
  if (filtered === isFiltered(filter)) return;
  throw new BroadcastError(
    'INVALID_OPTIONS',
    'idempotencyKey: the first dispatch with it had a different filter; repeat its except() and where()',
  );
}

interface Sized extends Pick<BroadcastRecord, 'audience' | 'filtered' | 'expected'> {
  readonly resumed: Selection['resumed'];
}

/**
 * Whether it is dispatched at all is settled by its record, so that comes before the place in the history.
 */
function newRecord(
  fanout: FanoutSettings,
  { audience, filtered, expected, resumed }: Sized,
  { expiresAt, shards }: CheckedOptions,
): BroadcastRecord {
  const createdAt = fanout.now();
  const until = expiresAt ?? createdAt + fanout.ttlMs;
  if (until <= createdAt)
    throw new BroadcastError('EXPIRED', 'expiresAt: is in the past; nothing was dispatched');
  return {
    key: crypto.randomUUID(),
    audience,
    filtered,
    after: resumed?.after,
    // A cursor stands in the order of the whole audience, which its shards need not share.
    shards: resumed !== undefined ? 1 : (shards ?? shardsFor(expected, fanout)),
    expected,
    places: resumed?.places ?? [],
    sent: false,
    dispatcherUntil: 0,
    createdAt,
    updatedAt: createdAt,
    expiresAt: until,
    keptUntil: until + fanout.keepMs,
    parts: {},
  };
}

interface Unplaced {
  readonly id: string;
  readonly record: BroadcastRecord;
  readonly text: string;
  readonly selection: Selection;
}

/**
 * The record with the message's places in the histories of rooms. A dispatch that is made up for has them
 * already.
 */
async function place(
  deps: FanoutDeps,
  records: RecordStore,
  fanout: FanoutSettings,
  { id, record, text, selection }: Unplaced,
): Promise<BroadcastRecord> {
  if (record.places.length > 0) return record;
  const places = await placesOf(deps, selection, text, false);
  return places.length === 0 ? record : mark(records, id, fanout, { ...record, places });
}

/** Changes what whoever dispatches knows best, and leaves to the workers what they have told. */
async function mark(
  records: RecordStore,
  id: string,
  { now }: FanoutSettings,
  { sent, places, dispatcherUntil }: Partial<BroadcastRecord>,
): Promise<BroadcastRecord> {
  const changed = await changeBroadcast(records, id, now(), (current) => ({
    ...current,
    sent: sent ?? current.sent,
    places: places ?? current.places,
    dispatcherUntil: dispatcherUntil ?? current.dispatcherUntil,
  }));
  if (changed !== undefined) return changed;
  throw new BroadcastError('STORE_UNAVAILABLE', 'the record of the broadcast is no longer in the store');
}
