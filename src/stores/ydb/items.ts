import type { Attributes, StoredConnection } from '../../model/connection.js';

/** A value as the Document API writes it. Numbers travel as text. */
export interface AttributeValue {
  readonly S?: string;
  readonly N?: string;
  /** A set of strings, never empty. */
  readonly SS?: readonly string[];
  readonly BOOL?: boolean;
}

/**
 * A row of the table. Names are short because every byte of them is stored and read with each row:
 *
 * - `p`, `s`: partition and sort key
 * - `t`: when the backend may delete it, in Unix seconds
 * - `i`: the connection id, when the sort key does not hold it
 * - `u`, `a`, `c`, `e`: user, attributes as JSON, connectedAt, expiresAt
 * - `v`: version of the connection that the row shows
 * - `r`: partition keys under which a connection has copies, or may have (in the connection's row only)
 * - `g`: those of rooms that it has left and whose copies are still to be deleted (likewise)
 * - `k`: the latest calls that changed a connection, so that one which is repeated is known (likewise)
 * - `b`: version of a record that the latest write has replaced
 * - `x`: true in a tombstone
 */
export type Item = Readonly<Record<string, AttributeValue>>;

export const text = (S: string): AttributeValue => ({ S });
export const number = (value: number): AttributeValue => ({ N: String(value) });
export const strings = (...SS: readonly string[]): AttributeValue => ({ SS });

export function numberIn(item: Item, name: string): number {
  return Number(item[name]?.N);
}

/** Whether a row shows a connection that is there. Tombstones and reservations have no `e`. */
export function isAlive(item: Item, now: number): boolean {
  return numberIn(item, 'e') > now;
}

export function connectionIn(item: Item, id: string): StoredConnection {
  const user = item['u']?.S;
  return {
    id,
    ...(user === undefined ? {} : { user }),
    attributes: JSON.parse(item['a']?.S ?? '{}') as Attributes,
    connectedAt: numberIn(item, 'c'),
    expiresAt: numberIn(item, 'e'),
  };
}

/** Rows outlive what they show by this time, so that no instance whose clock is behind misses one. */
const ROW_SLACK_MS = 10 * 60_000;

/** The value of `t` for a row that is needed until `instant`, in Unix milliseconds. */
export function deletableFrom(instant: number): AttributeValue {
  return number(Math.ceil((instant + ROW_SLACK_MS) / 1000));
}

/** What rows show of a connection; absent where it has nothing. */
export interface ShownFields {
  readonly u: AttributeValue | undefined;
  readonly a: AttributeValue | undefined;
  readonly c: AttributeValue | undefined;
  readonly e: AttributeValue | undefined;
  readonly t: AttributeValue | undefined;
  readonly i: AttributeValue | undefined;
}

export function fieldsOf({ user, attributes, connectedAt, expiresAt }: StoredConnection): ShownFields {
  return {
    u: user === undefined ? undefined : text(user),
    a: attributesValue(attributes),
    c: number(connectedAt),
    e: number(expiresAt),
    t: deletableFrom(expiresAt),
    i: undefined,
  };
}

export function fieldsIn({ u, a, c, e, t, i }: Item): ShownFields {
  return { u, a, c, e, t, i };
}

/** Most connections have no attributes; those pay for none. */
export function attributesValue(attributes: Attributes): AttributeValue | undefined {
  const json = JSON.stringify(attributes);
  return json === '{}' ? undefined : text(json);
}

/** An update expression that gives a row exactly these fields, and the values for it. */
export function assigning(fields: Readonly<Record<string, AttributeValue | undefined>>): {
  readonly expression: string;
  readonly values: Item;
} {
  const values: Record<string, AttributeValue> = {};
  const [set, remove]: [string[], string[]] = [[], []];
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) {
      remove.push(name);
    } else {
      set.push(`${name} = :${name}`);
      values[`:${name}`] = value;
    }
  }
  const parts = [
    ...(set.length === 0 ? [] : [`SET ${set.join(', ')}`]),
    ...(remove.length === 0 ? [] : [`REMOVE ${remove.join(', ')}`]),
  ];
  return { expression: parts.join(' '), values };
}
