/** What the timeline says of instances. */
import type { Timeline } from '../timeline/timeline.js';
import type { InstanceEnding } from './endings.js';

/**
 * An instance that ends as planned is not worth a line; of one that cannot be loaded tells whoever has
 * started it.
 */
export function logEnding(timeline: Timeline, id: number, { why, reason }: InstanceEnding): void {
  if (why === 'stopped' || why === 'replaced' || why === 'unloadable') return;
  const level = why === 'evicted' ? 'info' : why === 'killed' ? 'warning' : 'error';
  timeline.add({ type: 'exit', instance: id, reason, level });
}

export function logUnawaited(
  timeline: Timeline,
  id: number,
  work: readonly string[],
  freezes: boolean,
): void {
  const consequence = freezes ? '; frozen until the next call' : '';
  const reason = `not finished when the call returned: ${work.join(', ')}${consequence}`;
  timeline.add({ type: 'unawaited', instance: id, reason, level: 'warning' });
}

export function logSlowLoading(timeline: Timeline, id: number, entry: string, ms: number): void {
  const reason =
    `${entry} is still being loaded after ${ms / 1000} s: ` +
    'an await at its top level, or of a module that it imports, has not settled';
  timeline.add({ type: 'notice', instance: id, reason, level: 'warning' });
}

export function logMemoryStore(timeline: Timeline, max: number): void {
  timeline.add({
    type: 'notice',
    reason:
      `memoryStore() is in use, and there may be ${max} instances: they do not share memory, so each knows only its own ` +
      `connections. Use one instance (instances: 1, dev --instances 1) or a store that all share (dev --store)`,
    level: 'warning',
  });
}

export function logReload(timeline: Timeline, what: string, generation: number, durationMs: number): void {
  timeline.add({ type: 'reload', generation, durationMs, reason: what });
}

/** After a mistake that was taken back. */
export function logSourceAsBefore(timeline: Timeline): void {
  timeline.add({ type: 'reload', reason: 'the source has not changed' });
}

export function logReloadFailure(timeline: Timeline, problem: string): void {
  timeline.add({ type: 'reload', reason: `the old code keeps running: ${problem}`, level: 'error' });
}
