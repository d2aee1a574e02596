import type { StoredConnection } from '../../model/connection.js';
import type { JsonValue } from '../../base/protocol.js';

/** Attributes that must all be equal, or a function that decides. */
export type Where = Readonly<Record<string, JsonValue>> | ((connection: StoredConnection) => boolean);

/** Connections that a broadcast leaves out: ids, or anything that has an `id`. */
export type Exception = string | { readonly id: string } | Iterable<string | { readonly id: string }>;

export interface Filter {
  readonly except: ReadonlySet<string>;
  readonly where: readonly Where[];
}

export const EVERYBODY: Filter = { except: new Set(), where: [] };

export function addExceptions(filter: Filter, exceptions: readonly Exception[]): Filter {
  const except = new Set(filter.except);
  for (const exception of exceptions) for (const id of idsOf(exception)) except.add(id);
  return { ...filter, except };
}

export function addWhere(filter: Filter, where: Where): Filter {
  return { ...filter, where: [...filter.where, where] };
}

/** The filter as one question, or `undefined` when it lets everybody through. */
export function acceptanceOf({
  except,
  where,
}: Filter): ((connection: StoredConnection) => boolean) | undefined {
  if (except.size === 0 && where.length === 0) return undefined;
  const tests = where.map((one) => (typeof one === 'function' ? one : matcher(one)));
  return (connection) => !except.has(connection.id) && tests.every((test) => test(connection));
}

function matcher(wanted: Readonly<Record<string, JsonValue>>): (connection: StoredConnection) => boolean {
  const entries = Object.entries(wanted);
  return ({ attributes }) => entries.every(([name, value]) => isEqual(attributes[name], value));
}

/** Equality of JSON values; the attributes that people match are nearly always plain strings and numbers. */
function isEqual(a: JsonValue | undefined, b: JsonValue): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const left = Object.entries(a as Record<string, JsonValue>);
  const right = b as Record<string, JsonValue>;
  return (
    Array.isArray(a) === Array.isArray(b) &&
    left.length === Object.keys(right).length &&
    left.every(([key, value]) => Object.hasOwn(right, key) && isEqual(value, right[key] as JsonValue))
  );
}

function* idsOf(exception: Exception): Iterable<string> {
  if (typeof exception === 'string') yield exception;
  else if ('id' in exception) yield exception.id;
  else for (const one of exception) yield typeof one === 'string' ? one : one.id;
}
