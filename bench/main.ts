import { cold } from './cold.js';
import { referenceOf } from './load-table.js';
import { parseCommand, type SectionName } from './command.js';
import { engine } from './engine/engine.js';
import { fanout } from './fanout/section.js';
import { updatePages } from './figures.js';
import { gateway } from './gateway/gateway.js';
import { pipeline } from './pipeline.js';
import { endProgress } from './progress.js';
import { readSummary, writeResults, type Summary } from './results.js';
import type { BenchOptions, Section } from './section.js';
import { sends } from './sends.js';
import { simulation } from './simulation/section.js';
import { start } from './start.js';
import { stores } from './stores/stores.js';
import { plainText } from './table.js';

const SECTIONS = {
  sends,
  pipeline,
  cold,
  start,
  engine,
  stores,
  gateway,
  fanout,
  simulate: simulation,
} satisfies Record<SectionName, unknown>;

/** Runs the command and returns its exit code. `root` is the directory of the repository. */
export async function main(args: string[], root: string): Promise<number> {
  const command = parseCommand(args);
  if (typeof command === 'string') {
    console.error(command);
    return args.includes('--help') ? 0 : 2;
  }
  const { names, options, isRecorded, out } = command;
  const directory = out ?? `${root}/bench/results${isRecorded ? '' : '/latest'}`;
  let summary = await readSummary(directory);
  const { pipeline: recorded } = await readSummary(`${root}/bench/results`);
  const cpuMicrosPerSend = recorded && referenceOf(recorded.rows, 'ours')?.cpuMicrosPerSend.median;
  for (const name of names) {
    summary = { ...summary, ...(await runSection(name, { root, cpuMicrosPerSend, ...options })) };
    // After each, so that a run that is broken off leaves what it has.
    await writeResults(directory, summary);
  }
  if (names.length === 0) await writeResults(directory, summary);
  console.log(`Written to ${directory}`);
  if (isRecorded) await updatePages(root, summary);
  return 0;
}

async function runSection(name: SectionName, options: BenchOptions): Promise<Summary> {
  return { [name]: await measureAndPrint(SECTIONS[name] as Section<unknown>, options) };
}

async function measureAndPrint<R>(section: Section<R>, options: BenchOptions): Promise<R> {
  const result = await section.measure(options);
  endProgress();
  for (const table of section.tables(result)) console.log(`${plainText(table)}\n`);
  return result;
}
