import type { Condition } from './conditions.js';
import { invalidRequest } from './document-error.js';
import type { Table } from './table.js';
import type { Item } from './values.js';

export interface QueryRequest {
  readonly KeyConditionExpression?: string;
  readonly FilterExpression?: string;
  readonly ExpressionAttributeValues?: Item;
  readonly ScanIndexForward?: boolean;
  readonly Limit?: number;
  readonly Select?: string;
  readonly ExclusiveStartKey?: Item;
}

/** Most that one answer reads. Documented. */
const MAX_PAGE_BYTES = 1024 * 1024;

/** A page of a partition. The limit counts what is read, before the filter, as documented. */
export function query(
  table: Table,
  request: QueryRequest,
  conditions: (expression: string) => Condition,
): object {
  const { KeyConditionExpression = '', FilterExpression, ExpressionAttributeValues: values = {} } = request;
  const { Limit = Infinity, ScanIndexForward = true, Select, ExclusiveStartKey } = request;
  const isMeant = conditions(KeyConditionExpression);
  const passes: Condition = FilterExpression === undefined ? () => true : conditions(FilterExpression);
  const found: Item[] = [];
  let [read, bytes] = [0, 0];
  let last: Item | undefined;
  const rows = table.items(partitionIn(values), !ScanIndexForward, ExclusiveStartKey?.['s']?.S);
  for (const item of rows) {
    if (!isMeant(item, values)) continue;
    if (read === Limit || bytes > MAX_PAGE_BYTES)
      return { ...answer(found, Select), LastEvaluatedKey: keyOf(last) };
    read++;
    bytes += JSON.stringify(item).length;
    last = item;
    if (passes(item, values)) found.push(item);
  }
  return answer(found, Select);
}

function answer(found: readonly Item[], select: string | undefined): object {
  return select === 'COUNT' ? { Count: found.length } : { Count: found.length, Items: found };
}

/** All of our queries are for `p = :p`. */
function partitionIn(values: Item): string {
  const partition = values[':p']?.S;
  if (partition === undefined) throw invalidRequest('a query needs the partition as :p');
  return partition;
}

function keyOf(item: Item | undefined): Item {
  const { p, s } = item ?? {};
  return { ...(p && { p }), ...(s && { s }) };
}
