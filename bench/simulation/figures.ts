import { markdown } from '../table.js';
import { simulationTable, type SimulationResult } from './section.js';

/** What `docs/scale.md` says in figures. */
export function simulationFigures(result: SimulationResult): string {
  const { title, notes, ...table } = simulationTable(result);
  return [
    '![Seconds until a million are reached, for each quota](../bench/results/simulate.svg)',
    `**${title}**`,
    markdown(table),
    notes.map((note) => `- ${note}`).join('\n'),
  ].join('\n\n');
}
