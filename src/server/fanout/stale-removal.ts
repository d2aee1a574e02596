import { publish } from '../../model/diagnostics.js';
import { BroadcastError } from '../../base/errors.js';
import type { ConnectionStore } from '../../model/store.js';
import type { Tally } from './tally.js';

const BATCH = 100;

/**
 * Removes stale connections from the store in batches, beside the sending. A store in trouble is reported,
 * not thrown.
 */
export interface StaleRemoval {
  add(connectionId: string): void;
  /** Removes what is left and resolves when every batch has been answered. Never rejects. */
  finish(): Promise<void>;
}

export function createStaleRemoval(store: Pick<ConnectionStore, 'remove'>, tally: Tally): StaleRemoval {
  const batches: Promise<void>[] = [];
  let waiting: string[] = [];

  async function remove(ids: readonly string[]): Promise<void> {
    try {
      await store.remove(ids);
      publish({ type: 'removed', connectionIds: ids });
      tally.counts.removed += ids.length;
    } catch (reason) {
      tally.storeFailed(BroadcastError.from(reason));
    }
  }

  function flush(): void {
    if (waiting.length === 0) return;
    batches.push(remove(waiting));
    waiting = [];
  }

  return {
    add(connectionId) {
      waiting.push(connectionId);
      if (waiting.length >= BATCH) flush();
    },
    async finish() {
      flush();
      await Promise.all(batches);
    },
  };
}
