import type { Contract } from '../../model/contract.js';
import { BroadcastError } from '../../base/errors.js';
import { deadlineOf, type FunctionContext } from '../../base/invocation.js';
import type { RoomHistories } from '../history/histories.js';
import { through, type Observer } from '../../model/observer.js';
import type { DeliveryReport, Progress } from '../../model/report.js';
import type { BroadcastAudience, ConnectionStore } from '../../model/store.js';
import type { Transport } from '../../model/transport.js';
import type { CursorState } from './cursor.js';
import type { QueueFanout } from './dispatch.js';
import { acceptanceOf, type Filter } from './filter.js';
import { countAudience } from './listing.js';
import { messageId } from './message.js';
import type { Pacer } from './pacer.js';
import { createProgressFeed, type ProgressFeed } from './progress.js';
import { runBroadcast, type PayloadSource } from './run.js';
import { parseSendOptions, type ParsedSendOptions, type SendOptions } from './send-options.js';
import type { Settings } from './settings.js';
import { createTally, type Tally } from './tally.js';

/** A broadcast under way: await it for the report, or iterate over it for its progress. It runs either way. */
export type Broadcast = Promise<DeliveryReport> & AsyncIterable<Progress>;

/** What all plans of a broadcaster share. */
export interface PlanParts {
  readonly store: ConnectionStore;
  readonly transport: Transport;
  readonly contract: Contract | undefined;
  readonly histories: RoomHistories;
  readonly settings: Settings;
  readonly pacer: Pacer;
  readonly queue: QueueFanout | undefined;
  readonly context: FunctionContext | undefined;
  readonly observe: readonly Observer[];
}

export interface PlanTarget {
  readonly audience: BroadcastAudience;
  readonly filter: Filter;
  readonly resumed?: CursorState;
}

/** All that a broadcast needs once its payload can be made; how it reaches a connection may be another than the plan's. */
type BeginParts = Omit<PlanParts, 'transport'> & { readonly transport: Pick<Transport, 'send'> };

/** Makes what is sent, under the message's id. `isOver`: nothing will be sent, since time or the caller came first. */
export type MakePayload = (id: string, isOver: boolean) => PayloadSource | Promise<PayloadSource>;

/**
 * Checks everything, then starts the broadcast; a mistake of the caller's rejects before anything is sent.
 *
 * @param elsewhere Asked first: a report when somebody else sends this.
 */
export function begin(
  parts: BeginParts,
  target: PlanTarget,
  given: SendOptions | undefined,
  payloadFor: MakePayload,
  elsewhere?: () => Promise<DeliveryReport | undefined> | undefined,
): Broadcast {
  const tally = createTally(parts.settings);
  const progress = progressOf(parts, target, tally, given?.progressEveryMs);

  async function run(): Promise<DeliveryReport> {
    const options = parseSendOptions(given);
    refuseLostFilter(target);
    const handedOver = await elsewhere?.();
    if (handedOver !== undefined) return handedOver;
    const id = target.resumed?.id ?? messageId(options.idempotencyKey);
    const times = timesOf(parts, options);
    const payload = await payloadFor(id, isOver(times, options.signal));
    if (options.onProgress !== undefined) progress.subscribe(options.onProgress);
    return runBroadcast({
      ...parts,
      ...times,
      id,
      tally,
      payload,
      signal: options.signal,
      retry: parts.settings,
      listing: { audience: target.audience, after: target.resumed?.after, pageSize: parts.settings.pageSize },
      accepts: acceptanceOf(target.filter),
    });
  }

  const { audience } = target;
  const report = through(
    parts.observe.map((observer) => observer.broadcast),
    { audience, context: parts.context },
    run,
  ).finally(progress.finish);
  return Object.assign(report, { [Symbol.asyncIterator]: () => progress[Symbol.asyncIterator]() });
}

function progressOf(
  { store }: Pick<PlanParts, 'store'>,
  { audience }: PlanTarget,
  { counts }: Tally,
  everyMs: number = 250,
): ProgressFeed {
  const startedAt = performance.now();
  let total: number | undefined;

  function current(): Progress {
    const { delivered, stale, failed } = counts;
    const elapsedMs = Math.round(performance.now() - startedAt);
    return { delivered, stale, failed, done: delivered + stale + failed, total, elapsedMs };
  }

  /** Counting costs a read of the store, so it is done only when somebody watches. */
  async function count(): Promise<void> {
    total = await countAudience(store, audience).catch(() => undefined);
  }

  return createProgressFeed(current, everyMs, () => void count());
}

/** When this broadcast must have ended, and until when its message is worth sending; in Unix milliseconds. */
export function timesOf(
  { context, settings }: Pick<PlanParts, 'context' | 'settings'>,
  { deadline, expiresAt }: ParsedSendOptions,
): { endsAt: number; expiresAt: number } {
  const end = deadline ?? deadlineOf(context, Date.now());
  return {
    endsAt: end === undefined ? Infinity : end - settings.reserveMs,
    expiresAt: expiresAt ?? Infinity,
  };
}

function isOver(times: { endsAt: number; expiresAt: number }, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true || Date.now() >= Math.min(times.endsAt, times.expiresAt);
}

/** A cursor cannot carry a filter; going on without it would reach people who were left out on purpose. */
export function refuseLostFilter({ resumed, filter }: PlanTarget): void {
  if (resumed?.filtered !== true || acceptanceOf(filter) !== undefined) return;
  throw new BroadcastError(
    'INVALID_OPTIONS',
    'resume(cursor): the broadcast had a filter; repeat its except() and where() before sending',
  );
}
