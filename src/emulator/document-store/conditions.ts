import { invalidRequest } from './document-error.js';
import { tokensOf, type Tokens } from './tokens.js';
import { attributeOf, compare, type Item } from './values.js';

/** Whether an item meets a condition; `values` are those behind the colons. */
export type Condition = (item: Item, values: Item) => boolean;

/**
 * Reads the conditions that this library uses: `AND`, `OR`, brackets, comparisons, `BETWEEN`,
 * `attribute_exists` and `attribute_not_exists`. Throws a `ValidationException` for anything else.
 */
export function parseCondition(expression: string): Condition {
  const tokens = tokensOf(expression);
  const condition = either(tokens);
  if (tokens.peek() !== undefined)
    throw invalidRequest(`'${expression}': '${tokens.next()}' is not supported`);
  return condition;
}

function either(tokens: Tokens): Condition {
  const options = [both(tokens)];
  while (tokens.nextIf('OR')) options.push(both(tokens));
  return (item, values) => options.some((holds) => holds(item, values));
}

function both(tokens: Tokens): Condition {
  const parts = [single(tokens)];
  while (tokens.nextIf('AND')) parts.push(single(tokens));
  return (item, values) => parts.every((holds) => holds(item, values));
}

function single(tokens: Tokens): Condition {
  if (tokens.nextIf('(')) {
    const inner = either(tokens);
    tokens.next(')');
    return inner;
  }
  const first = tokens.next();
  if (first === 'attribute_exists' || first === 'attribute_not_exists') {
    tokens.next('(');
    const name = tokens.next();
    tokens.next(')');
    const wanted = first === 'attribute_exists';
    return (item) => (attributeOf(item, name) !== undefined) === wanted;
  }
  return comparison(first, tokens);
}

function comparison(name: string, tokens: Tokens): Condition {
  const operator = tokens.next();
  const value = tokens.next();
  if (operator === 'BETWEEN') {
    tokens.next('AND');
    const last = tokens.next();
    return (item, values) => isAtLeast(item, name, values, value) && isAtMost(item, name, values, last);
  }
  const holds = COMPARISONS.get(operator);
  if (holds === undefined) throw invalidRequest(`the operator '${operator}' is not supported`);
  return (item, values) => {
    const order = compare(attributeOf(item, name), attributeOf(values, value));
    return order !== undefined && holds(order);
  };
}

const COMPARISONS = new Map<string, (order: number) => boolean>([
  ['=', (order) => order === 0],
  ['<', (order) => order < 0],
  ['<=', (order) => order <= 0],
  ['>', (order) => order > 0],
  ['>=', (order) => order >= 0],
]);

function isAtLeast(item: Item, name: string, values: Item, first: string): boolean {
  return (compare(attributeOf(item, name), attributeOf(values, first)) ?? -1) >= 0;
}

function isAtMost(item: Item, name: string, values: Item, last: string): boolean {
  return (compare(attributeOf(item, name), attributeOf(values, last)) ?? 1) <= 0;
}
