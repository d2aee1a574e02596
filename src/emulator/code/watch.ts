import { watch, type FSWatcher } from 'node:fs';
import { dirname, join } from 'node:path';

/** Tells when files change that matter. */
export interface FileWatch {
  /** Which files matter from now on. With `orAny`, any other file beside them may be what was missing. */
  follow(files: Iterable<string>, orAny?: boolean): void;
  close(): void;
}

/** Editors write a file in several steps; this long after the first it is whole. In milliseconds. */
const SETTLE_MS = 15;

/**
 * Watches the folders of the files rather than the files: many editors replace a file when they save it, and
 * what watches the old one hears nothing more.
 */
export function watchFiles(onChange: (changed: ReadonlySet<string>) => void): FileWatch {
  const folders = new Map<string, FSWatcher>();
  let followed: ReadonlySet<string> = new Set();
  let takesAny = false;
  let changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  function note(file: string): void {
    if (!takesAny && !followed.has(file)) return;
    changed.add(file);
    timer ??= setTimeout(() => {
      const all = changed;
      timer = undefined;
      changed = new Set();
      onChange(all);
    }, SETTLE_MS);
  }

  function open(folder: string): FSWatcher | undefined {
    try {
      const watcher = watch(folder, (_event, name) => {
        if (name !== null) note(join(folder, name));
      });
      // A folder that is removed is watched no more; what happens to its files shows when they are compiled.
      watcher.on('error', () => undefined);
      return watcher;
    } catch {
      return undefined;
    }
  }

  return {
    follow(files, orAny = false) {
      followed = new Set(files);
      takesAny = orAny;
      const wanted = new Set([...followed].map((file) => dirname(file)));
      for (const folder of wanted) {
        const watcher = folders.get(folder) ?? open(folder);
        if (watcher !== undefined) folders.set(folder, watcher);
      }
      for (const [folder, watcher] of folders) {
        if (wanted.has(folder)) continue;
        watcher.close();
        folders.delete(folder);
      }
    },
    close() {
      clearTimeout(timer);
      for (const watcher of folders.values()) watcher.close();
      folders.clear();
    },
  };
}
