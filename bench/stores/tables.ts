import { grouped } from '../numbers.js';
import { left, markdown, right, type Table } from '../table.js';
import type { AdapterCost } from './adapters.js';
import { ENTRIES_MISSED, OPERATION_NAMES, PAGE_SIZE, UNDER_WAY } from './operations.js';
import type { MissingRow, OperationCost, StoreRow, StoresResult } from './result.js';

/** All that was measured, side by side. */
export function storesTables(result: StoresResult): Table[] {
  return [speedTable(result), roundTripTable(result), listingTable(result), adapterTable(result)];
}

/** The same as Markdown, for the page on stores. */
export function storeFigures(result: StoresResult): string {
  const { node, day } = result.machine;
  const tables = storesTables(result).map(
    (table) =>
      `**${table.title}**\n\n${markdown(table)}\n\n${table.notes.map((note) => `- ${note}`).join('\n')}`,
  );
  return [
    ...tables,
    `Medians of ${result.rounds} rounds; Node.js ${node}, ${day}. Compare within a run.`,
  ].join('\n\n');
}

function speedTable({ rows, members }: StoresResult): Table {
  return {
    title: 'Stores: calls per second',
    ...byOperation(rows, ({ perSecond }) => grouped(perSecond.median)),
    notes: [
      `${UNDER_WAY} calls under way, lists one after the other. "list" is a room of ${grouped(members)} from ` +
        `the first page of ${PAGE_SIZE} to the last, "count" counts it, "read since" brings ${ENTRIES_MISSED} entries.`,
      'All servers are on this machine: there is no network in these figures, only work.',
      ...dynaliteNote(rows),
      ...missingNotes(rows),
    ],
  };
}

function roundTripTable({ rows, members }: StoresResult): Table {
  return {
    title: 'Stores: round trips per call',
    ...byOperation(rows, ({ roundTrips }) => (roundTrips === 0 ? '0' : grouped(roundTrips))),
    notes: [
      'Counted between store and server, one call at a time; what is sent without waiting is one round trip.',
      `"list" is ${grouped(Math.ceil(members / PAGE_SIZE))} pages.`,
      ...missingNotes(rows),
    ],
  };
}

/** A line for each operation, a column for each store. */
function byOperation(
  rows: StoresResult['rows'],
  cell: (cost: OperationCost) => string,
): Pick<Table, 'columns' | 'rows'> {
  return {
    columns: [left('call'), ...rows.map(({ name }) => right(name))],
    rows: OPERATION_NAMES.map((name) => [
      name,
      ...rows.map((row) => (isMissing(row) ? 'missing' : cell(row.operations[name]))),
    ]),
  };
}

function listingTable({ rows }: StoresResult): Table {
  return {
    title: 'Stores: memory of the process while everybody is listed',
    columns: [left('store'), right('members'), right('members/s'), right('heap + MB'), right('RSS + MB')],
    rows: rows.map((row) =>
      isMissing(row) ? [row.name, 'missing', '–', '–', '–'] : [row.name, ...listingCells(row)],
    ),
    notes: [
      `Pages of ${PAGE_SIZE}, none kept. "heap" is what was in use after a garbage collection, ten times on the way, ` +
        'above what was in use before; "RSS" is the peak between two pages, garbage included. What the memory store ' +
        'itself holds is in neither.',
      'The rows of ydb are made by a server that has nothing else to do, while they are read.',
      ...missingNotes(rows),
    ],
  };
}

function listingCells({ listing }: StoreRow): string[] {
  const { members, perSecond, heapGrowthMb, rssGrowthMb } = listing;
  return [members, perSecond, heapGrowthMb, rssGrowthMb].map((value, index) =>
    index === 0 ? value.toLocaleString('en-US') : grouped(value),
  );
}

function adapterTable({ adapters }: StoresResult): Table {
  return {
    title: 'Stores: what loading them costs, bundled and minified',
    columns: ADAPTER_COLUMNS,
    rows: adapters.map(adapterCells),
    notes: ['Milliseconds from the start of main. A client is loaded with the first call.'],
  };
}

const ADAPTER_COLUMNS = [
  left('store'),
  right('import ms'),
  right('KB'),
  left('client'),
  right('both ms'),
  right('both KB'),
];

function adapterCells({ store, alone, client }: AdapterCost): string[] {
  const both = client?.both;
  return [
    store,
    grouped(alone.importMs.median),
    grouped(alone.bundleBytes / 1000),
    client?.package ?? '–',
    grouped(both?.importMs.median ?? NaN),
    grouped((both?.bundleBytes ?? NaN) / 1000),
  ];
}

function isMissing(row: StoreRow | MissingRow): row is MissingRow {
  return 'missing' in row;
}

function missingNotes(rows: StoresResult['rows']): string[] {
  return rows.filter(isMissing).map(({ name, missing }) => `${name}: ${missing}`);
}

function dynaliteNote(rows: StoresResult['rows']): string[] {
  const wasMeasured = rows.some((row) => row.name === 'ydb' && !isMissing(row));
  return wasMeasured
    ? ['ydb talks to dynalite here, a slow stand-in: its figures say nothing on the speed of YDB.']
    : [];
}
