import { chosen, PIPELINES } from './clients/table.js';
import { measureLoad, type LoadRow } from './load.js';
import { loadNotes, loadTable } from './load-table.js';
import { thisMachine, type Machine } from './machine.js';
import { grouped } from './numbers.js';
import type { Section } from './section.js';
import { startBench, type ServerKind } from './server/server.js';

export interface PipelineResult {
  readonly machine: Machine;
  readonly server: ServerKind;
  readonly room: number;
  readonly rounds: number;
  readonly rows: readonly LoadRow[];
}

/** Everything that a broadcast does, from the store's page to the report, next to clients that only send. */
export const pipeline: Section<PipelineResult> = {
  async measure({ isQuick, rounds, clients, server }) {
    const bench = await startBench(server);
    const room = isQuick ? 200 : 10_000;
    const plan = {
      window: 100,
      room,
      warmUpMs: isQuick ? 20 : 1500,
      measureMs: isQuick ? 60 : 2000,
      rounds,
      delayMs: 0,
    };
    try {
      const rows = await measureLoad(bench, chosen(PIPELINES, clients), plan);
      return { machine: thisMachine(), server: bench.server.name, room, rounds, rows };
    } finally {
      await bench.close();
    }
  },
  tables({ rows, server, room }) {
    const { columns, cells } = loadTable(rows);
    return [
      {
        title: `Pipeline: store page → report, rooms of ${grouped(room)}, server: ${server}`,
        columns,
        rows: rows.map(cells),
        notes: [...loadNotes(rows, server, 0), 'All but createBroadcaster only send: no store, no report.'],
      },
    ];
  },
};
