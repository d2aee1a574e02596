import type { Generation } from '../code/source.js';
import type { InvokeOptions, FunctionInvocation, Invoker } from '../calls/invoker.js';
import type { CallOutcome } from './call-table.js';
import type { Instance } from './instance.js';
import { createMembers, STOPPED, type MembersOptions } from './members.js';

/** The instances of one function, and the calls that wait for them. */
export interface Pool extends Invoker {
  /** Starts the first instances. Rejects with `INVALID_OPTIONS` when the function cannot be loaded. */
  start(generation: Generation): Promise<void>;
  /**
   * Calls go to the new code as soon as it is loaded; those under way end on the old. Rejects with
   * `INVALID_OPTIONS` when it cannot be loaded, and the old code stays.
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

export interface PoolOptions extends MembersOptions {
  readonly requestsLimit: number;
}

interface WaitingCall {
  readonly event: Record<string, unknown>;
  readonly options: InvokeOptions;
  resolve(outcome: CallOutcome | Promise<CallOutcome>): void;
}

export function createPool({ requestsLimit, ...settings }: PoolOptions): Pool {
  const members = createMembers(settings, hand);
  const waiting: WaitingCall[] = [];
  let underWay = 0;
  let changes: Promise<void> = Promise.resolve();
  let isStopped = false;

  /** Gives calls that wait to instances that are free. */
  function hand(): void {
    while (waiting.length > 0) {
      const instance = members.occupy();
      if (instance === undefined) return;
      const call = waiting.shift();
      call?.resolve(instance.call(call.event, call.options));
    }
  }

  /** One replacement after the other, or an older one could win. */
  function inTurn(change: () => Promise<void>): Promise<void> {
    const done = changes.then(change);
    changes = done.catch(() => undefined);
    return done;
  }

  async function call(event: Record<string, unknown>, options: InvokeOptions): Promise<CallOutcome> {
    if (isStopped) return { status: 502, problem: STOPPED.reason };
    if (underWay > requestsLimit) {
      return {
        status: 429,
        problem: `${requestsLimit} calls are in progress or waiting for an instance; further calls are refused (requestsLimit, dev --requests)`,
      };
    }
    const free = waiting.length === 0 ? members.occupy() : undefined;
    if (free !== undefined) return free.call(event, options);
    return new Promise((resolve) => {
      waiting.push({ event, options, resolve });
    });
  }

  return {
    start: members.start,
    replace: (generation) => inTurn(() => members.replace(generation)),
    restart: () => inTurn(() => members.replace(members.generation)),
    generation: () => members.generation,
    async invoke(event, options = {}): Promise<FunctionInvocation> {
      const begun = performance.now();
      underWay++;
      try {
        return { ...(await call(event, options)), durationMs: performance.now() - begun };
      } finally {
        underWay--;
      }
    },
    underWay: () => underWay,
    instances: members.all,
    async settled() {
      while (!members.all().every(({ isSettled }) => isSettled)) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    async stop() {
      isStopped = true;
      for (const { resolve } of waiting.splice(0)) resolve({ status: 502, problem: STOPPED.reason });
      await members.stop();
    },
  };
}
