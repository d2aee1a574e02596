/** One engine in a process of its own; started with `--expose-gc`. */
import { jobGiven, say } from '../processes.js';
import { streamingStore } from '../streaming-store.js';
import { ENGINES, instantTransport, type Engine } from './variants.js';

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
// Only those who need it load OpenTelemetry: its memory is not the engine's.
const observed = (): Promise<Readonly<Record<string, Engine>>> =>
  import('./observed.js').then(({ OBSERVED }) => OBSERVED);
const run = ENGINES[engine] ?? (await observed())[engine];
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
