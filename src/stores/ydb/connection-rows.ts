import { checkName } from '../../base/names.js';
import { CONDITION_FAILED, type DocumentApi } from './document-api.js';
import { isAlive, type Item } from './items.js';
import { CONNECTIONS, keyOf, sortKeyOf } from './keys.js';

/** The rows of the connections themselves: the truth, changed by conditional updates only. */
export interface ConnectionRows {
  read(id: string): Promise<Item | undefined>;
  /** The same, unless it is a tombstone or has expired. */
  readAlive(id: string): Promise<Item | undefined>;
  /** Changes a row. Resolves with the row, or with `undefined` when the condition does not hold. */
  change(
    id: string,
    UpdateExpression: string,
    ConditionExpression: string | undefined,
    values: Item,
  ): Promise<Item | undefined>;
}

export function createConnectionRows(api: DocumentApi, now: () => number): ConnectionRows {
  const TableName = api.table;

  async function read(id: string): Promise<Item | undefined> {
    const Key = keyOf(CONNECTIONS, sortKeyOf(id));
    return (await api.call('GetItem', { TableName, Key, ConsistentRead: true })).Item;
  }

  return {
    read,
    async readAlive(id) {
      const row = await read(checkName(id, 'id'));
      return row !== undefined && isAlive(row, now()) ? row : undefined;
    },
    async change(id, UpdateExpression, ConditionExpression, values) {
      const answer = await api.callUnless(CONDITION_FAILED, 'UpdateItem', {
        TableName,
        Key: keyOf(CONNECTIONS, sortKeyOf(id)),
        UpdateExpression,
        ConditionExpression,
        ExpressionAttributeValues: values,
        ReturnValues: 'ALL_NEW',
      });
      return answer?.Attributes;
    },
  };
}
