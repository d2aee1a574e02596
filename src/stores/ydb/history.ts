import { CONNECTION_TTL_MS } from '../../base/protocol.js';
import {
  checkReadLimit,
  type HistoryPosition,
  type HistoryRead,
  type HistoryStore,
} from '../../model/store.js';
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
  nextEntry,
  shown,
  type Entry,
} from './history-entries.js';
import { number, text, type Item } from './items.js';
import { historyPartition } from './keys.js';
import { createTurns } from './turns.js';

/**
 * Histories as rows that are numbered without a counter: the next number is one more than the newest row's, and a row
 * is written only if its number is free. So two instances cannot use the same one, and none is left out.
 *
 * Nothing is deleted: rows say until when and how many of them can be read, and the backend clears up.
 */
export function createHistory(api: DocumentApi, now: () => number): HistoryStore {
  const TableName = api.table;
  const inTurn = createTurns();

  /** Rows of a room, page by page because an answer has at most 1 MB, until there are `limit` or one is unwanted. */
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

  /** The newest row, and as many before it as there are and as are wanted. The room begins here if it has none. */
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

  /** Resolves with whether this row is there now, and not another of the same number. */
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

  async function append(room: string, next: (newest: Entry) => Entry): Promise<HistoryPosition> {
    for (;;) {
      const entry = next((await newest(room, 1))[0]);
      if (await write(room, entry)) return positionOf(entry);
    }
  }

  /** An empty room is remembered from its latest reading on; it has no entries that would do it. */
  async function remember(room: string, first: Entry): Promise<void> {
    if (first.offset > 0 || first.forgottenAt * 1000 >= now() + CONNECTION_TTL_MS) return;
    await api.callUnless(CONDITION_FAILED, 'UpdateItem', {
      TableName,
      Key: entryKey(room, first),
      UpdateExpression: 'SET t = :t',
      ConditionExpression: 'attribute_exists(p)',
      ExpressionAttributeValues: { ':t': number(forgottenWhenRead(now())) },
    });
  }

  async function readNewest(room: string, limit: number): Promise<HistoryRead> {
    const entries = await newest(room, Math.max(1, limit));
    const [top] = entries;
    await remember(room, top);
    const readable = entries.filter((entry) => isReadable(entry, top, now())).slice(0, limit);
    return {
      recovered: true,
      entries: readable.reverse().map(shown),
      position: positionOf(top),
      more: false,
    };
  }

  async function readBehind(room: string, since: HistoryPosition, limit: number): Promise<HistoryRead> {
    const [top] = await newest(room, 1);
    await remember(room, top);
    const position = positionOf(top);
    const missed = top.offset - since.offset;
    const lost: HistoryRead = { recovered: false, entries: [], position, more: false };
    if (since.epoch !== top.epoch || since.offset < 0 || !Number.isSafeInteger(missed) || missed < 0)
      return lost;
    if (missed === 0) return { recovered: true, entries: [], position, more: false };
    const entries = await readFrom(room, { ...top, offset: since.offset + 1 }, top, Math.max(1, limit));
    const [first] = entries;
    const isWhole = entries.length === Math.min(Math.max(1, limit), missed);
    if (first === undefined || !isWhole || !isReadable(first, top, now())) return lost;
    const asked = entries.slice(0, limit);
    return { recovered: true, entries: asked.map(shown), position, more: missed > asked.length };
  }

  function readFrom(room: string, first: Entry, last: Entry, limit: number): Promise<Entry[]> {
    const values = { ':first': text(entrySortKey(first)), ':last': text(entrySortKey(last)) };
    return query(room, { condition: ' AND s BETWEEN :first AND :last', values }, limit, (entry) =>
      isReadable(entry, last, now()),
    );
  }

  return {
    async append(room, data, limits) {
      const name = historyPartition(room);
      return inTurn(name, () => append(room, (newest) => nextEntry(newest, data, limits, now())));
    },
    async read(room, { since, limit }) {
      checkReadLimit(limit);
      return since === undefined ? readNewest(room, limit) : readBehind(room, since, limit);
    },
  };
}

interface RowQuery {
  readonly condition?: string;
  readonly values?: Item;
  readonly backwards?: boolean;
}

function positionOf({ offset, epoch }: Entry): HistoryPosition {
  return { offset, epoch };
}
