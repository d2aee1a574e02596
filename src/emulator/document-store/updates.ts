import { invalidRequest } from './document-error.js';
import { tokensOf, type Tokens } from './tokens.js';
import { attributeOf, setAttribute, type AttributeValue, type Item } from './values.js';

/** Gives the item as it is after an update. */
export type Update = (item: Item, values: Item) => Item;

/** Changes the item that it is given. */
type Change = (item: Item, values: Item) => void;

/** Reads an update of `SET`, `REMOVE`, `ADD` and `DELETE` clauses, as far as this library uses them. */
export function parseUpdate(expression: string): Update {
  const tokens = tokensOf(expression);
  const changes: Change[] = [];
  while (tokens.peek() !== undefined) {
    const clause = CLAUSES.get(tokens.next());
    if (clause === undefined) throw invalidRequest(`'${expression}': expected SET, REMOVE, ADD or DELETE`);
    do changes.push(clause(tokens));
    while (tokens.nextIf(','));
  }
  return (item, values) => {
    const updated = { ...item };
    for (const change of changes) change(updated, values);
    return updated;
  };
}

const CLAUSES = new Map<string, (tokens: Tokens) => Change>(
  Object.entries({
    SET(tokens: Tokens): Change {
      const name = tokens.next();
      tokens.next('=');
      const value = tokens.next();
      return (item, values) => {
        setAttribute(item, name, given(values, value));
      };
    },
    REMOVE(tokens: Tokens): Change {
      const name = tokens.next();
      return (item) => {
        Reflect.deleteProperty(item, name);
      };
    },
    ADD(tokens: Tokens): Change {
      const [name, value] = [tokens.next(), tokens.next()];
      return (item, values) => {
        setAttribute(item, name, sum(attributeOf(item, name), given(values, value)));
      };
    },
    DELETE(tokens: Tokens): Change {
      const [name, value] = [tokens.next(), tokens.next()];
      return (item, values) => {
        const removed = new Set(given(values, value).SS);
        const rest = (attributeOf(item, name)?.SS ?? []).filter((member) => !removed.has(member));
        // A set is never empty.
        if (rest.length > 0) setAttribute(item, name, { SS: rest });
        else Reflect.deleteProperty(item, name);
      };
    },
  }),
);

function sum(current: AttributeValue | undefined, added: AttributeValue): AttributeValue {
  if (added.N !== undefined) return { N: String(Number(current?.N ?? 0) + Number(added.N)) };
  return { SS: [...new Set([...(current?.SS ?? []), ...(added.SS ?? [])])] };
}

function given(values: Item, name: string): AttributeValue {
  const value = attributeOf(values, name);
  if (value === undefined) throw invalidRequest(`there is no value ${name}`);
  return value;
}
