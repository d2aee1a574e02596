import { setTimeout as delay } from 'node:timers/promises';
import type { FunctionHandler, Invoker } from './invoker.js';
import { createInProcessInvoker } from './invoker.js';
import type { Host } from '../instances/host.js';
import { createHostedFunction, type HostedFunction } from '../instances/hosted-function.js';
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
  /**
   * The same file with the same settings has the same instances, however many routes name it.
   *
   * @param functionId Under which id it is called. Default: that of a gateway with one function.
   */
  invokerOf(target: ParsedTarget, functionId?: string): Invoker;
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
    invokerOf(target, functionId) {
      if (typeof target === 'object' && 'entry' in target) return calledAs(hostedBy(target), functionId);
      const { identity, timeoutMs, clock } = host;
      const handler = typeof target === 'function' ? target : target.handler;
      const invoker = createInProcessInvoker({ handler: library.own(handler), identity, timeoutMs, clock });
      return calledAs(invoker, functionId);
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

function calledAs(invoker: Invoker, functionId: string | undefined): Invoker {
  if (functionId === undefined) return invoker;
  return {
    invoke: (event, options) => invoker.invoke(event, { ...options, functionId }),
    underWay: () => invoker.underWay(),
  };
}
