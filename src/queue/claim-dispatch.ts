import { BroadcastError } from '../base/errors.js';
import type { RecordStore } from '../model/records.js';
import type { Audience } from '../model/store.js';
import { readBroadcast, writeBroadcast, type BroadcastRecord } from './broadcast-record.js';
import { sleep } from './sleep.js';

/** How long a dispatch may take before somebody else makes up for it, in milliseconds. */
const DISPATCH_MS = 10_000;
/** How often somebody looks who waits for another's dispatch of the same id, in milliseconds. */
const LOOK_EVERY_MS = 200;

/**
 * The record of a broadcast: one that is in the queue already (`sent`), or one that it is now up to the
 * caller to put there. Whoever comes while another is at it waits for that, since it may fail.
 */
export async function claimDispatch(
  records: RecordStore,
  id: string,
  options: {
    readonly now: () => number;
    readonly signal: AbortSignal | undefined;
    readonly audience: Audience;
    readonly make: () => Promise<BroadcastRecord>;
  },
): Promise<BroadcastRecord> {
  for (;;) {
    const found = await readBroadcast(records, id);
    if (found !== undefined) refuseOthers(found.value.audience, options.audience);
    if (found?.value.sent === true) return found.value;
    const now = options.now();
    if (found !== undefined && now < found.value.dispatcherUntil) {
      await sleep(LOOK_EVERY_MS, options.signal);
      continue;
    }
    const record = { ...(found?.value ?? (await options.make())), dispatcherUntil: now + DISPATCH_MS };
    const written = await writeBroadcast(records, id, record, { ifVersion: found?.version, now });
    if (written !== undefined) return record;
  }
}

/**
 * Taking a broadcast to one room for that to another would leave the other without its message, and say
 * nothing.
 */
function refuseOthers(known: Audience, asked: Audience): void {
  if (JSON.stringify(known) === JSON.stringify(asked)) return;
  throw new BroadcastError(
    'INVALID_OPTIONS',
    'idempotencyKey: a broadcast to another audience has it; give each audience a key of its own',
  );
}
