import { BroadcastError } from '../base/errors.js';

/**
 * Waits, with the global timer, which fake clocks reach. Rejects with `ABORTED` when the signal comes first.
 */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(aborted());
      return;
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    function abort(): void {
      clearTimeout(timer);
      reject(aborted());
    }
    signal?.addEventListener('abort', abort, { once: true });
  });
}

function aborted(): BroadcastError {
  return new BroadcastError('ABORTED', 'your signal aborted the wait; the broadcast continues');
}
