import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { costFigures } from './cost.js';
import { referenceOf } from './load-table.js';
import { http2Figures } from './http2-figures.js';
import { grouped, times } from './numbers.js';
import { quotaFigures } from './quota.js';
import type { Summary } from './results.js';
import { observerFigures } from './observers.js';
import { scaleFigures } from './scale.js';
import { storeFigures } from './stores/tables.js';
import { left, markdown, right } from './table.js';

const BEGIN = '<!-- bench:begin, written by `npm run bench -- --record` -->';
const END = '<!-- bench:end -->';

/** Puts the recorded figures between the markers of the README and of the pages that have some. */
export async function updatePages(root: string, summary: Summary): Promise<void> {
  await rewrite(join(root, 'README.md'), (page) => withFigures(page, summary));
  await rewrite(join(root, 'docs/stores.md'), (page) => withStoreFigures(page, summary));
  await rewrite(join(root, 'docs/http2.md'), (page) => withHttp2Figures(page, summary));
  await rewrite(join(root, 'docs/cost.md'), (page) => withCosts(page, summary));
  await rewrite(join(root, 'docs/quotas.md'), withQuotas);
  await rewrite(join(root, 'docs/observability.md'), (page) => withObserverFigures(page, summary));
  await rewrite(join(root, 'docs/scale.md'), (page) => withScale(page, summary));
  await rewrite(join(root, 'src/queue/lanes/measured-figures.ts'), (module) => withMeasured(module, summary));
}

async function rewrite(file: string, change: (page: string) => string): Promise<void> {
  await writeFile(file, change(await readFile(file, 'utf8')));
}

/** The README's text with these figures in it. Throws when it has no place for them. */
export function withFigures(readme: string, summary: Summary): string {
  return between(readme, 'README.md', figuresOf(summary));
}

/** The same for `docs/stores.md`. */
export function withStoreFigures(page: string, { stores }: Summary): string {
  return between(page, 'docs/stores.md', stores === undefined ? '' : storeFigures(stores));
}

/** The same for `docs/http2.md`. */
export function withHttp2Figures(page: string, summary: Summary): string {
  return between(page, 'docs/http2.md', http2Figures(summary));
}

/** The same for `docs/cost.md`. */
export function withCosts(page: string, summary: Summary): string {
  return between(page, 'docs/cost.md', costFigures(summary));
}

/** The same for `docs/quotas.md`, whose figures depend on nothing that is measured. */
export function withQuotas(page: string): string {
  return between(page, 'docs/quotas.md', quotaFigures());
}

/** The same for `docs/observability.md`. */
export function withObserverFigures(page: string, summary: Summary): string {
  return between(page, 'docs/observability.md', observerFigures(summary));
}

/** The same for `docs/scale.md`. */
export function withScale(page: string, summary: Summary): string {
  return between(page, 'docs/scale.md', scaleFigures(summary));
}

/** The figure that `compareLanes` computes costs with: the one of `docs/cost.md`. */
export function withMeasured(module: string, { pipeline }: Summary): string {
  const ours = pipeline && referenceOf(pipeline.rows, 'ours')?.cpuMicrosPerSend.median;
  return ours === undefined ? module : module.replace(/(CPU_MICROS_PER_SEND = )[\d.]+/, `$1${ours}`);
}

function between(page: string, name: string, figures: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${name} needs the lines ${BEGIN} and ${END}`);
  const middle = figures === '' ? '\n' : `\n\n${figures}\n\n`;
  return page.slice(0, begin + BEGIN.length) + middle + page.slice(end);
}

/** Everything that the README says in figures; nothing while nothing was recorded. */
export function figuresOf(summary: Summary): string {
  return [
    sendsFigures(summary),
    pipelineFigures(summary),
    coldFigures(summary),
    startFigures(summary),
    engineFigures(summary),
    machineLine(summary),
  ]
    .filter((text) => text !== undefined)
    .join('\n\n');
}

function sendsFigures({ sends }: Summary): string | undefined {
  const rows = sends?.runs[0]?.rows;
  if (rows === undefined) return undefined;
  const sdk = referenceOf(rows, 'sdk')?.sendsPerSecond.median ?? NaN;
  const table = markdown({
    columns: [left('client'), right('sends per second'), right('CPU µs per send'), right('against the SDK')],
    rows: rows.map(({ label, sendsPerSecond, cpuMicrosPerSend }) => [
      label,
      grouped(sendsPerSecond.median),
      grouped(cpuMicrosPerSend.median),
      times(sendsPerSecond.median / sdk),
    ]),
  });
  return `![CPU per send of each client](bench/results/sends.svg)\n\n${table}`;
}

function pipelineFigures({ pipeline }: Summary): string | undefined {
  const ours = pipeline && referenceOf(pipeline.rows, 'ours');
  if (ours === undefined) return undefined;
  return `A whole broadcast, from the store's page to the report: ${grouped(ours.cpuMicrosPerSend.median)} µs of CPU per recipient.`;
}

function coldFigures({ cold }: Summary): string | undefined {
  const ours = cold?.bundled.find(({ isOurs }) => isOurs);
  const sdk = cold?.bundled.find(({ name }) => name === 'sdk3');
  const commonJs = cold?.bundled.find(({ name }) => name === 'sdk3-cjs');
  if (cold === undefined || ours === undefined || sdk === undefined) return undefined;
  const otherwise = commonJs === undefined ? '' : ` (${grouped(commonJs.doneMs.median)} ms as CommonJS)`;
  return (
    `Cold, bundled: ${cold.sends} sends answered ${grouped(ours.doneMs.median)} ms after the start of main; ` +
    `with the official SDK 3.2, ${grouped(sdk.doneMs.median)} ms${otherwise}. The bundle with the default transport has ` +
    `${grouped(cold.core.bundleBytes / 1000)} KB and is imported in ${grouped(cold.core.importMs.median)} ms.`
  );
}

function startFigures({ start }: Summary): string | undefined {
  const chat = start?.examples.find(({ name }) => name === 'chat');
  if (chat === undefined) return undefined;
  const times = Object.entries(chat.readyMs).map(
    ([version, { median }]) => `${grouped(median)} ms in Node.js ${version}`,
  );
  return (
    `The [chat example](examples/chat), bundled with its store and all else that it needs, has ` +
    `${grouped(chat.bundleBytes / 1000)} KB and is imported and ready in ${times.join(', ')}.`
  );
}

function engineFigures({ engine }: Summary): string | undefined {
  const ours = engine?.rows[0];
  if (ours === undefined) return undefined;
  return (
    `The engine itself takes ${grouped(ours.cpuMicrosPerRecipient.median)} µs per recipient; one broadcast to ` +
    `${grouped(ours.recipients)} of them adds ${grouped(ours.rssGrowthMb.median)} MB of memory.`
  );
}

function machineLine({ sends }: Summary): string | undefined {
  if (sends === undefined) return undefined;
  const { machine, server, rounds, window } = sends;
  return (
    `Medians of ${rounds} rounds, ${window} sends under way, 200 bytes each, ${server} over TLS on the other core; ` +
    `Node.js ${machine.node}, ${machine.day}. Compare within a run; [how it is measured](bench/README.md).`
  );
}
