import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { BroadcastError } from '../../base/errors.js';

/** A file and the export in it that is meant. */
export interface CodeEntry {
  /** As the user wrote it, for messages. */
  readonly written: string;
  readonly file: string;
  /** `undefined` when the user named none; each command has its default. */
  readonly exportName: string | undefined;
}

/** Reads `file` or `file#export`. Throws `INVALID_OPTIONS` when there is no such file. */
export function parseEntry(written: string): CodeEntry {
  const at = written.lastIndexOf('#');
  const path = at === -1 ? written : written.slice(0, at);
  const exportName = at === -1 ? undefined : written.slice(at + 1);
  const file = resolve(path);
  if (!existsSync(file) || !statSync(file).isFile()) {
    throw new BroadcastError('INVALID_OPTIONS', `there is no file '${path}'`);
  }
  if (exportName === '') {
    throw new BroadcastError('INVALID_OPTIONS', `'${written}' has no export name after the #`);
  }
  return { written, file, exportName };
}
