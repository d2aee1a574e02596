import { setTimeout as delay } from 'node:timers/promises';
import type { FunctionHandler, Invoker } from './invoker.js';
import { createInProcessInvoker } from './invoker.js';
import { createHostedFunction, type Host, type HostedFunction } from '../instances/hosted-function.js';
import type { InstanceEnvironment } from '../instances/environment.js';
import { createInstanceControls, type Instances } from '../instances/controls.js';
import type { LibraryWatch } from '../library/watch-library.js';
import type { ParsedFunctionSource } from '../instances/settings.js';

/** What stands behind a route: a function of this process, or a file whose function runs in instances. */
export type ParsedTarget = FunctionHandler | { readonly handler: FunctionHandler } | ParsedFunctionSource;

/** Enough for the disconnect events of sockets that are closed by the stop. */
const STOP_PATIENCE_MS = 100;

/** All functions of a gateway. */
export interface Functions {
  /** The same file with the same settings is the same function, however many routes name it. */
  invokerOf(target: ParsedTarget): Invoker;
  /** Starts the instances. Rejects with `INVALID_OPTIONS` when one of the functions cannot be loaded. */
  start(environment: InstanceEnvironment): Promise<void>;
  readonly instances: Instances;
  /** Resolves when every instance has told what its calls have left behind. */
  settled(): Promise<void>;
  /** Gives calls that are under way a moment to end, then ends all instances. */
  stop(): Promise<void>;
}

export function createFunctions(
  host: Omit<Host, 'newInstanceId' | 'onDiagnostic'>,
  library: LibraryWatch,
): Functions {
  const hosted = new Map<string, HostedFunction>();
  let lastId = 0;

  function hostedBy(source: ParsedFunctionSource): HostedFunction {
    const key = JSON.stringify(source);
    const known = hosted.get(key);
    if (known !== undefined) return known;
    const created = createHostedFunction(source, {
      ...host,
      newInstanceId: () => ++lastId,
      onDiagnostic: library.record,
    });
    hosted.set(key, created);
    return created;
  }

  return {
    invokerOf(target) {
      if (typeof target === 'object' && 'entry' in target) return hostedBy(target);
      const { identity, timeoutMs, clock } = host;
      const handler = typeof target === 'function' ? target : target.handler;
      return createInProcessInvoker({ handler: library.own(handler), identity, timeoutMs, clock });
    },
    async start(environment) {
      await Promise.all([...hosted.values()].map((one) => one.start(environment)));
    },
    instances: createInstanceControls(() => [...hosted.values()]),
    async settled() {
      await Promise.all([...hosted.values()].map((one) => one.settled()));
    },
    async stop() {
      const end = Date.now() + STOP_PATIENCE_MS;
      while (Date.now() < end && [...hosted.values()].some((one) => one.underWay() > 0)) await delay(5);
      await Promise.all([...hosted.values()].map((one) => one.stop()));
    },
  };
}
