import type { FunctionHandler } from '../emulator/index.js';
import { CliError } from './command.js';
import type { Entry } from './entry.js';
import { exportedNames, loadModule } from './load-module.js';

/** The function that an entry names. Rejects with a {@link CliError} that says what the file has instead. */
export async function loadHandler(entry: Entry): Promise<FunctionHandler> {
  const exports = await loadModule(entry);
  const { written, exportName = 'handler' } = entry;
  const handler = exports[exportName];
  if (typeof handler === 'function') return handler as FunctionHandler;
  const problem =
    handler === undefined
      ? `has no export '${exportName}'`
      : `exports '${exportName}', but it is no function`;
  throw new CliError(
    `${written} ${problem}; it exports ${exportedNames(exports)}. Choose one with file#name`,
  );
}
