import { BroadcastError } from '../../base/errors.js';
import type { BroadcastStatus, Dispatched, WatchOptions } from '../../model/dispatched-broadcast.js';
import type { FanoutDeps } from './deps.js';
import type { QueueFanout } from './queue-fanout.js';
import type { Selection } from './selection.js';
import type { ParsedSendOptions } from './send-options.js';

/** What may be said of one broadcast that goes through the queue. */
export interface DispatchOptions {
  /**
   * Becomes the message's id. What was dispatched under this key is not dispatched again: the second call
   * resolves with the first one's. Another audience needs another key: `INVALID_OPTIONS`. At most 128
   * characters.
   */
  readonly idempotencyKey?: string | undefined;
  /**
   * From this instant on the message is not worth sending, in Unix milliseconds. Those not tried by then are
   * left out. Default: after the `ttlMs` of `queueFanout`.
   */
  readonly expiresAt?: number | undefined;
  /**
   * How many jobs, 1 to 256; powers of two cost stores the least. Default: chosen by the size of the
   * audience.
   */
  readonly shards?: number | undefined;
  /** Ends the dispatching with `ABORTED`; what is in the queue by then is not called back: see `cancel`. */
  readonly signal?: AbortSignal | undefined;
}

/** What is in a {@link QueueFanout}. */
export interface Dispatcher extends QueueFanout {
  dispatch(
    deps: FanoutDeps,
    selection: Selection,
    textOf: MakeText,
    options: DispatchOptions | undefined,
  ): Promise<Dispatched>;
  /** Dispatches what is too large to be sent from here; `undefined` when it is not. */
  takeOver(
    deps: FanoutDeps,
    selection: Selection,
    textOf: MakeText,
    options: ParsedSendOptions,
  ): Promise<Dispatched | undefined>;
  status(deps: FanoutDeps, id: string): Promise<BroadcastStatus | undefined>;
  cancel(deps: FanoutDeps, id: string): Promise<BroadcastStatus | undefined>;
  watch(deps: FanoutDeps, id: string, options: WatchOptions | undefined): AsyncIterable<BroadcastStatus>;
  /**
   * An event of a queue in two: its jobs, and messages of the application's own; `undefined` when there are
   * none.
   */
  split(event: unknown): { readonly jobs?: unknown; readonly others?: unknown };
  work(deps: FanoutDeps, event: unknown): Promise<void>;
}

/** The text of the message under an id. */
export type MakeText = (id: string) => string;

/** Throws `INVALID_OPTIONS` that names the remedy when there is no queue's fan-out. */
export function dispatcherOf({ fanout }: { readonly fanout: Dispatcher | undefined }): Dispatcher {
  if (fanout !== undefined) return fanout;
  throw new BroadcastError(
    'INVALID_OPTIONS',
    'this requires a queue; set the option broadcast: { fanout: queueFanout({ queue }) }',
  );
}
