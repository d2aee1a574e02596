import { CONDITION_FAILED, type DocumentApi } from './document-api.js';
import { assigning, deletableFrom, fieldsIn, type Item } from './items.js';
import { keyOf } from './keys.js';

/** How long a reservation may lie about that nobody came back for, in milliseconds. */
const RESERVATION_MS = 60 * 60_000;

/** `lost`: there is no such row any more, somebody has taken the connection out in the meantime. */
export type ShowResult = 'shown' | 'lost';

/**
 * The rows of a connection under its rooms and its user. Each is a copy of the connection, so that a listing
 * needs nothing else; `v` says which version.
 *
 * Without transactions, this order keeps them right: whoever adds one reserves it first, without a version,
 * so that no listing shows it; then notes it in the connection's own row, which fails when that was removed;
 * then gives it its content, which fails when the row is gone. Whoever takes one away changes the
 * connection's row first and then deletes it. So a removal either finds the row noted and deletes it, or has
 * come first and nothing is ever shown.
 */
export interface Rows {
  reserve(partition: string, sortKey: string): Promise<void>;
  /** Gives back a reservation, unless somebody else has made something of it. */
  cancel(partition: string, sortKey: string): Promise<void>;
  /** Makes the row show this version of the connection, unless it is gone or shows a later one. */
  show(partition: string, connection: Item): Promise<ShowResult>;
  /** Deletes the row, unless it shows this version of the connection or a later one. */
  drop(partition: string, connection: Item): Promise<void>;
}

export function createRows(api: DocumentApi, now: () => number): Rows {
  const TableName = api.table;

  return {
    async reserve(partition, sortKey) {
      const Item = { ...keyOf(partition, sortKey), t: deletableFrom(now() + RESERVATION_MS) };
      const ConditionExpression = 'attribute_not_exists(p)';
      await api.callUnless(CONDITION_FAILED, 'PutItem', { TableName, Item, ConditionExpression });
    },
    async cancel(partition, sortKey) {
      await api.callUnless(CONDITION_FAILED, 'DeleteItem', {
        TableName,
        Key: keyOf(partition, sortKey),
        ConditionExpression: 'attribute_not_exists(v)',
      });
    },
    async show(partition, connection) {
      const Key = { ...keyOf(partition, ''), s: connection['s'] };
      const { expression, values } = assigning({ ...fieldsIn(connection), v: connection['v'] });
      const update = {
        TableName,
        Key,
        UpdateExpression: expression,
        ConditionExpression: 'attribute_exists(p) AND (attribute_not_exists(v) OR v < :v)',
        ExpressionAttributeValues: values,
      };
      for (;;) {
        if ((await api.callUnless(CONDITION_FAILED, 'UpdateItem', update)) !== undefined) return 'shown';
        const { Item } = await api.call('GetItem', { TableName, Key, ConsistentRead: true });
        if (Item === undefined) return 'lost';
        // Without a version it is a reservation that was made after the update had failed.
        if (Item['v'] !== undefined) return 'shown';
      }
    },
    async drop(partition, connection) {
      await api.callUnless(CONDITION_FAILED, 'DeleteItem', {
        TableName,
        Key: { ...keyOf(partition, ''), s: connection['s'] },
        ConditionExpression: 'attribute_not_exists(v) OR v < :v',
        ExpressionAttributeValues: { ':v': connection['v'] },
      });
    },
  };
}
