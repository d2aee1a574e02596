import { referenceOf } from './load-table.js';
import { grouped, times } from './numbers.js';
import type { Summary } from './results.js';
import { left, markdown, right } from './table.js';

/** In the words of docs/observability.md. */
const ROWS = [
  ['broadcaster', 'nobody'],
  ['logs', '`logs()`'],
  ['telemetry', '`openTelemetry()`'],
  ['telemetry-spans', '`openTelemetry()` with a span for every send'],
] as const;

/**
 * What watching costs a broadcast, beside what the broadcast itself costs; nothing while that was not
 * recorded.
 */
export function observerFigures({ engine, pipeline }: Summary): string {
  const rows = engine?.rows ?? [];
  const micros = (name: string) => rows.find((row) => row.name === name)?.cpuMicrosPerRecipient.median;
  const own = micros('broadcaster');
  const whole = pipeline && referenceOf(pipeline.rows, 'ours')?.cpuMicrosPerSend.median;
  if (own === undefined || whole === undefined || ROWS.some(([name]) => micros(name) === undefined))
    return '';
  const table = markdown({
    columns: [left('who watches'), right('CPU µs per recipient'), right('a whole broadcast')],
    rows: ROWS.map(([name, label]) => {
      const mine = micros(name) ?? NaN;
      return [label, grouped(mine), times((whole + mine - own) / whole)];
    }),
  });
  return `${table}\n\nThe engine alone, to which the network comes; the last column is with the network, by calculation.`;
}
