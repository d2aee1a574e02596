import { setTimeout as delay } from 'node:timers/promises';
import type { FunctionHandler } from '../../calls/invoker.js';
import { commonJsProblem, missingExport, namedExports, type Exports } from '../../code/exports.js';
import type { InstanceSetup } from '../wire.js';
import { describeError } from './describe-error.js';

/** Loads the function. Rejects with an error that says what the file has instead. */
export async function loadFunction(setup: InstanceSetup): Promise<FunctionHandler> {
  const { module, exportName, written, preload, coldStartMs } = setup;
  if (coldStartMs > 0) await delay(coldStartMs);
  const exports = await load(module, written, preload);
  const handler = exports[exportName];
  if (typeof handler === 'function') return handler as FunctionHandler;
  if (handler === undefined) throw new Error(missingExport(written, exportName, Object.keys(exports)));
  const problem = `'${exportName}', which is of the type ${typeof handler} and not a function`;
  throw new Error(`${written} exports ${problem}: write: export const ${exportName} = async (event) => …`);
}

async function load(module: string, written: string, preload: readonly string[]): Promise<Exports> {
  try {
    for (const name of preload) await import(name);
    return namedExports((await import(module)) as Exports);
  } catch (reason) {
    const problem = commonJsProblem(reason);
    if (problem !== undefined) throw new Error(`${written} failed to load: ${problem}`, { cause: reason });
    throw new Error(`${written} failed to load:\n${describeError(reason)}`, { cause: reason });
  }
}
