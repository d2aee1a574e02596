import { relative } from 'node:path';
import type { Source } from '../code/source.js';
import { watchFiles } from '../code/watch.js';
import type { Timeline } from '../timeline/timeline.js';
import { logReload, logReloadFailure, logSourceAsBefore } from './instance-log.js';
import type { Pool } from './pool.js';

export interface ReloadOptions {
  readonly source: Source;
  readonly pool: Pool;
  /** Files of environment variables, absolute. */
  readonly envFiles: readonly string[];
  readonly timeline: Timeline;
}

/**
 * Replaces the instances of a function whenever its source changes. Sockets are not in the instances, so they
 * stay open. What does not compile or load is told once, and the old code stays. Returns how to stop.
 */
export function reloadOnChange({ source, pool, envFiles, timeline }: ReloadOptions): () => void {
  let turn = Promise.resolve();
  let lastProblem: string | undefined;
  let isClosed = false;
  const watch = watchFiles((changed) => {
    turn = turn.then(() => reload(changed));
  });
  const follow = (): void => {
    watch.follow([...source.files(), ...envFiles], lastProblem !== undefined);
  };
  follow();

  async function reload(changed: ReadonlySet<string>): Promise<void> {
    if (isClosed) return;
    const begun = performance.now();
    try {
      const next = await source.compile();
      const hasNewEnvironment = envFiles.some((file) => changed.has(file));
      if (next !== undefined) {
        await pool.replace(next);
        source.forget(next);
      } else if (hasNewEnvironment) await pool.restart();
      else if (lastProblem !== undefined) logSourceAsBefore(timeline);
      if (next !== undefined || hasNewEnvironment) {
        const what = [...changed].map((file) => relative(source.project, file)).join(', ');
        logReload(timeline, what, pool.generation().number, performance.now() - begun);
      }
      lastProblem = undefined;
    } catch (reason) {
      const problem = reason instanceof Error ? reason.message : String(reason);
      if (problem !== lastProblem && !stopped()) logReloadFailure(timeline, problem);
      lastProblem = problem;
    }
    if (!stopped()) follow();
  }

  const stopped = (): boolean => isClosed;

  return () => {
    isClosed = true;
    watch.close();
  };
}
