import type { RoomPlace } from '../../base/protocol.js';
import { isWatched, publish } from '../../model/diagnostics.js';
import { placedIn, type DeliveryReport } from '../../model/report.js';
import type { BroadcastAudience } from '../../model/store.js';
import type { Tally, TallyEnd } from './tally.js';

export interface Conclusion extends Omit<TallyEnd, 'durationMs' | 'placed'> {
  readonly tally: Tally;
  readonly audience: BroadcastAudience;
  readonly places?: readonly RoomPlace[] | undefined;
  /** By `performance.now()`. */
  readonly startedAt: number;
}

/** Writes the report of a broadcast that has ended, and shows it to the local gateway when one watches. */
export function conclude({ tally, audience, places, startedAt, ...end }: Conclusion): DeliveryReport {
  const durationMs = performance.now() - startedAt;
  const report = tally.report({ ...end, durationMs, placed: placedIn(audience, places) });
  if (isWatched()) publish({ type: 'broadcast', audience, startedAt: Date.now() - durationMs, report });
  return report;
}
