import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { watchHttpRequests } from './http-requests.js';
import { kindOf, type BegunWork } from './kinds.js';

/** Knows what a call has begun and what of it is not finished. */
export interface WorkTracker {
  /** Runs a call. What it begins is its own, however deep in callbacks and promises. */
  track<T>(work: () => T): TrackedWork<T>;
  stop(): void;
}

export interface TrackedWork<T> {
  readonly result: T;
  /** What is not finished at this moment, in words: `2 timers`, `1 request to 127.0.0.1:4510`. */
  pending(): readonly string[];
}

/**
 * Follows timers, requests over HTTP, names being looked up, connections being made, and files being read or
 * written. It cannot see a query on a database connection that is open already: nothing tells it from a
 * connection that idles.
 */
export function createWorkTracker(): WorkTracker {
  const calls = new AsyncLocalStorage<BegunWork>();
  const owners = new Map<number, BegunWork>();
  const hook = createHook({
    init(id, type, _trigger, resource) {
      const work = kindOf(type, resource);
      const begun = work === undefined ? undefined : calls.getStore();
      if (work === undefined || begun === undefined) return;
      begun.set(id, work);
      if (work.endsAfterCallback) owners.set(id, begun);
    },
    after(id) {
      owners.get(id)?.delete(id);
      owners.delete(id);
    },
  }).enable();
  const unwatch = watchHttpRequests(() => calls.getStore());

  return {
    track(work) {
      const begun: BegunWork = new Map();
      return { result: calls.run(begun, work), pending: () => inWords(begun) };
    },
    stop() {
      hook.disable();
      unwatch();
    },
  };
}

function inWords(begun: BegunWork): string[] {
  const counts = new Map<string, number>();
  for (const { noun, isPending } of begun.values()) {
    if (isPending()) counts.set(noun, (counts.get(noun) ?? 0) + 1);
  }
  return [...counts].map(([noun, count]) => `${count} ${count === 1 ? noun : plural(noun)}`);
}

function plural(noun: string): string {
  const [first = noun, ...rest] = noun.split(' ');
  return [`${first}s`, ...rest].join(' ');
}
