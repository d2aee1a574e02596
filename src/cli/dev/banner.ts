import { relative } from 'node:path';
import type { TriggerSummary } from '../../emulator/index.js';
import { parseEntry } from '../../emulator/code/entry.js';
import { keysLine } from './hot-keys.js';
import type { Palette } from '../terminal/palette.js';

export interface BannerFacts {
  readonly port: number;
  readonly paths: readonly string[];
  /** Plain HTTP, such as `GET /login`. */
  readonly httpPaths: readonly string[];
  /** What the specification asks for in vain. */
  readonly warnings: readonly string[];
  /** As it was written; `undefined` when there is not just one function. */
  readonly entry: string | undefined;
  readonly hasPages: boolean;
  /** Address of the store that instances share. */
  readonly store: string | undefined;
  /** What reads which queue. */
  readonly triggers: readonly TriggerSummary[];
  /** Address of the TLS port. */
  readonly tlsEndpoint: string | undefined;
  /** Of the authority to trust, when code that is written for the cloud is led here. */
  readonly caFile: string | undefined;
  /** How functions run: instances and their limits. `undefined` when there are none. */
  readonly runtime: string | undefined;
  /** With the token in it: the only place where it is shown. */
  readonly inspectorUrl: string;
  readonly elapsedMs: number;
}

/** What stands in the terminal when everything is ready: each address that somebody may need. */
export function banner(facts: BannerFacts, paint: Palette): string {
  const { port, paths, httpPaths, warnings, entry, hasPages, inspectorUrl, store, runtime, elapsedMs } =
    facts;
  const base = `localhost:${port}`;
  const source = entry === undefined ? '' : sourceText(entry);
  const rows: [label: string, value: string][] = [
    ...(hasPages ? [['Page', paint('cyan', `http://${base}`)] as [string, string]] : []),
    ...paths.map((path): [string, string] => [
      'WebSocket',
      `${paint('cyan', `ws://${base}${path}`)}  ${paint('dim', source)}`.trimEnd(),
    ]),
    ...httpPaths.map((path): [string, string] => ['HTTP', path.replace(' ', ` http://${base}`)]),
    ['Connections', `http://${base}/apigateways/websocket/v1/connections/{id}`],
    ...tlsRows(facts),
    ['Inspector', paint('cyan', inspectorUrl)],
    ...(store === undefined ? [] : [['Store', `${store}  ydbStore()`] as [string, string]]),
    ...facts.triggers.map(queueRow),
    ...warnings.map((warning): [string, string] => ['Not emulated', paint('yellow', warning)]),
    ...(runtime === undefined ? [] : [['Instances', runtime] as [string, string]]),
    ['Limits', '128 KB a message, 32 KB a frame, 60 min of life, 10 min idle'],
  ];
  const lines = rows.map(([label, value]) => `  ${label.padEnd(12)} ${value}`);
  const title = `${paint('bold', 'yc-broadcast dev')}  local gateway, ready in ${Math.round(elapsedMs)} ms`;
  return `\n  ${title}\n\n${lines.join('\n')}\n\n  ${paint('dim', keysLine())}\n`;
}

function sourceText(written: string): string {
  const { file, exportName = 'handler' } = parseEntry(written);
  return `${relative(process.cwd(), file)}#${exportName}`;
}

function queueRow({ queue, target, batchSize, cutoffMs }: TriggerSummary): [label: string, value: string] {
  const batch =
    batchSize === 1 ? 'one message each' : `up to ${batchSize} messages each, after ${cutoffMs / 1000} s`;
  return ['Queue', `${queue} → ${target}, ${batch}  messageQueue({ name: '${queue}' })`];
}

function tlsRows({ tlsEndpoint, caFile }: BannerFacts): [label: string, value: string][] {
  if (tlsEndpoint === undefined) return [];
  const trust = caFile === undefined ? '' : `  trust ${relative(process.cwd(), caFile)}`;
  const redirect = 'instances reach this gateway at the cloud’s address';
  return [
    ['gRPC', `${tlsEndpoint}${trust}`],
    ...(caFile === undefined ? [] : [['Redirect', redirect] as [string, string]]),
  ];
}
