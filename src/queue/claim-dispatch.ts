import type { RecordStore } from '../records.js';
import { readBroadcast, writeBroadcast, type BroadcastRecord } from './broadcast-record.js';
import { sleep } from './sleep.js';

/** How long a dispatch may take before somebody else makes up for it, in milliseconds. */
const DISPATCH_MS = 10_000;
/** How often somebody looks who waits for another's dispatch of the same id, in milliseconds. */
const LOOK_EVERY_MS = 200;

/**
 * The record of a broadcast: one that is in the queue already (`sent`), or one that it is now up to the caller to put
 * there. Whoever comes while another is at it waits for that, since it may fail.
 */
export async function claimDispatch(
  records: RecordStore,
  id: string,
  options: {
    readonly now: () => number;
    readonly signal: AbortSignal | undefined;
    readonly make: () => Promise<BroadcastRecord>;
  },
): Promise<BroadcastRecord> {
  for (;;) {
    const found = await readBroadcast(records, id);
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
