import { through } from '../../model/observer.js';
import type { DeliveryReport, Progress, SendReport } from '../../model/report.js';
import type { Transport } from '../../model/transport.js';
import { timeLimitsOf, type FanoutDeps, type TimeLimits } from './deps.js';
import { acceptanceOf } from './filter.js';
import { countAudience } from './listing.js';
import { messageId } from './message.js';
import { createProgressFeed, type ProgressFeed } from './progress.js';
import { runBroadcast, type RunOptions } from './run.js';
import { refuseLostFilter, type Selection } from './selection.js';
import { parseSendOptions, type ParsedSendOptions, type SendOptions } from './send-options.js';
import { createTally, type Tally } from './tally.js';

/**
 * A broadcast under way: await it for the report, or iterate over it for its progress. It runs either way.
 */
export type Broadcast<R extends SendReport = DeliveryReport> = Promise<R> & AsyncIterable<Progress>;

/**
 * All that a broadcast needs once its payload can be made; how it reaches a connection may be another than
 * the app's.
 */
type BeginDeps = Omit<FanoutDeps, 'transport'> & { readonly transport: Pick<Transport, 'send'> };

/**
 * Makes what is sent, under the message's id. `isOver`: nothing will be sent, since time or the caller came
 * first.
 */
export type MakePayload = (
  id: string,
  isOver: boolean,
) => RunOptions['payload'] | Promise<RunOptions['payload']>;

/** A broadcast whose options have been checked. */
export interface Begun {
  readonly options: ParsedSendOptions;
  /** Sends it from here. */
  send(payloadFor: MakePayload): Promise<DeliveryReport>;
}

/**
 * Checks everything, then lets `run` decide who sends; a mistake of the caller's rejects before anything is
 * sent.
 */
export function begin<R extends SendReport>(
  deps: BeginDeps,
  selection: Selection,
  given: SendOptions | undefined,
  run: (begun: Begun) => Promise<R>,
): Broadcast<R> {
  const tally = createTally(deps.settings);
  const progress = progressOf(deps, selection, tally, given?.progressEveryMs);

  async function checkAndRun(): Promise<R> {
    const options = parseSendOptions(given);
    refuseLostFilter(selection);
    return run({ options, send: (payloadFor) => sendFromHere(options, payloadFor) });
  }

  async function sendFromHere(options: ParsedSendOptions, payloadFor: MakePayload): Promise<DeliveryReport> {
    const id = selection.resumed?.id ?? messageId(options.idempotencyKey);
    const limits = timeLimitsOf(deps, options);
    const payload = await payloadFor(id, isOver(limits, options.signal));
    if (options.onProgress !== undefined) progress.subscribe(options.onProgress);
    const { audience, filter, resumed } = selection;
    return runBroadcast({
      ...deps,
      ...limits,
      id,
      tally,
      payload,
      signal: options.signal,
      retry: deps.settings,
      listing: { audience, after: resumed?.after, pageSize: deps.settings.pageSize },
      accepts: acceptanceOf(filter),
    });
  }

  const observers = deps.observe.map((observer) => observer.broadcast<R>);
  const start = { audience: selection.audience, context: deps.context };
  const report = through(observers, start, checkAndRun).finally(progress.finish);
  return Object.assign(report, { [Symbol.asyncIterator]: () => progress[Symbol.asyncIterator]() });
}

function progressOf(
  { store }: Pick<FanoutDeps, 'store'>,
  { audience }: Selection,
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

function isOver({ endsAt, expiresAt }: TimeLimits, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true || Date.now() >= Math.min(endsAt, expiresAt);
}
