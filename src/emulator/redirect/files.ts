import { join, resolve } from 'node:path';

/**
 * What a gateway writes for the programs that are led to it: named by its port, so that two do not take each
 * other's.
 */
export interface RedirectFiles {
  /** The authority to trust. */
  readonly ca: string;
  /** That, and those that are trusted anyway. */
  readonly roots: string;
  readonly preload: string;
}

export function redirectFiles(folder: string, port: number): RedirectFiles {
  const file = (name: string): string => resolve(join(folder, name));
  return {
    ca: file(`ca-${port}.pem`),
    roots: file(`roots-${port}.pem`),
    preload: file(`redirect-${port}.mjs`),
  };
}
