import { BroadcastError } from '../base/errors.js';

/** The file that `YC_BROADCAST_CA` names, or `undefined`. Throws `INVALID_OPTIONS` when it cannot be read. */
export function caFromEnvironment(): string | undefined {
  const file = process.env['YC_BROADCAST_CA'];
  if (file === undefined || file === '') return undefined;
  try {
    // Imported, this module would load streams: a third of the core's import time, for a file that the cloud
    // does not need.
    return process.getBuiltinModule('node:fs').readFileSync(file, 'utf8');
  } catch (cause) {
    throw new BroadcastError('INVALID_OPTIONS', `YC_BROADCAST_CA: ${file} cannot be read`, { cause });
  }
}
