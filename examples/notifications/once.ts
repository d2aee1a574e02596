import type { RecordStore } from 'yc-broadcast/stores';

/** As long as one call may last: whoever began has failed by then. */
const RUNNING_MS = 60_000;
const REMEMBERED_MS = 24 * 60 * 60 * 1000;
const RUNNING = 'running';

export type Outcome = { readonly answer: string; readonly isRepeated: boolean } | 'running';

/**
 * Does `work` once for a key, however often it is asked: later calls get the first answer. Of two calls at
 * the same time, on whichever instances, one works, and the other is told so. What fails may be tried again.
 */
export async function once(records: RecordStore, key: string, work: () => Promise<string>): Promise<Outcome> {
  const version = await records.write(key, RUNNING, { ifVersion: undefined, ttlMs: RUNNING_MS });
  if (version === undefined) {
    const kept = await records.read(key);
    return kept === undefined || kept.value === RUNNING
      ? 'running'
      : { answer: kept.value, isRepeated: true };
  }
  try {
    const answer = await work();
    await records.write(key, answer, { ifVersion: version, ttlMs: REMEMBERED_MS });
    return { answer, isRepeated: false };
  } catch (reason) {
    await records.remove(key);
    throw reason;
  }
}
