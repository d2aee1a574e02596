import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { barChart } from './chart.js';
import { cold, type ColdResult } from './cold.js';
import { engine, type EngineResult } from './engine/engine.js';
import type { FanoutResult } from './fanout/result.js';
import { fanout } from './fanout/section.js';
import { gateway, type GatewayResult } from './gateway/gateway.js';
import { pipeline, type PipelineResult } from './pipeline.js';
import { sends, type SendsResult } from './sends.js';
import { simulation, type SimulationResult } from './simulation/section.js';
import { start, type StartResult } from './start.js';
import type { StoresResult } from './stores/result.js';
import { stores } from './stores/stores.js';
import { markdown, type Table } from './table.js';

/** What has been measured so far, each part with the machine and the day that it was measured on. */
export interface Summary {
  readonly sends?: SendsResult;
  readonly pipeline?: PipelineResult;
  readonly cold?: ColdResult;
  readonly start?: StartResult;
  readonly engine?: EngineResult;
  readonly stores?: StoresResult;
  readonly gateway?: GatewayResult;
  readonly fanout?: FanoutResult;
  readonly simulate?: SimulationResult;
}

/** The summary of an earlier run, to which new parts are added; an empty one when there is none. */
export async function readSummary(directory: string): Promise<Summary> {
  try {
    return JSON.parse(await readFile(join(directory, 'summary.json'), 'utf8')) as Summary;
  } catch (reason) {
    if ((reason as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw reason;
  }
}

/**
 * Writes `summary.json` with everything, `summary.md` with the tables, and a chart for each part that has
 * one.
 */
export async function writeResults(directory: string, summary: Summary): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  await writeFile(join(directory, 'summary.md'), tablesOf(summary).map(asMarkdown).join('\n'));
  if (summary.sends !== undefined)
    await writeFile(join(directory, 'sends.svg'), barChart(sends.chart(summary.sends)));
  if (summary.cold !== undefined)
    await writeFile(join(directory, 'cold.svg'), barChart(cold.chart(summary.cold)));
  if (summary.simulate !== undefined)
    await writeFile(join(directory, 'simulate.svg'), barChart(simulation.chart(summary.simulate)));
}

function tablesOf(summary: Summary): Table[] {
  return [
    ...(summary.sends === undefined ? [] : sends.tables(summary.sends)),
    ...(summary.pipeline === undefined ? [] : pipeline.tables(summary.pipeline)),
    ...(summary.cold === undefined ? [] : cold.tables(summary.cold)),
    ...(summary.start === undefined ? [] : start.tables(summary.start)),
    ...(summary.engine === undefined ? [] : engine.tables(summary.engine)),
    ...(summary.stores === undefined ? [] : stores.tables(summary.stores)),
    ...(summary.gateway === undefined ? [] : gateway.tables(summary.gateway)),
    ...(summary.fanout === undefined ? [] : fanout.tables(summary.fanout)),
    ...(summary.simulate === undefined ? [] : simulation.tables(summary.simulate)),
  ];
}

function asMarkdown(table: Table): string {
  const notes = table.notes.map((note) => `- ${note}\n`).join('');
  return `## ${table.title}\n\n${markdown(table)}\n\n${notes}`;
}
