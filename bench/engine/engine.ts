import { thisMachine, type Machine } from '../machine.js';
import { grouped, range, times } from '../numbers.js';
import { startWorker } from '../processes.js';
import { progress } from '../progress.js';
import type { Section } from '../section.js';
import { rounded, spreadOf, type Spread } from '../statistics.js';
import { left, right } from '../table.js';
import type { EngineJob, EngineRun } from './worker.js';

export interface EngineRow {
  readonly name: string;
  readonly label: string;
  readonly recipients: number;
  readonly cpuMicrosPerRecipient: Spread;
  readonly rssGrowthMb: Spread;
}

export interface EngineResult {
  readonly machine: Machine;
  readonly rounds: number;
  readonly rows: readonly EngineRow[];
}

const ENTRIES = [
  { name: 'broadcaster', label: 'createBroadcaster', recipients: 1_000_000 },
  { name: 'loop', label: 'bare loop', recipients: 1_000_000 },
  { name: 'p-limit', label: 'p-limit, bounded', recipients: 200_000 },
  { name: 'p-retry', label: 'p-limit + p-retry', recipients: 200_000 },
  { name: 'map-limit', label: 'recipients.map(limit)', recipients: 1_000_000 },
  { name: 'logs', label: '… with logs()', recipients: 200_000 },
  { name: 'telemetry', label: '… with openTelemetry()', recipients: 200_000 },
  { name: 'telemetry-spans', label: '… with a span for every send', recipients: 200_000 },
] as const;

/**
 * What the engine costs when the network costs nothing: CPU per recipient, and memory for a very large room.
 */
export const engine: Section<EngineResult> = {
  async measure({ isQuick, rounds }) {
    const entries = ENTRIES.map((entry) => ({ ...entry, recipients: isQuick ? 2000 : entry.recipients }));
    const runs = new Map<string, EngineRun[]>();
    for (let round = 1; round <= rounds; round++) {
      for (const { name, label, recipients } of entries) {
        progress(`engine, round ${round} of ${rounds}: ${label}`);
        runs.set(name, [...(runs.get(name) ?? []), await runOnce({ engine: name, recipients })]);
      }
    }
    const rows = entries.map((entry) => rowOf(entry, runs.get(entry.name) ?? []));
    return { machine: thisMachine(), rounds, rows };
  },
  tables({ rows }) {
    const ours = rows[0]?.cpuMicrosPerRecipient.median ?? NaN;
    return [
      {
        title: 'Engine: a transport that answers at once, a store that streams',
        columns: [
          left('engine'),
          right('recipients'),
          right('CPU µs each'),
          right('min–max'),
          right('× CPU'),
          right('RSS + MB'),
        ],
        rows: rows.map((row) => [
          row.label,
          grouped(row.recipients),
          grouped(row.cpuMicrosPerRecipient.median),
          range(row.cpuMicrosPerRecipient),
          times(row.cpuMicrosPerRecipient.median / ours),
          grouped(row.rssGrowthMb.median),
        ]),
        notes: ['Reading the store is in all of them. Only createBroadcaster reports, times out and adapts.'],
      },
    ];
  },
};

async function runOnce(job: EngineJob): Promise<EngineRun> {
  const worker = startWorker('client', new URL('worker.js', import.meta.url), job, {
    nodeFlags: ['--expose-gc'],
  });
  try {
    const run = await worker.hear<EngineRun>();
    if (run.reached !== job.recipients)
      throw new Error(`${job.engine} reached ${run.reached} of ${job.recipients}`);
    return run;
  } finally {
    await worker.stop();
  }
}

function rowOf(
  { name, label, recipients }: Pick<EngineRow, 'name' | 'label' | 'recipients'>,
  runs: readonly EngineRun[],
): EngineRow {
  return {
    name,
    label,
    recipients,
    cpuMicrosPerRecipient: rounded(spreadOf(runs.map(({ cpuMicros }) => cpuMicros / recipients))),
    rssGrowthMb: rounded(spreadOf(runs.map(({ rssGrowthBytes }) => rssGrowthBytes / 1e6))),
  };
}
