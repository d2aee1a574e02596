import type { LoadRow } from './load.js';
import { grouped, times } from './numbers.js';
import type { Summary } from './results.js';
import { left, markdown, right } from './table.js';

/** Ours, and what one would use instead. */
const CLIENTS = ['grpc', 'node-http2', 'undici-dispatch', 'rest', 'sdk2', 'sdk3'];

/** What the HTTP/2 client of our own buys, for `docs/http2.md`; nothing while that was not recorded. */
export function http2Figures({ sends, cold }: Summary): string {
  const [near, far] = sends?.runs ?? [];
  if (near === undefined || far === undefined) return '';
  const ours = cpuOf(near.rows, 'grpc');
  const table = markdown({
    columns: [
      left('client'),
      right('CPU µs per send'),
      right('against ours'),
      right(`CPU µs, ${far.delayMs} ms away`),
      right('sends per second'),
    ],
    rows: CLIENTS.flatMap((name) => near.rows.filter((row) => row.name === name)).map((row) => [
      row.label,
      grouped(row.cpuMicrosPerSend.median),
      times(row.cpuMicrosPerSend.median / ours),
      grouped(cpuOf(far.rows, row.name)),
      grouped(row.sendsPerSecond.median),
    ]),
  });
  const coldMs = (name: string) => cold?.bundled.find((row) => row.name === name)?.doneMs.median ?? NaN;
  const start = `From a cold start, 100 sends are answered after ${grouped(coldMs('broadcast'))} ms; with \`node:http2\` alone, after ${grouped(coldMs('node-http2'))} ms.`;
  return `${table}\n\n${start}`;
}

function cpuOf(rows: readonly LoadRow[], name: string): number {
  return rows.find((row) => row.name === name)?.cpuMicrosPerSend.median ?? NaN;
}
