import { DocumentError, invalidRequest } from './document-error.js';
import type { Item } from './values.js';

/** One action of a transaction, on one item. */
export interface TransactRequest {
  readonly TableName: string;
  readonly Key?: Item;
  readonly Item?: Item;
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeValues?: Item;
}

export type TransactAction = 'Put' | 'Update' | 'Delete' | 'ConditionCheck';

export type TransactItem = Readonly<Partial<Record<TransactAction, TransactRequest>>>;

/** Checks the condition of an action. What it returns writes. */
export type Prepare = (action: TransactAction, request: TransactRequest) => () => unknown;

/** Most actions of a transaction. Documented. */
const MAX_ACTIONS = 25;

const ACTIONS: readonly TransactAction[] = ['Put', 'Update', 'Delete', 'ConditionCheck'];

/**
 * Carries out all of the actions or none. Which condition did not hold is not said: YDB does not document
 * that it is.
 */
export function transact(items: readonly TransactItem[], prepare: Prepare): void {
  if (items.length < 1 || items.length > MAX_ACTIONS) {
    throw invalidRequest(`a transaction has 1 to ${MAX_ACTIONS} actions, got ${items.length}`);
  }
  const actions = items.map(actionOf);
  const keys = actions.map(([, { TableName, Key, Item: item }]) => {
    const { p, s } = Key ?? item ?? {};
    return JSON.stringify([TableName, p, s]);
  });
  if (new Set(keys).size < keys.length) throw invalidRequest('a transaction names each item once');
  const writes = preparedAll(actions, prepare);
  for (const write of writes) write();
}

function preparedAll(
  actions: readonly (readonly [TransactAction, TransactRequest])[],
  prepare: Prepare,
): (() => unknown)[] {
  try {
    return actions.map(([action, request]) => prepare(action, request));
  } catch (error) {
    const isRefused = error instanceof DocumentError && error.type === 'ConditionalCheckFailedException';
    if (isRefused) throw new DocumentError('TransactionCanceledException', 'the transaction was canceled');
    throw error;
  }
}

function actionOf(item: TransactItem): readonly [TransactAction, TransactRequest] {
  const action = ACTIONS.find((name) => item[name] !== undefined);
  const request = action && item[action];
  if (action === undefined || request === undefined) {
    throw invalidRequest(`an action of a transaction is one of ${ACTIONS.join(', ')}`);
  }
  return [action, request];
}
