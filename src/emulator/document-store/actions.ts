import { parseCondition, type Condition } from './conditions.js';
import { DocumentError, invalidRequest } from './document-error.js';
import { query, type QueryRequest } from './query.js';
import { createTable, type Table } from './table.js';
import { transact, type TransactAction, type TransactItem, type TransactRequest } from './transactions.js';
import { parseUpdate, type Update } from './updates.js';
import { sizeOf, type Item } from './values.js';

/** What requests may hold, of all actions. */
interface ActionRequest extends QueryRequest {
  readonly TableName: string;
  readonly Key?: Item;
  readonly Item?: Item;
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly RequestItems?: Readonly<Record<string, BatchOfTable>>;
  readonly TransactItems?: readonly TransactItem[];
  readonly TimeToLiveSpecification?: { readonly AttributeName: string; readonly Enabled: boolean };
}

/** Keys to read, or requests to delete. */
type BatchOfTable =
  { readonly Keys: readonly Item[] } | readonly { readonly DeleteRequest: { readonly Key: Item } }[];

/**
 * Carries out the actions of the Document API that `src/stores/ydb` uses, one after the other, so each is
 * atomic.
 */
export function createActions(now: () => number): (action: string, request: unknown) => object {
  const tables = new Map<string, Table>();
  const conditions = remembering(parseCondition);
  const updates = remembering(parseUpdate);

  function tableOf(name: string): Table {
    const table = tables.get(name);
    if (table === undefined)
      throw new DocumentError('ResourceNotFoundException', `there is no table '${name}'`);
    return table;
  }

  /** Checks the condition of the request for what is there. What it returns writes. */
  function prepare(
    request: TransactRequest,
    key: Item,
    change: (current: Item) => Item | undefined,
  ): () => Item | undefined {
    const { TableName, ConditionExpression, ExpressionAttributeValues = {} } = request;
    const table = tableOf(TableName);
    const [partition, sort] = keysOf(key);
    const current = table.get(partition, sort) ?? {};
    const holds: Condition = ConditionExpression === undefined ? () => true : conditions(ConditionExpression);
    if (!holds(current, ExpressionAttributeValues)) {
      throw new DocumentError('ConditionalCheckFailedException', 'the conditional request failed');
    }
    const changed = change(current);
    if (changed !== undefined) checkSize(changed);
    return () => {
      table.set(partition, sort, changed);
      return changed;
    };
  }

  const writes: Readonly<Record<TransactAction, (request: TransactRequest) => () => Item | undefined>> = {
    Put: (request) => prepare(request, request.Item ?? {}, () => request.Item),
    Delete: (request) => prepare(request, request.Key ?? {}, () => undefined),
    Update(request) {
      const { Key = {}, UpdateExpression = '', ExpressionAttributeValues = {} } = request;
      const update: Update = updates(UpdateExpression);
      return prepare(request, Key, (current) => update({ ...current, ...Key }, ExpressionAttributeValues));
    },
    ConditionCheck(request) {
      prepare(request, request.Key ?? {}, (current) => current);
      return () => undefined;
    },
  };

  const actions: Readonly<Record<string, (request: ActionRequest) => object>> = {
    CreateTable({ TableName }) {
      if (tables.has(TableName))
        throw new DocumentError('ResourceInUseException', `there is a table '${TableName}'`);
      tables.set(TableName, createTable(now));
      return { TableDescription: { TableName, TableStatus: 'ACTIVE' } };
    },
    DeleteTable({ TableName }) {
      tableOf(TableName);
      tables.delete(TableName);
      return {};
    },
    DescribeTable({ TableName }) {
      tableOf(TableName);
      return { Table: { TableName, TableStatus: 'ACTIVE', KeySchema: KEY_SCHEMA } };
    },
    DescribeTimeToLive({ TableName }) {
      const { expiryAttribute: AttributeName } = tableOf(TableName);
      const TimeToLiveStatus = AttributeName === undefined ? 'DISABLED' : 'ENABLED';
      return { TimeToLiveDescription: { AttributeName, TimeToLiveStatus } };
    },
    UpdateTimeToLive({ TableName, TimeToLiveSpecification }) {
      tableOf(TableName).expiryAttribute = TimeToLiveSpecification?.AttributeName;
      return { TimeToLiveSpecification };
    },
    GetItem: ({ TableName, Key = {} }) => ({ Item: tableOf(TableName).get(...keysOf(Key)) }),
    PutItem(request) {
      writes.Put(request)();
      return {};
    },
    DeleteItem(request) {
      writes.Delete(request)();
      return {};
    },
    UpdateItem: (request) => ({ Attributes: writes.Update(request)() }),
    TransactWriteItems({ TransactItems = [] }) {
      transact(TransactItems, (action, request) => writes[action](request));
      return {};
    },
    BatchGetItem({ RequestItems = {} }) {
      const Responses = new Map<string, Item[]>();
      for (const [name, batch] of Object.entries(RequestItems)) {
        const found = keysOfBatch(batch).map((key) => tableOf(name).get(...keysOf(key)));
        Responses.set(
          name,
          found.filter((item) => item !== undefined),
        );
      }
      return { Responses: Object.fromEntries(Responses), UnprocessedKeys: {} };
    },
    BatchWriteItem({ RequestItems = {} }) {
      for (const [name, batch] of Object.entries(RequestItems)) {
        for (const key of keysOfBatch(batch)) tableOf(name).set(...keysOf(key), undefined);
      }
      return { UnprocessedItems: {} };
    },
    Query: (request) => query(tableOf(request.TableName), request, conditions),
  };

  const actionsByName = new Map(Object.entries(actions));

  return (name, request) => {
    const action = actionsByName.get(name);
    if (action === undefined)
      throw new DocumentError('UnknownOperationException', `'${name}' is not supported`);
    return action(request as ActionRequest);
  };
}

/** As the Document API has it. */
const MAX_ITEM_BYTES = 400 * 1024;

function checkSize(item: Item): void {
  if (sizeOf(item) > MAX_ITEM_BYTES)
    throw invalidRequest(`Item size has exceeded the maximum allowed size of ${MAX_ITEM_BYTES} bytes`);
}

const KEY_SCHEMA = [
  { AttributeName: 'p', KeyType: 'HASH' },
  { AttributeName: 's', KeyType: 'RANGE' },
];

function keysOf({ p, s }: Item): [partition: string, sort: string] {
  if (p?.S === undefined || s?.S === undefined) throw invalidRequest('a key is made of two strings, p and s');
  return [p.S, s.S];
}

function keysOfBatch(batch: BatchOfTable): readonly Item[] {
  return 'Keys' in batch ? batch.Keys : batch.map(({ DeleteRequest }) => DeleteRequest.Key);
}

/**
 * A program has few expressions and uses them over and over; one that makes up new ones gets them read each
 * time anew.
 */
const KEPT_EXPRESSIONS = 1000;
function remembering<T>(parse: (expression: string) => T): (expression: string) => T {
  const known = new Map<string, T>();
  return (expression) => {
    const parsed = known.get(expression) ?? parse(expression);
    if (known.size < KEPT_EXPRESSIONS) known.set(expression, parsed);
    return parsed;
  };
}
