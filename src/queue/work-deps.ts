import type { FanoutDeps } from '../server/fanout/deps.js';
import type { RecordStore } from '../model/records.js';
import type { FanoutSettings } from './options.js';
import type { PassOnDeps } from './requeue.js';

/** What the jobs of one call have in common. */
export interface WorkDeps extends PassOnDeps {
  readonly deps: FanoutDeps;
  readonly fanout: FanoutSettings;
  readonly records: RecordStore;
  /** When jobs have to be passed on, by the clock of the fan-out; `Infinity` without a deadline. */
  readonly endsAt: number;
  /** With less time than that, in milliseconds, no page is begun: the engine starts no send so late. */
  readonly leastPageMs: number;
}
