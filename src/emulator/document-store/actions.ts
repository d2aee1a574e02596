import { parseCondition, type Condition } from './conditions.js';
import { DocumentError, invalidRequest } from './document-error.js';
import { query, type QueryRequest } from './query.js';
import { createTable, type Table } from './table.js';
import { parseUpdate, type Update } from './updates.js';
import { sizeOf, type Item } from './values.js';

/** What requests may hold, of all actions. */
interface ActionRequest extends QueryRequest {
  readonly TableName: string;
  readonly Key?: Item;
  readonly Item?: Item;
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly RequestItems?: Readonly<
    Record<string, readonly { readonly DeleteRequest: { readonly Key: Item } }[]>
  >;
  readonly TimeToLiveSpecification?: { readonly AttributeName: string; readonly Enabled: boolean };
}

/** Carries out the actions of the Document API that `src/stores/ydb` uses, one after the other, so each is atomic. */
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

  /** Writes unless the condition of the request does not hold for what is there. */
  function write(
    request: ActionRequest,
    key: Item,
    change: (current: Item) => Item | undefined,
  ): Item | undefined {
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
    table.set(partition, sort, changed);
    return changed;
  }

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
      const { Item: item = {} } = request;
      write(request, item, () => item);
      return {};
    },
    DeleteItem(request) {
      write(request, request.Key ?? {}, () => undefined);
      return {};
    },
    UpdateItem(request) {
      const { Key = {}, UpdateExpression = '', ExpressionAttributeValues = {} } = request;
      const update: Update = updates(UpdateExpression);
      return {
        Attributes: write(request, Key, (current) =>
          update({ ...current, ...Key }, ExpressionAttributeValues),
        ),
      };
    },
    BatchWriteItem({ RequestItems = {} }) {
      for (const [name, requests] of Object.entries(RequestItems)) {
        for (const { DeleteRequest } of requests) tableOf(name).set(...keysOf(DeleteRequest.Key), undefined);
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

/** A program has few expressions and uses them over and over; one that makes up new ones gets them read each time anew. */
const KEPT_EXPRESSIONS = 1000;

function remembering<T>(parse: (expression: string) => T): (expression: string) => T {
  const known = new Map<string, T>();
  return (expression) => {
    const parsed = known.get(expression) ?? parse(expression);
    if (known.size < KEPT_EXPRESSIONS) known.set(expression, parsed);
    return parsed;
  };
}
