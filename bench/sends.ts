import { chosen, SENDERS } from './clients/table.js';
import { hasH2load, measureH2load } from './h2load.js';
import { measureLoad, type LoadRow } from './load.js';
import { loadNotes, loadTable, referenceOf } from './load-table.js';
import { thisMachine, type Machine } from './machine.js';
import { grouped, percent } from './numbers.js';
import { progress } from './progress.js';
import type { Section } from './section.js';
import { startBench, type Bench, type ServerKind } from './server/server.js';
import { rounded, spreadOf, type Spread } from './statistics.js';
import { right, type Table } from './table.js';

/** One latency. */
export interface SendsRun {
  readonly delayMs: number;
  readonly rows: readonly LoadRow[];
  /** What `h2load` reached on one connection, where it is installed. */
  readonly h2loadPerSecond?: Spread | undefined;
}

export interface SendsResult {
  readonly machine: Machine;
  readonly server: ServerKind;
  readonly window: number;
  readonly room: number;
  readonly rounds: number;
  readonly runs: readonly SendsRun[];
}

const WINDOW = 100;
const DELAYS_MS = [0, 20];

/** Warm rate and CPU per send of every client, without and with latency. */
export const sends = {
  async measure(options) {
    const bench = await startBench(options.server);
    const plan = {
      window: WINDOW,
      room: options.isQuick ? 50 : 500,
      warmUpMs: options.isQuick ? 20 : 1500,
      measureMs: options.isQuick ? 60 : 2000,
      rounds: options.rounds,
    };
    try {
      const runs: SendsRun[] = [];
      for (const delayMs of DELAYS_MS) {
        const rows = await measureLoad(bench, chosen(SENDERS, options.clients), { ...plan, delayMs });
        runs.push({
          delayMs,
          rows,
          h2loadPerSecond: await measureLimit(bench, { ...plan, delayMs }),
        });
      }
      const { window, room, rounds } = plan;
      return { machine: thisMachine(), server: bench.server.name, window, room, rounds, runs };
    } finally {
      await bench.close();
    }
  },
  tables: (result) => result.runs.map((run) => tableOf(result, run)),
  chart({ runs: [first], window }) {
    const rows = first?.rows ?? [];
    return {
      title: `CPU per send in µs, ${window} under way (less is better)`,
      bars: rows
        .filter(({ sends }) => sends > 0)
        .sort((a, b) => a.cpuMicrosPerSend.median - b.cpuMicrosPerSend.median)
        .map(({ label, kind, cpuMicrosPerSend, sendsPerSecond }) => ({
          label,
          value: cpuMicrosPerSend.median,
          text: `${grouped(cpuMicrosPerSend.median)} µs · ${grouped(sendsPerSecond.median)} sends/s`,
          isOurs: kind === 'ours',
        })),
    };
  },
} satisfies Section<SendsResult>;

async function measureLimit(
  bench: Bench,
  plan: { window: number; warmUpMs: number; measureMs: number; rounds: number; delayMs: number },
): Promise<Spread | undefined> {
  if (!hasH2load) return undefined;
  const port = await bench.portWithDelay(plan.delayMs);
  const rates: number[] = [];
  for (let round = 1; round <= plan.rounds; round++) {
    progress(`${plan.delayMs} ms latency, round ${round} of ${plan.rounds}: h2load`);
    rates.push(await measureH2load({ ...plan, port, directory: bench.directory }));
  }
  return rounded(spreadOf(rates));
}

function tableOf({ window, room, server }: SendsResult, { delayMs, rows, h2loadPerSecond }: SendsRun): Table {
  const possible = window / (delayMs / 1000);
  const ofPossible = {
    column: right('of max'),
    cell: ({ name, sendsPerSecond }: LoadRow) =>
      name === 'promise-all-fetch' ? '–' : percent(sendsPerSecond.median / possible),
  };
  const { columns, cells } = loadTable(rows, delayMs === 0 ? undefined : ofPossible);
  const notes = loadNotes(rows, server, delayMs);
  if (delayMs === 0)
    notes.push(`× SDK: sends per second, against ${referenceOf(rows, 'sdk')?.label ?? 'the SDK'}.`);
  else notes.push(`of max: of window ÷ latency, ${grouped(possible)} sends per second.`);
  if (rows.some(({ name }) => name === 'promise-all-fetch'))
    notes.push(`Promise.all(fetch) has no window: it takes rooms of ${grouped(room)} at once.`);
  if (h2loadPerSecond !== undefined)
    notes.push(`h2load (C, one connection) reached ${grouped(h2loadPerSecond.median)} requests per second.`);
  return {
    title: `Sends, ${window} under way, ${delayMs} ms latency added, server: ${server}`,
    columns,
    rows: rows.map(cells),
    notes,
  };
}
