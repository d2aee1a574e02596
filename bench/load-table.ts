import type { ClientKind } from './clients/table.js';
import { SATURATED_SHARE, type LoadRow } from './load.js';
import { grouped, range, times, wholePercent } from './numbers.js';
import type { ServerKind } from './server/server.js';
import { left, right, type Column } from './table.js';

/** Without latency, one side or the other should be this busy. */
const BUSY_SHARE = 0.7;

export interface ExtraColumn {
  readonly column: Column;
  cell(row: LoadRow): string;
}

/** The first of ours, or the faster SDK: what ratios refer to. */
export function referenceOf(rows: readonly LoadRow[], kind: ClientKind): LoadRow | undefined {
  const ofKind = rows.filter((row) => row.kind === kind);
  if (kind === 'ours') return ofKind[0];
  return ofKind.sort((a, b) => b.sendsPerSecond.median - a.sendsPerSecond.median)[0];
}

/** The columns that all tables of clients share; an extra one stands in for the ratio to the SDK. */
export function loadTable(
  rows: readonly LoadRow[],
  extra: ExtraColumn = ratioToSdk(rows),
): { columns: Column[]; cells(row: LoadRow): string[] } {
  const ours = referenceOf(rows, 'ours')?.cpuMicrosPerSend.median ?? NaN;
  return {
    columns: [
      left('client'),
      right('sends/s'),
      right('min–max'),
      extra.column,
      right('CPU µs'),
      right('× CPU'),
      right('RSS MB'),
      right('busy %'),
    ],
    cells: (row) => [
      row.label,
      grouped(row.sendsPerSecond.median) + (row.serverShare >= SATURATED_SHARE ? '*' : ''),
      range(row.sendsPerSecond),
      extra.cell(row),
      grouped(row.cpuMicrosPerSend.median),
      times(row.cpuMicrosPerSend.median / ours),
      grouped(row.peakRssMb),
      `${wholePercent(row.clientShare)}/${wholePercent(row.serverShare)}`,
    ],
  };
}

function ratioToSdk(rows: readonly LoadRow[]): ExtraColumn {
  const sdk = referenceOf(rows, 'sdk')?.sendsPerSecond.median ?? NaN;
  return { column: right('× SDK'), cell: ({ sendsPerSecond }) => times(sendsPerSecond.median / sdk) };
}

/** Says where the figures are not what they seem. */
export function loadNotes(rows: readonly LoadRow[], server: ServerKind, delayMs: number): string[] {
  const notes: string[] = [];
  const limited = rows.filter(({ serverShare }) => serverShare >= SATURATED_SHARE);
  if (limited.length > 0)
    notes.push(
      `* The server was the limit for ${namesOf(limited)}: there, CPU per send is the figure, not sends/s.`,
    );
  const starved = rows.filter((row) => row.clientShare < BUSY_SHARE && row.serverShare < BUSY_SHARE);
  if (starved.length > 0 && delayMs === 0)
    notes.push(
      `The machine was busy with something else during ${namesOf(starved)}: mistrust their sends/s.`,
    );
  for (const { label, failed, sends, answered, reason } of rows) {
    if (failed > 0)
      notes.push(`${label}: ${grouped(failed)} of ${grouped(failed + sends)} failed: ${reason ?? ''}`);
    else if (answered > sends) notes.push(`${label}: retried ${grouped(answered - sends)} sends.`);
  }
  notes.push(`× CPU: CPU per send, against ours. busy %: of the client's core / of ${server}'s core.`);
  return notes;
}

function namesOf(rows: readonly LoadRow[]): string {
  return rows.map(({ label }) => label).join(', ');
}
