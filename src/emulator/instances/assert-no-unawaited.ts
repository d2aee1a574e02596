import { BroadcastError } from '../../base/errors.js';
import type { TimelineEntry } from '../timeline/timeline.js';

/** Throws when a call has left work behind, or when nobody would have noticed. */
export function assertNoUnawaited(isWatched: boolean, entries: readonly TimelineEntry[]): void {
  if (!isWatched) {
    throw new BroadcastError(
      'INVALID_OPTIONS',
      "assertNoUnawaited: needs functions that run in instances: routes: { '/ws': { entry: 'src/ws.ts' } }",
    );
  }
  const found = entries.filter(({ type }) => type === 'unawaited');
  if (found.length === 0) return;
  const lines = found.map(({ instance, reason = '' }) => `  #${instance ?? '?'} ${reason}`);
  throw new Error(`calls returned before their work was finished:\n${lines.join('\n')}`);
}
