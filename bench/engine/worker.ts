/** One engine in a process of its own; started with `--expose-gc`. */
import { jobGiven, say } from '../processes.js';
import { streamingStore } from '../streaming-store.js';
import { ENGINES, instantTransport } from './variants.js';

export interface EngineJob {
  readonly engine: string;
  readonly recipients: number;
}

export interface EngineRun {
  readonly reached: number;
  readonly cpuMicros: number;
  /** The most memory during the run, above what the warm process had before it. */
  readonly rssGrowthBytes: number;
}

const WARM_UP_RECIPIENTS = 20_000;

const { engine, recipients } = jobGiven() as EngineJob;
const run = ENGINES[engine];
if (run === undefined) throw new Error(`there is no engine ${engine}`);

await run(streamingStore(Math.min(recipients, WARM_UP_RECIPIENTS)), instantTransport());
globalThis.gc?.();
const rssBefore = process.memoryUsage.rss();
const cpuBefore = process.cpuUsage();
const reached = await run(streamingStore(recipients), instantTransport());
const { user, system } = process.cpuUsage(cpuBefore);
const peakBytes = process.resourceUsage().maxRSS * 1024;
const result: EngineRun = {
  reached,
  cpuMicros: user + system,
  rssGrowthBytes: Math.max(0, peakBytes - rssBefore),
};
await say(result);
process.exit();
