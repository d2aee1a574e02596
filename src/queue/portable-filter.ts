import { BroadcastError } from '../base/errors.js';
import type { Filter, Where } from '../server/fanout/filter.js';
import type { Job } from './job.js';

/** A filter as a job carries it, or `undefined` when it has a function, which cannot travel. */
export function portableFilter({ except, where }: Filter): Pick<Job, 'except' | 'where'> | undefined {
  const attributes = where.filter(isAttributes);
  return attributes.length < where.length ? undefined : { except: [...except], where: attributes };
}

/** Throws `INVALID_OPTIONS` that names the remedy. */
export function requirePortable(filter: Filter): Pick<Job, 'except' | 'where'> {
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
