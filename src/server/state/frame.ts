import { STATE_TYPE, type StatePage, type StatePosition, type StateRow } from '../../base/protocol.js';
import type { StoredPage, StoredRow } from '../../model/state-page.js';

/** A row as it travels. Its value is JSON already, and is not parsed to be written again. */
function rowText({ map, key, version, value, ttlMs }: StoredRow): string {
  const parts = [JSON.stringify(map), JSON.stringify(key), String(version)];
  if (value !== undefined) parts.push(value);
  if (value !== undefined && ttlMs !== undefined) parts.push(String(ttlMs));
  return `[${parts.join(',')}]`;
}

/** What the pages in a room are told of changes that were made together. */
export function stateText(
  room: string,
  { version, epoch }: StatePosition,
  rows: readonly StoredRow[],
): string {
  const after = version - rows.length;
  const place = `"room":${JSON.stringify(room)},"epoch":${JSON.stringify(epoch)},"version":${version}`;
  const since = rows.length === 1 ? '' : `,"after":${after}`;
  return `{"type":"${STATE_TYPE}",${place}${since},"rows":[${rows.map(rowText).join(',')}]}`;
}

/** A page as it travels. */
export function shownPage({ rows, ...page }: StoredPage): StatePage {
  return { ...page, rows: rows.map(shownRow) };
}

export function shownRow(row: StoredRow): StateRow {
  return JSON.parse(rowText(row)) as StateRow;
}
