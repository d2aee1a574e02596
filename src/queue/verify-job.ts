import { BroadcastError } from '../base/errors.js';
import { readBroadcast, type BroadcastRecord } from './broadcast-record.js';
import { claimOf, isSameKey } from './job.js';
import type { WorkDeps } from './work-deps.js';

/** Whether a body comes from the one who dispatched the broadcast that it names. */
export type Proof =
  | { readonly kind: 'proven'; readonly broadcast: BroadcastRecord }
  | { readonly kind: 'unproven'; readonly error: BroadcastError };

/**
 * Compares the key of a job with that of its broadcast. Anything may be in a queue that others can write to,
 * and ids of broadcasts are known to everyone who has received one.
 */
export async function proveJob({ records, deps }: WorkDeps, body: string): Promise<Proof> {
  const claim = claimOf(body);
  if (claim === undefined) return unproven('a job names no broadcast, or has no key');
  const found = await readBroadcast(records, claim.id);
  if (found === undefined) {
    return unproven(
      `a job's broadcast is not in the store '${deps.store.name}'; give workers the same store as dispatchers`,
    );
  }
  if (!isSameKey(claim.key, found.value.key)) return unproven('a job does not have the key of its broadcast');
  return { kind: 'proven', broadcast: found.value };
}

function unproven(reason: string): Proof {
  return { kind: 'unproven', error: new BroadcastError('FORBIDDEN', `${reason}; it was not executed`) };
}
