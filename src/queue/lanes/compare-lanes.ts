import * as z from 'zod/mini';
import type { Forecast } from '../../server/fanout/forecast.js';
import { lazily, parseOptions } from '../../base/options.js';
import { costOfSends, usdOf } from './cost.js';
import { CPU_MICROS_PER_SEND } from './measured-figures.js';
import { PLATFORM } from './platform-figures.js';

/**
 * - `direct`: `send`, one call of the gateway for each recipient, with retries and a report.
 * - `dispatch`: the same in shares, through a queue, since one call of the function has not the time.
 * - `native`: `pathBroadcaster`, one message for every socket of a path: best effort, no report.
 */
export type LaneName = 'direct' | 'dispatch' | 'native';

/** What a choice of lanes has to respect, and what it reckons with. */
export interface LaneOptions {
  /**
   * Whether it matters that each gets it: retries, a report, a history. Then the native lane is none.
   * @default false
   */
  readonly mustArrive?: boolean | undefined;
  /** Memory of the function, in MB, which is also its share of a core. @default 128 */
  readonly memoryMb?: number | undefined;
  /**
   * How long the queue's trigger takes, in seconds. For a batch of one this is not documented; measure yours.
   * @default 1
   */
  readonly triggerSeconds?: number | undefined;
}

/** What one lane takes for a message. */
export interface LaneCost {
  /** Until the last one is sent, as far as it can be told. */
  readonly seconds: number;
  /** Of the function: its time and calls, beyond the free part of a month. */
  readonly usd: number;
  /** Messages for the queue, which are paid for apart. */
  readonly queueMessages: number;
}

/** The lane that was chosen, why, and what both would take. */
export interface LaneChoice {
  readonly lane: LaneName;
  /** A sentence for people. */
  readonly why: string;
  readonly direct: LaneCost;
  readonly native: LaneCost;
}

const optionsSchema = lazily(() =>
  z.strictObject({
    mustArrive: z._default(z.boolean(), false),
    memoryMb: z._default(z.number().check(z.minimum(128), z.maximum(4096)), 128),
    triggerSeconds: z._default(z.number().check(z.minimum(0), z.maximum(60)), 1),
  }),
);

/**
 * Chooses the lane of a message that is the same for everybody on a path, and says why. The time is what
 * `forecast` foresees at this instance's pace, or what its share of a core and the platform's limit of
 * packets leave, if that is longer; costs are computed as those of `docs/cost.md` are.
 *
 * Throws `INVALID_OPTIONS` that names the option.
 *
 * @example
 * const { lane, why } = compareLanes(await broadcaster.toAll().forecast('score', score));
 * await (lane === 'native' ? live.send('score', score) : broadcaster.toAll().send('score', score));
 */
export function compareLanes(forecast: Forecast, options: LaneOptions = {}): LaneChoice {
  const { mustArrive, memoryMb, triggerSeconds } = parseOptions(optionsSchema(), options, 'compareLanes');
  const { recipients, seconds, fitsDeadline } = forecast;
  const call = PLATFORM.billedMs / 1000;
  const sends = costOfSends(recipients, CPU_MICROS_PER_SEND, memoryMb, Math.max(seconds, call));
  const direct = {
    seconds: Math.max(recipients / sends.sendsPerSecond, seconds),
    usd: sends.usd,
    queueMessages: 0,
  };
  const native = { seconds: triggerSeconds, usd: usdOf(memoryMb, call, 1), queueMessages: 1 };
  const lanes = { direct, native };
  return { ...choose(recipients, lanes, mustArrive, fitsDeadline !== false), ...lanes };
}

function choose(
  recipients: number,
  { direct, native }: Pick<LaneChoice, 'direct' | 'native'>,
  mustArrive: boolean,
  fitsDeadline: boolean,
): Pick<LaneChoice, 'lane' | 'why'> {
  const [sends, take, cost] =
    recipients === 1 ? ['1 send', 'takes', 'costs'] : [`${grouped(recipients)} sends`, 'take', 'cost'];
  const apart = `${sends} ${take} ${time(direct.seconds)} and ${cost} ${money(direct.usd)} per million broadcasts`;
  const together = `one message for the path takes ${time(native.seconds)} and costs ${money(native.usd)}`;
  if (!fitsDeadline && mustArrive)
    return { lane: 'dispatch', why: `it must arrive, and ${apart}: more time than this call has` };
  if (mustArrive) return { lane: 'direct', why: `it must arrive, and only sends are reported; ${apart}` };
  if (!fitsDeadline) return { lane: 'native', why: `${apart}, more time than this call has; ${together}` };
  return { lane: direct.seconds <= native.seconds ? 'direct' : 'native', why: `${apart}; ${together}` };
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

function time(seconds: number): string {
  if (seconds < 1) return `${Math.ceil(seconds * 1000)} ms`;
  return seconds < 120 ? `${Number(seconds.toPrecision(2))} s` : `${Math.round(seconds / 60)} min`;
}

/** Of a million: one costs too little to be written down. */
function money(usd: number): string {
  return `$${(usd * 1_000_000).toFixed(2)}`;
}
