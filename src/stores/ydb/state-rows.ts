import { BroadcastError } from '../../base/errors.js';
import type { StateChange } from '../../model/state.js';
import { EMPTY_HEAD, type KeptRow, type KeptState } from '../../model/state-page.js';
import type { DocumentApi } from './document-api.js';
import { number, text, type Item } from './items.js';
import { statePartition } from './keys.js';
import { sized, type Known } from './state-change.js';
import { headIn, headKey, isHead, mayLackRows, nameOf, rowIn, rowKey, type Head } from './state-items.js';

/** Reads of a room's partition, all of them consistent. */
export function createStateRows(api: DocumentApi) {
  const TableName = api.table;

  async function head(room: string): Promise<Head | undefined> {
    const { Item } = await api.call('GetItem', { TableName, Key: headKey(room), ConsistentRead: true });
    return Item && headIn(Item);
  }

  /** Rows above a version, page by page because an answer has at most 1 MB. */
  async function above(room: string, version: number): Promise<KeptRow[]> {
    const found: KeptRow[] = [];
    let ExclusiveStartKey: Item | undefined;
    do {
      const page = await api.call('Query', {
        TableName,
        KeyConditionExpression: 'p = :p',
        FilterExpression: 'v > :v',
        ExpressionAttributeValues: { ':p': text(statePartition(room)), ':v': number(version) },
        ConsistentRead: true,
        ExclusiveStartKey,
      });
      for (const item of page.Items ?? []) if (!isHead(item)) found.push(rowIn(item));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
    return found;
  }

  return {
    all: (room: string) => above(room, 0),
    async get(room: string, names: Pick<KeptRow, 'map' | 'key'>): Promise<KeptRow | undefined> {
      const Key = rowKey(room, names);
      const { Item } = await api.call('GetItem', { TableName, Key, ConsistentRead: true });
      return Item && rowIn(Item);
    },
    /** The head first: what is changed while the rows are read is above it, and comes with the next page. */
    async above(room: string, version: number, now: number): Promise<KeptState> {
      const kept = await head(room);
      if (kept === undefined) return { head: EMPTY_HEAD, rows: [] };
      const shown = mayLackRows(kept, now) ? { ...kept, floor: kept.version } : kept;
      return { head: shown, rows: version < kept.version ? await above(room, version) : [] };
    },
    /** The head and the keys of some changes. */
    async read(room: string, changes: readonly StateChange[]): Promise<Known> {
      const { pause } = api.backoff();
      const items: Item[] = [];
      let Keys: readonly Item[] = [headKey(room), ...changes.map((change) => rowKey(room, change))];
      for (;;) {
        const request = { RequestItems: { [TableName]: { Keys, ConsistentRead: true } } };
        const { Responses = {}, UnprocessedKeys = {} } = await api.call('BatchGetItem', request);
        for (const found of Object.values(Responses)) items.push(...found);
        Keys = Object.values(UnprocessedKeys).flatMap((rest) => rest.Keys);
        // A key that was not looked up is not an absent one.
        if (Keys.length === 0) break;
        if (!(await pause())) throw throttled(Keys.length);
      }
      const found = items.find(isHead);
      const rows = items.filter((item) => !isHead(item)).map((item) => sized(rowIn(item)));
      return { head: found && headIn(found), rows: new Map(rows.map((row) => [nameOf(row), row])) };
    },
  };
}

function throttled(count: number): BroadcastError {
  return new BroadcastError(
    'STORE_UNAVAILABLE',
    `YDB is throttled and did not read ${count} rows: raise the throttling limit of the database`,
  );
}
