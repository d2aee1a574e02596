import { diag } from '@opentelemetry/api';

export interface FlushOptions {
  readonly flush: (() => Promise<unknown>) | undefined;
  readonly flushEveryMs: number;
  readonly flushTimeoutMs: number;
}

/**
 * Exports what was gathered before a call ends: between calls the instance stands still, so timers of
 * exporters do not fire. Never rejects and takes no longer than it may: an exporter in trouble must not
 * silence the chat.
 */
export function createFlush({ flush, flushEveryMs, flushTimeoutMs }: FlushOptions): () => Promise<void> {
  let flushedAt = -Infinity;
  return async () => {
    if (flush === undefined || performance.now() - flushedAt < flushEveryMs) return;
    flushedAt = performance.now();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeUp = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => {
        resolve('late');
      }, flushTimeoutMs);
    });
    try {
      if ((await Promise.race([flush(), timeUp])) === 'late') diag.warn('yc-broadcast: flush timed out');
    } catch {
      diag.warn('yc-broadcast: flush failed');
    } finally {
      clearTimeout(timer);
    }
  };
}
