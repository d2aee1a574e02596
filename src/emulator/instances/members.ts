import type { Clock } from '../clock.js';
import type { Generation } from '../code/source.js';
import type { InstanceEnding } from './endings.js';
import type { Instance, InstanceListener } from './instance.js';

export interface MembersOptions {
  readonly min: number;
  readonly max: number;
  readonly concurrency: number;
  readonly evictAfterMs: number;
  readonly clock: Clock;
  /** Starts an instance. */
  start(generation: Generation, listener: Pick<InstanceListener, 'onFree' | 'onEnded'>): Instance;
}

/**
 * The instances of a pool: how many there are, which of them takes the next call, which of them are on their
 * way out.
 */
export interface Members {
  /** The code of new instances. */
  readonly generation: Generation;
  /** Starts the first ones. Rejects with `INVALID_OPTIONS` when the function cannot be loaded. */
  start(generation: Generation): Promise<void>;
  /**
   * An instance that can take a call; it is the caller's, in the same turn. `undefined` when all are busy.
   */
  occupy(): Instance | undefined;
  /**
   * New instances take the place of all. Rejects, and changes nothing, when the first of them cannot be
   * loaded.
   */
  replace(generation: Generation): Promise<void>;
  all(): readonly Instance[];
  /** Resolves when the last one is gone. */
  stop(): Promise<void>;
}

const REPLACED: InstanceEnding = { why: 'replaced', reason: 'its code was replaced' };
const EVICTED: InstanceEnding = { why: 'evicted', reason: 'idle too long' };
export const STOPPED: InstanceEnding = { why: 'stopped', reason: 'the gateway was stopped' };

/** @param onAble Called when an instance may have become able to take a call. */
export function createMembers(options: MembersOptions, onAble: () => void): Members {
  const { min, max, concurrency, evictAfterMs, clock } = options;
  /** Those that take calls, the one that has waited longest first, so that calls alternate between them. */
  let active: Instance[] = [];
  /** Those that end when their calls have. */
  const retiring = new Set<Instance>();
  const leaving = new Set<Promise<void>>();
  const evictions = new Map<Instance, () => void>();
  let current: Generation;
  let isStopped = false;

  const listener = {
    onFree(instance: Instance): void {
      onAble();
      if (instance.underWay === 0) waitForEviction(instance);
    },
    onEnded(instance: Instance, ending: InstanceEnding): void {
      const gone = instance.gone.then(() => {
        leaving.delete(gone);
      });
      leaving.add(gone);
      retiring.delete(instance);
      evictions.get(instance)?.();
      active = active.filter((other) => other !== instance);
      if (isStopped) return;
      // One that could not even be loaded is tried again when there is a call for it, not over and over.
      if (ending.why !== 'evicted' && instance.wasReady) fill();
      onAble();
    },
  };

  function add(): Instance {
    const instance = options.start(current, listener);
    active.push(instance);
    return instance;
  }

  function fill(): void {
    while (active.length < min) add();
  }

  /** One that is ready, one that starts, or a new one. */
  function choose(): Instance | undefined {
    const able = active.filter(({ underWay: calls }) => calls < concurrency);
    const chosen = able.find(({ state }) => state !== 'starting') ?? able[0];
    return chosen ?? (active.length < max ? add() : undefined);
  }

  function waitForEviction(instance: Instance): void {
    const cancel = clock.at(clock.now() + evictAfterMs, () => {
      evictions.delete(instance);
      if (active.length > min) instance.end(EVICTED);
    });
    evictions.set(instance, () => {
      cancel();
      evictions.delete(instance);
    });
  }

  return {
    get generation() {
      return current;
    },
    async start(generation) {
      current = generation;
      fill();
      // All of them, so that calls take turns from the first one on.
      await Promise.all(active.map(({ ready }) => ready));
    },
    occupy() {
      const chosen = choose();
      if (chosen === undefined) return undefined;
      evictions.get(chosen)?.();
      active = [...active.filter((other) => other !== chosen), chosen];
      return chosen;
    },
    async replace(generation) {
      const first = options.start(generation, listener);
      // Takes no calls yet.
      retiring.add(first);
      await first.ready;
      retiring.delete(first);
      current = generation;
      const old = active;
      active = [first];
      for (const instance of old) {
        retiring.add(instance);
        instance.retire(REPLACED);
      }
      fill();
      onAble();
    },
    all: () => [...active, ...retiring],
    async stop() {
      isStopped = true;
      for (const instance of [...active, ...retiring]) instance.end(STOPPED);
      await Promise.all(leaving);
    },
  };
}
