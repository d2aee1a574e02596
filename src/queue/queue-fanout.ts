import type { FanoutDeps } from '../server/fanout/deps.js';
import type { Dispatcher } from '../server/fanout/dispatch.js';
import type { QueueFanout } from '../server/fanout/queue-fanout.js';
import type { BroadcastStatus, Dispatched } from '../model/dispatched-broadcast.js';
import { deadlineOf } from '../base/invocation.js';
import { markReport, placedIn } from '../model/report.js';
import { changeBroadcast, readBroadcast, type BroadcastRecord } from './broadcast-record.js';
import { dispatch, parseDispatchOptions } from './dispatch.js';
import { isJob } from './job.js';
import { recordStoreOf } from './json-record.js';
import { parseFanoutOptions, type FanoutSettings, type QueueFanoutOptions } from './options.js';
import { statusOf } from './status.js';
import { createSizeCheck } from './size-threshold.js';
import { splitEvent } from './trigger-messages.js';
import { lastOf, watchStatus } from './watch.js';
import { workBatch } from './work-batch.js';
import type { WorkDeps } from './work-deps.js';

/**
 * Spreads broadcasts over instances of a function: one job for each shard of the audience goes into a queue,
 * and the queue's trigger calls the workers. Give it to `createBroadcaster` or `createApp` as
 * `broadcast.fanout`, the same for those who dispatch and those who work. The store has to keep records, as
 * all of this package do.
 *
 * Throws `INVALID_OPTIONS` that names the option.
 *
 * @example
 * const fanout = queueFanout({ queue: messageQueue({ url }) });
 * const app = createApp({ contract, store, origins, broadcast: { fanout } });
 * export const handler = app.handler; // dispatches
 * export const worker = app.worker; // for the trigger of the queue
 */
export function queueFanout(options: QueueFanoutOptions): QueueFanout {
  const fanout = parseFanoutOptions(options);
  const { now } = fanout;
  const sizes = createSizeCheck(fanout);

  async function status({ store }: FanoutDeps, id: string): Promise<BroadcastStatus | undefined> {
    const found = await readBroadcast(recordStoreOf(store), id);
    return found && statusOf(id, found.value, now());
  }

  function dispatched(deps: FanoutDeps, id: string, record: BroadcastRecord): Dispatched {
    const { shards, expected, audience, places } = record;
    return markReport({
      kind: 'dispatched',
      id,
      shards,
      expected,
      ...placedIn(audience, places),
      finished: (watchOptions) => lastOf(self.watch(deps, id, watchOptions), id),
    });
  }

  const self: Dispatcher = {
    kind: 'queue-fanout',
    async dispatch(deps, selection, textOf, given) {
      const options = parseDispatchOptions(given);
      const { id, record } = await dispatch(deps, fanout, selection, textOf, options);
      return dispatched(deps, id, record);
    },
    async takeOver(deps, selection, textOf, options) {
      const expected = await sizes.sizeIfTooLarge(deps, selection, options);
      if (expected === undefined) return undefined;
      const { deadline, idempotencyKey, expiresAt } = options;
      const known = { idempotencyKey, expiresAt, deadline, expected };
      const { id, record } = await dispatch(deps, fanout, selection, textOf, known);
      return dispatched(deps, id, record);
    },
    status,
    async cancel({ store }, id) {
      const at = now();
      const record = await changeBroadcast(recordStoreOf(store), id, at, (current) =>
        current.cancelledAt !== undefined || statusOf(id, current, at).settled
          ? undefined
          : { ...current, cancelledAt: at, updatedAt: at },
      );
      return record && statusOf(id, record, at);
    },
    watch: (deps, id, watchOptions) => watchStatus(id, () => status(deps, id), watchOptions),
    split(event) {
      const { wanted: jobs, others } = splitEvent(event, isJob);
      return { jobs, others };
    },
    async work(deps, event) {
      const records = recordStoreOf(deps.store);
      await workBatch({ deps, fanout, records, ...timesOf(deps, fanout) }, event);
    },
  };
  return self;
}

/**
 * No page is begun for less, in milliseconds, unless a call is so short that this would leave it nothing to
 * do.
 */
const LEAST_PAGE_MS = 250;

/** How much of what is kept free the queue may take to answer. The rest is for letting go of the shard. */
const SHARE_OF_QUEUE = 0.75;

/**
 * When a call has to pass its jobs on, by the clock of the fan-out, and when it must have done so, by the
 * machine's. A call that is short keeps half of its time for work.
 */
function timesOf(
  { context }: FanoutDeps,
  { now, reserveMs }: FanoutSettings,
): Pick<WorkDeps, 'endsAt' | 'leastPageMs' | 'passBy'> {
  const start = now();
  const deadline = deadlineOf(context, start) ?? Infinity;
  const endsAt = deadline - Math.min(reserveMs, (deadline - start) / 2);
  const passBy = endsAt + SHARE_OF_QUEUE * (deadline - endsAt) - start + Date.now();
  return {
    endsAt,
    leastPageMs: Math.min(LEAST_PAGE_MS, (endsAt - start) / 2),
    passBy: deadline === Infinity ? undefined : passBy,
  };
}
