import type { Broadcaster, Forecast } from 'yc-broadcast';
import { compareLanes, type LaneChoice } from 'yc-broadcast/lanes';
import type { board, Score } from './contract.js';

/** A forecast counts the viewers, which reads the store; they do not change so much in this time. */
const FORECAST_MS = 10_000;

export interface LaneChooser {
  choose(broadcaster: Broadcaster<typeof board>, score: Score): Promise<LaneChoice>;
}

/** Which way a score goes: to each viewer, or once for the whole path. The final score has to arrive. */
export function createLaneChooser(triggerSeconds: number, now: () => number): LaneChooser {
  let latest: { readonly forecast: Forecast; readonly at: number } | undefined;

  return {
    async choose(broadcaster, score) {
      if (latest === undefined || now() - latest.at >= FORECAST_MS)
        latest = { forecast: await broadcaster.toAll().forecast('score', score), at: now() };
      return compareLanes(latest.forecast, { mustArrive: score.isFinal, triggerSeconds });
    },
  };
}
