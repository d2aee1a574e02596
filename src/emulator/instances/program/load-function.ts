import { setTimeout as delay } from 'node:timers/promises';
import type { FunctionHandler } from '../../calls/invoker.js';
import { exportedNames, namedExports, type Exports } from '../../code/exports.js';
import type { InstanceSetup } from '../wire.js';
import { describeError } from './describe-error.js';

/** Loads the function. Rejects with an error that says what the file has instead. */
export async function loadFunction(setup: InstanceSetup): Promise<FunctionHandler> {
  const { module, exportName, written, preload, coldStartMs } = setup;
  if (coldStartMs > 0) await delay(coldStartMs);
  const exports = await load(module, written, preload);
  const handler = exports[exportName];
  if (typeof handler === 'function') return handler as FunctionHandler;
  const problem =
    handler === undefined
      ? `has no export '${exportName}'`
      : `exports '${exportName}', but it is not a function`;
  throw new Error(`${written} ${problem}; it exports ${exportedNames(exports)}. Choose one with file#name`);
}

async function load(module: string, written: string, preload: readonly string[]): Promise<Exports> {
  try {
    for (const name of preload) await import(name);
    return namedExports((await import(module)) as Exports);
  } catch (reason) {
    throw new Error(`${written} failed to load:\n${describeError(reason)}`, { cause: reason });
  }
}
