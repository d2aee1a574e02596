import { randomBytes } from 'node:crypto';
import { checkName } from '../../base/names.js';
import { CONDITION_FAILED, type Clarify, type DocumentApi } from './document-api.js';
import { isAlive, strings, type Item } from './items.js';
import { CONNECTIONS, keyOf, sortKeyOf } from './keys.js';

/** The rows of the connections themselves: the truth, changed by conditional updates only. */
export interface ConnectionRows {
  read(id: string): Promise<Item | undefined>;
  /** The same, unless it is a tombstone or has expired. */
  readAlive(id: string): Promise<Item | undefined>;
  /** Changes a row by an update that may be repeated at any time. See `change`. */
  update(id: string, ...update: Update): Promise<Item | undefined>;
  /**
   * Changes a row. Resolves with the row, or with `undefined` when the condition does not hold. The
   * expression notes the call with `ADD k :call`: one whose answer was lost is known then, and does not undo
   * what came since.
   */
  change(id: string, ...update: Update): Promise<Item | undefined>;
}

type Update = [UpdateExpression: string, ConditionExpression: string | undefined, values: Item];

/** A row with more calls than this forgets the oldest, which costs a request. */
const MAX_CALLS = 16;
const CALLS_KEPT = 8;

export function createConnectionRows(api: DocumentApi, now: () => number): ConnectionRows {
  const TableName = api.table;

  async function read(id: string): Promise<Item | undefined> {
    const Key = keyOf(CONNECTIONS, sortKeyOf(id));
    return (await api.call('GetItem', { TableName, Key, ConsistentRead: true })).Item;
  }

  async function update(
    id: string,
    [UpdateExpression, ConditionExpression, values]: Update,
    clarify?: Clarify,
  ): Promise<Item | undefined> {
    const request = {
      TableName,
      Key: keyOf(CONNECTIONS, sortKeyOf(id)),
      UpdateExpression,
      ConditionExpression,
      ExpressionAttributeValues: values,
      ReturnValues: 'ALL_NEW',
    };
    return (await api.callUnless(CONDITION_FAILED, 'UpdateItem', request, clarify))?.Attributes;
  }

  /**
   * Whoever has changed the connection need not wait for this, or fail with it, if it does not work at once.
   */
  async function forgetCalls({ p, s, k }: Item): Promise<void> {
    const calls = [...(k?.SS ?? [])].sort();
    if (calls.length <= MAX_CALLS) return;
    const request = {
      TableName,
      Key: { p, s },
      UpdateExpression: 'DELETE k :old',
      ConditionExpression: 'attribute_exists(v)',
      ExpressionAttributeValues: { ':old': strings(...calls.slice(0, -CALLS_KEPT)) },
    };
    await api.callOnce('UpdateItem', request).catch(() => undefined);
  }

  return {
    read,
    update: (id, ...given) => update(id, given),
    async readAlive(id) {
      const row = await read(checkName(id, 'id'));
      return row !== undefined && isAlive(row, now()) ? row : undefined;
    },
    async change(id, expression, condition, values) {
      const call = newCall(now());
      const row = await update(
        id,
        [expression, condition, { ...values, ':call': strings(call) }],
        async () => {
          const Key = keyOf(CONNECTIONS, sortKeyOf(id));
          const { Item } = await api.callOnce('GetItem', { TableName, Key, ConsistentRead: true });
          return Item?.['k']?.SS?.includes(call) === true ? { Attributes: Item } : 'repeat';
        },
      );
      if (row !== undefined) await forgetCalls(row);
      return row;
    },
  };
}

/**
 * Sorts by time, as long as clocks agree; what they do not only decides which of many calls is forgotten
 * first.
 */
function newCall(now: number): string {
  return `${now.toString(36).padStart(9, '0')}${randomBytes(3).toString('base64url')}`;
}
