import type { Clock } from '../clock.js';
import type { Generation } from '../code/source.js';
import type { Invocation, Invoker } from '../calls/invoker.js';
import type { CallOutcome } from './call-table.js';
import type { Ending } from './endings.js';
import type { Instance, InstanceListener } from './instance.js';

/** The instances of one function: which of them takes a call, how many there are. */
export interface Pool extends Invoker {
  /** Starts the first instances. Rejects with `INVALID_OPTIONS` when the function cannot be loaded. */
  start(generation: Generation): Promise<void>;
  /**
   * Calls go to the new code as soon as it is loaded; those under way end on the old. Rejects with `INVALID_OPTIONS` when
   * it cannot be loaded, and the old code stays.
   */
  replace(generation: Generation): Promise<void>;
  /** The same with the code as it is: memory and environment are new. */
  restart(): Promise<void>;
  /** The code that takes calls. */
  generation(): Generation;
  instances(): readonly Instance[];
  /** Resolves when every instance has told what its calls have left behind. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export interface PoolOptions {
  readonly min: number;
  readonly max: number;
  readonly concurrency: number;
  readonly requestsLimit: number;
  readonly evictAfterMs: number;
  readonly clock: Clock;
  /** Starts an instance. */
  start(generation: Generation, listener: Pick<InstanceListener, 'onFree' | 'onEnded'>): Instance;
}

const REPLACED: Ending = { why: 'replaced', reason: 'its code was replaced' };
const STOPPED: Ending = { why: 'stopped', reason: 'the gateway was stopped' };
const EVICTED: Ending = { why: 'evicted', reason: 'idle too long' };

export function createPool(options: PoolOptions): Pool {
  const { min, max, concurrency, requestsLimit, evictAfterMs, clock } = options;
  /** Those that take calls, the one that has waited longest first, so that calls alternate between them. */
  let active: Instance[] = [];
  /** Those that end when their calls have. */
  const retiring = new Set<Instance>();
  const waiting: {
    readonly event: Record<string, unknown>;
    readonly killAfterMs: number | undefined;
    resolve(outcome: CallOutcome | Promise<CallOutcome>): void;
  }[] = [];
  const leaving = new Set<Promise<void>>();
  const evictions = new Map<Instance, () => void>();
  let current: Generation;
  let underWay = 0;
  let changes: Promise<void> = Promise.resolve();
  let isStopped = false;

  const listener = {
    onFree(instance: Instance): void {
      hand();
      if (instance.underWay === 0) waitForEviction(instance);
    },
    onEnded(instance: Instance, ending: Ending): void {
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
      hand();
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

  /** An instance that can take a call: one that is ready, one that starts, or a new one. */
  function choose(): Instance | undefined {
    const able = active.filter(({ underWay: calls }) => calls < concurrency);
    const chosen = able.find(({ state }) => state !== 'starting') ?? able[0];
    return chosen ?? (active.length < max ? add() : undefined);
  }

  function occupy(instance: Instance): Instance {
    evictions.get(instance)?.();
    active = [...active.filter((other) => other !== instance), instance];
    return instance;
  }

  /** Gives calls that wait to instances that are free. */
  function hand(): void {
    while (waiting.length > 0) {
      const instance = choose();
      if (instance === undefined) return;
      const call = waiting.shift();
      call?.resolve(occupy(instance).call(call.event, call.killAfterMs));
    }
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

  async function replace(generation: Generation): Promise<void> {
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
    hand();
  }

  /** One replacement after the other, or an older one could win. */
  function inTurn(change: () => Promise<void>): Promise<void> {
    const done = changes.then(change);
    changes = done.catch(() => undefined);
    return done;
  }

  async function call(event: Record<string, unknown>, killAfterMs?: number): Promise<CallOutcome> {
    if (isStopped) return { status: 502, problem: STOPPED.reason };
    if (underWay > requestsLimit) {
      return {
        status: 429,
        problem: `${requestsLimit} calls are in progress or waiting for an instance; further calls are refused (requestsLimit, dev --requests)`,
      };
    }
    const free = waiting.length === 0 ? choose() : undefined;
    // In the same turn as the choice, so that nobody else takes the instance.
    if (free !== undefined) return occupy(free).call(event, killAfterMs);
    return new Promise((resolve) => {
      waiting.push({ event, killAfterMs, resolve });
    });
  }

  return {
    async start(generation) {
      current = generation;
      fill();
      // All of them, so that calls take turns from the first one on.
      await Promise.all(active.map(({ ready }) => ready));
    },
    replace: (generation) => inTurn(() => replace(generation)),
    restart: () => inTurn(() => replace(current)),
    generation: () => current,
    async invoke(event, killAfterMs): Promise<Invocation> {
      const begun = performance.now();
      underWay++;
      try {
        return { ...(await call(event, killAfterMs)), durationMs: performance.now() - begun };
      } finally {
        underWay--;
      }
    },
    underWay: () => underWay,
    instances: () => [...active, ...retiring],
    async settled() {
      while (![...active, ...retiring].every(({ isSettled }) => isSettled)) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    async stop() {
      isStopped = true;
      for (const { resolve } of waiting.splice(0)) resolve({ status: 502, problem: STOPPED.reason });
      for (const instance of [...active, ...retiring]) instance.end(STOPPED);
      await Promise.all(leaving);
    },
  };
}
