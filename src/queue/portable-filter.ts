import { BroadcastError } from '../base/errors.js';
import type { Filter, Where } from '../server/fanout/filter.js';
import type { JsonValue } from '../base/protocol.js';

/** A filter that a store can keep for the workers. */
export interface PortableFilter {
  /** Connections that are left out. */
  readonly except: readonly string[];
  /** Attributes that have to be equal, each of these. */
  readonly where: readonly Readonly<Record<string, JsonValue>>[];
}

/** A filter as workers get it, or `undefined` when it has a function, which cannot travel. */
export function portableFilter({ except, where }: Filter): PortableFilter | undefined {
  const attributes = where.filter(isAttributes);
  return attributes.length < where.length ? undefined : { except: [...except], where: attributes };
}

/** Whether it leaves out anybody. */
export function isFiltered({ except, where }: PortableFilter): boolean {
  return except.length + where.length > 0;
}

/** Throws `INVALID_OPTIONS` that names the remedy. */
export function requirePortable(filter: Filter): PortableFilter {
  const portable = portableFilter(filter);
  if (portable !== undefined) return portable;
  throw new BroadcastError(
    'INVALID_OPTIONS',
    'where: a function cannot travel to the workers; name the attributes, as in where({ locale: "ru" }), or use send',
  );
}

function isAttributes(where: Where): where is Exclude<Where, (...given: never) => boolean> {
  return typeof where !== 'function';
}
