import type { ClientEntry, ClientKind } from './clients/table.js';
import type { Load, LoadJob, LoadPlan, Sent } from './load-worker.js';
import { startWorker } from './processes.js';
import { progress } from './progress.js';
import type { Bench } from './server/server.js';
import { rounded, spreadOf, type Spread } from './statistics.js';

/** What one client did in all rounds. */
export interface LoadRow {
  readonly name: string;
  readonly label: string;
  readonly kind: ClientKind;
  /** In all rounds together, warm-up left out. */
  readonly sends: number;
  readonly failed: number;
  readonly reason?: string | undefined;
  /** Requests that the server counted in the same time, retries among them. */
  readonly answered: number;
  readonly sendsPerSecond: Spread;
  readonly cpuMicrosPerSend: Spread;
  readonly peakRssMb: number;
  /** How much of a core each side used, 1 being all of it; medians. */
  readonly clientShare: number;
  readonly serverShare: number;
}

/** A server at this share of its core is what limits the rate; the client's CPU per send still holds. */
export const SATURATED_SHARE = 0.9;

interface Round extends Load {
  readonly answered: number;
  readonly serverCpuMicros: number;
}

export interface LoadOptions extends LoadPlan {
  readonly rounds: number;
  readonly delayMs: number;
}

/**
 * Measures every client once, then every client once more, and so on: a slow minute of the machine hits them
 * all.
 */
export async function measureLoad(
  bench: Bench,
  entries: readonly ClientEntry[],
  options: LoadOptions,
): Promise<LoadRow[]> {
  const port = await bench.portWithDelay(options.delayMs);
  const rounds = new Map<ClientEntry, Round[]>(entries.map((entry) => [entry, []]));
  for (let round = 1; round <= options.rounds; round++) {
    for (const entry of entries) {
      progress(`${options.delayMs} ms latency, round ${round} of ${options.rounds}: ${entry.label}`);
      rounds.get(entry)?.push(await measureOnce(bench, entry, port, options));
    }
  }
  return entries.map((entry) => rowOf(entry, rounds.get(entry) ?? []));
}

async function measureOnce(
  { server, env }: Bench,
  entry: ClientEntry,
  port: number,
  plan: LoadPlan,
): Promise<Round> {
  const { window, room, warmUpMs, measureMs } = plan;
  const target = { origin: `https://localhost:${port}`, port };
  const job: LoadJob = { client: entry.name, target, window, room, warmUpMs, measureMs };
  const before = await server.answered();
  const worker = startWorker('client', new URL('load-worker.js', import.meta.url), job, { env });
  try {
    const warmUp = await worker.hear<Sent>();
    const warm = await server.answered();
    checkCounts(entry.label, warmUp, warm - before);
    const cpuBefore = await server.cpuMicros();
    const load = await worker.ask<Load>({});
    const serverCpuMicros = (await server.cpuMicros()) - cpuBefore;
    const answered = (await server.answered()) - warm;
    checkCounts(entry.label, load, answered);
    return { ...load, answered, serverCpuMicros };
  } finally {
    await worker.stop();
  }
}

/**
 * A client that counts sends which the server has not seen would win every comparison. The server may have
 * seen more: a broadcast retries what was not answered in time.
 */
export function checkCounts(label: string, { sends, failed }: Sent, answered: number): void {
  if (sends === 0 && failed === 0) throw new Error(`${label}: sent nothing`);
  if (answered < sends) throw new Error(`${label}: counted ${sends} sends, the server ${answered}`);
}

function rowOf({ name, label, kind }: ClientEntry, rounds: readonly Round[]): LoadRow {
  const total = (of: (round: Round) => number): number => rounds.reduce((sum, round) => sum + of(round), 0);
  // A round in which everything failed is counted and named, but has no rate.
  const worked = rounds.filter(({ sends }) => sends > 0);
  const spread = (of: (round: Round) => number): Spread => rounded(spreadOf(worked.map(of)));
  return {
    name,
    label,
    kind,
    sends: total(({ sends }) => sends),
    failed: total(({ failed }) => failed),
    reason: rounds.find(({ reason }) => reason !== undefined)?.reason,
    answered: total(({ answered }) => answered),
    sendsPerSecond: spread(({ sends, seconds }) => sends / seconds),
    cpuMicrosPerSend: spread(({ cpuMicros, sends }) => cpuMicros / sends),
    peakRssMb: spread(({ peakRssBytes }) => peakRssBytes / 1e6).median,
    clientShare: spread(({ cpuMicros, seconds }) => cpuMicros / 1e6 / seconds).median,
    serverShare: spread(({ serverCpuMicros, seconds }) => serverCpuMicros / 1e6 / seconds).median,
  };
}
