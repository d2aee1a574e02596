import type { Broadcaster } from '../../index.js';
import { CliError } from '../command.js';
import type { CodeEntry } from '../../emulator/code/entry.js';
import { exportedNames } from '../../emulator/code/exports.js';
import { loadModule } from './load-module.js';

/**
 * The broadcaster that an entry exports, or that of an app. Rejects with a {@link CliError} when there is
 * none.
 */
export async function loadBroadcaster(entry: CodeEntry): Promise<Broadcaster> {
  const exports = await loadModule(entry);
  const names = entry.exportName === undefined ? ['broadcaster', 'app'] : [entry.exportName];
  for (const name of names) {
    const found = broadcasterIn(exports[name]);
    if (found !== undefined) return found;
  }
  const wanted = names.map((name) => `'${name}'`).join(' or ');
  throw new CliError(
    `${entry.written} does not export an app or broadcaster as ${wanted}; it exports ${exportedNames(exports)}. ` +
      'Write: export const app = createApp(…), or choose another export with file#name',
  );
}

function broadcasterIn(value: unknown): Broadcaster | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('toAll' in value && 'resume' in value) return value as Broadcaster;
  return 'broadcaster' in value ? broadcasterIn(value.broadcaster) : undefined;
}
