/**
 * A process that starts, sends and is done, as an instance of a function does when nobody was there before.
 * Imports nothing and has no channel to its parent, since either would load modules before the clock starts.
 */
import type { Client } from './clients/client.js';
import type { Target } from './target.js';

export interface ColdJob {
  /** The client's module, a file or a bundle. */
  readonly module: string;
  readonly target: Target;
  /** None: only the import is measured. */
  readonly sends: number;
}

/** Times in milliseconds since this module began to run. */
export interface ColdStart {
  readonly importMs: number;
  readonly doneMs: number;
  /** From the start of the process. */
  readonly sinceStartMs: number;
  readonly cpuMs: number;
  readonly peakRssBytes: number;
  readonly accepted: number;
}

const startedAt = performance.now();
const { module, target, sends } = JSON.parse(process.argv[2] ?? '{}') as ColdJob;
const { open } = (await import(module)) as { open?: (target: Target) => Client };
const importMs = performance.now() - startedAt;
const accepted = open === undefined || sends === 0 ? 0 : await sendAll(open(target));
const doneMs = performance.now() - startedAt;
const { user, system } = process.cpuUsage();
const result: ColdStart = {
  importMs,
  doneMs,
  sinceStartMs: performance.now(),
  cpuMs: (user + system) / 1000,
  peakRssBytes: process.resourceUsage().maxRSS * 1024,
  accepted,
};
console.log(JSON.stringify(result));
process.exit();

async function sendAll(client: Client): Promise<number> {
  if ('sendRoom' in client) return client.sendRoom(sends);
  const ids = Array.from({ length: sends }, (_, index) => `c${String(index).padStart(19, '0')}`);
  await Promise.all(ids.map((id) => client.send(id)));
  return sends;
}
