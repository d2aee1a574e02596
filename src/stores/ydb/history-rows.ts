import { CONNECTION_TTL_MS } from '../../base/protocol.js';
import { CONDITION_FAILED, type DocumentApi } from './document-api.js';
import {
  entryIn,
  entryKey,
  entrySortKey,
  firstRow,
  forgottenWhenRead,
  isForgotten,
  isReadable,
  itemOf,
  type Entry,
} from './history-entries.js';
import { number, text, type Item } from './items.js';
import { historyPartition } from './keys.js';

/** The rows of histories. */
export interface HistoryRows {
  /**
   * The newest row, and as many before it as there are and as are wanted. The room begins here if it has
   * none.
   */
  newest(room: string, limit: number): Promise<readonly [Entry, ...Entry[]]>;
  /** Rows from `first` to `last`, at most `limit`, until one cannot be read. */
  between(room: string, first: Entry, last: Entry, limit: number): Promise<Entry[]>;
  /** Resolves with whether this row is there now, and not another of the same number. */
  write(room: string, entry: Entry): Promise<boolean>;
  /** An empty room is remembered from its latest reading on; it has no entries that would do it. */
  remember(room: string, first: Entry): Promise<void>;
}

interface RowQuery {
  readonly condition?: string;
  readonly values?: Item;
  readonly backwards?: boolean;
}

export function createHistoryRows(api: DocumentApi, now: () => number): HistoryRows {
  const TableName = api.table;

  /**
   * Rows of a room, page by page because an answer has at most 1 MB, until there are `limit` or one is
   * unwanted.
   */
  async function query(
    room: string,
    { condition = '', values = {}, backwards = false }: RowQuery,
    limit: number,
    isWanted: (entry: Entry) => boolean,
  ): Promise<Entry[]> {
    const entries: Entry[] = [];
    let ExclusiveStartKey: Item | undefined;
    do {
      const page = await api.call('Query', {
        TableName,
        KeyConditionExpression: `p = :p${condition}`,
        ExpressionAttributeValues: { ':p': text(historyPartition(room)), ...values },
        ScanIndexForward: !backwards,
        Limit: limit - entries.length,
        ConsistentRead: true,
        ExclusiveStartKey,
      });
      entries.push(...(page.Items ?? []).map(entryIn));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined && entries.length < limit && entries.every(isWanted));
    return entries;
  }

  async function newest(room: string, limit: number): Promise<readonly [Entry, ...Entry[]]> {
    for (;;) {
      let top: Entry | undefined;
      const [first, ...rest] = await query(room, { backwards: true }, limit, (entry) =>
        isReadable(entry, (top ??= entry), now()),
      );
      if (first !== undefined && !isForgotten(first, now())) return [first, ...rest];
      const beginning = firstRow(first, crypto.randomUUID(), now());
      if (await write(room, beginning)) return [beginning];
    }
  }

  async function write(room: string, entry: Entry): Promise<boolean> {
    const ConditionExpression = 'attribute_not_exists(p)';
    const request = { TableName, Item: itemOf(room, entry), ConditionExpression };
    if ((await api.callUnless(CONDITION_FAILED, 'PutItem', request)) !== undefined) return true;
    // The answer to the first attempt may have been lost.
    const { Item } = await api.call('GetItem', {
      TableName,
      Key: entryKey(room, entry),
      ConsistentRead: true,
    });
    return Item?.['n']?.S === entry.nonce;
  }

  return {
    newest,
    write,
    between(room, first, last, limit) {
      const values = { ':first': text(entrySortKey(first)), ':last': text(entrySortKey(last)) };
      return query(room, { condition: ' AND s BETWEEN :first AND :last', values }, limit, (entry) =>
        isReadable(entry, last, now()),
      );
    },
    async remember(room, first) {
      if (first.offset > 0 || first.forgottenAt * 1000 >= now() + CONNECTION_TTL_MS) return;
      await api.callUnless(CONDITION_FAILED, 'UpdateItem', {
        TableName,
        Key: entryKey(room, first),
        UpdateExpression: 'SET t = :t',
        ConditionExpression: 'attribute_exists(p)',
        ExpressionAttributeValues: { ':t': number(forgottenWhenRead(now())) },
      });
    },
  };
}
