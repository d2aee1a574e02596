import { historyStoreOf } from '../history/histories.js';
import { privateName } from '../history/hashed-key.js';
import type { ConnectionStore } from '../../model/store.js';

/** An entry is looked at for this long at least, in milliseconds. */
const MIN_AGE_MS = 60_000;

/**
 * Whether it is time to tell a large room its number again. Instances share no memory, so they take turns in the store: what
 * was appended last is when the room was told last.
 */
export async function mayCount(
  store: ConnectionStore,
  room: string,
  everyMs: number,
  now: () => number,
): Promise<boolean> {
  const history = historyStoreOf(store, 'rooms.presence');
  const name = await privateName('count', room);
  const { entries, position } = await history.read(name, { limit: 1 });
  const last = entries[0];
  if (last !== undefined && last.at + everyMs > now()) return false;
  const { offset } = await history.append(name, '1', {
    maxEntries: 1,
    maxAgeMs: Math.max(everyMs, MIN_AGE_MS),
  });
  // Whoever appended in between tells it.
  return offset === position.offset + 1;
}
