import type { ConnectionStore } from 'yc-broadcast';
import type { RecordStore } from 'yc-broadcast/stores';
import { score, type Score } from './contract.js';

const KEY = 'live-board';
const KEPT_MS = 24 * 60 * 60 * 1000;

/** The score as it stands, for those who come later, and for those who missed a message that came the native way. */
export interface CurrentScore {
  read(): Promise<Score | undefined>;
  write(current: Score): Promise<void>;
}

export function createCurrentScore(store: ConnectionStore): CurrentScore {
  const records = recordsOf(store);
  return {
    async read() {
      const kept = await records.read(KEY);
      return kept === undefined ? undefined : score.parse(JSON.parse(kept.value));
    },
    async write(current) {
      for (;;) {
        const kept = await records.read(KEY);
        // Of two operators at once, whoever spoke last is right.
        if (kept !== undefined && score.parse(JSON.parse(kept.value)).at > current.at) return;
        const options = { ifVersion: kept?.version, ttlMs: KEPT_MS };
        if ((await records.write(KEY, JSON.stringify(current), options)) !== undefined) return;
      }
    },
  };
}

/** All stores of `yc-broadcast` have them; one of your own may not. */
function recordsOf({ name, records }: ConnectionStore): RecordStore {
  if (records === undefined) throw new Error(`the store '${name}' keeps no records`);
  return records;
}
