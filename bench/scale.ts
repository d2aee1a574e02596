import { runsTable, troubleTable } from './fanout/tables.js';
import type { Summary } from './results.js';
import { simulationTable } from './simulation/section.js';
import { markdown, type Table } from './table.js';

/** What `docs/scale.md` says in figures; nothing while nothing was recorded. */
export function scaleFigures({ simulate, fanout }: Summary): string {
  return [
    ...(simulate === undefined ? [] : [CHART, withTitle(simulationTable(simulate))]),
    ...(fanout === undefined ? [] : [withTitle(runsTable(fanout)), withTitle(troubleTable(fanout))]),
  ].join('\n\n');
}

const CHART = '![Seconds until a million are reached, for each quota](../bench/results/simulate.svg)';

function withTitle({ title, notes, ...table }: Table): string {
  const list = notes.map((note) => `- ${note}`).join('\n');
  return [`**${title}**`, markdown(table), list].join('\n\n');
}
