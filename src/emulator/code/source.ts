import { rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileError, compilerSettings, outputFolder, projectFolder } from './compiler.js';
import { parseEntry, type CodeEntry } from './entry.js';
import { createPlaces } from './source-places.js';

/** The code of a function between two changes of its source. */
export interface Generation {
  /** Counts from 1. */
  readonly number: number;
  /** A `file:` URL. */
  readonly module: string;
  /** Makes places in the compiled code, in a stack or another text, those of the source. */
  mapPlaces(text: string): string;
}

/** The source of a function, compiled over and over. */
export interface Source {
  readonly entry: CodeEntry;
  /** The folder of the project that the entry belongs to. */
  readonly project: string;
  /**
   * Compiles. Resolves with `undefined` when nothing has changed since the last time; rejects with
   * `INVALID_OPTIONS` that shows the place when the code does not compile.
   */
  compile(): Promise<Generation | undefined>;
  /** The files that the last good compilation has read, those of installed packages left out. */
  files(): ReadonlySet<string>;
  /** Deletes the compiled code of generations before this one. */
  forget(before: Generation): void;
  close(): Promise<void>;
}

let sources = 0;

/** Throws `INVALID_OPTIONS` when there is no such file. */
export async function openSource(written: string): Promise<Source> {
  const entry = parseEntry(written);
  const { context } = await import('esbuild');
  const project = projectFolder(entry.file);
  const stem = join(outputFolder(entry), `${basename(entry.file)}-${process.pid}-${++sources}`);
  const compiler = await context({
    ...compilerSettings(entry),
    absWorkingDir: project,
    // Names the place that the source map is relative to; the file is written by hand, when it differs.
    outfile: `${stem}.mjs`,
    write: false,
    metafile: true,
  });
  const modules: string[] = [];
  let files: ReadonlySet<string> = new Set([entry.file]);
  let last: { readonly number: number; readonly text: string } = { number: 0, text: '' };

  return {
    entry,
    project,
    async compile() {
      const { outputFiles, metafile } = await compiler.rebuild().catch(async (reason: unknown) => {
        throw await compileError(entry, reason);
      });
      files = new Set(
        Object.keys(metafile.inputs)
          .filter((file) => !file.includes('node_modules/'))
          .map((file) => resolve(project, file)),
      );
      const textOf = (end: string): string => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? '';
      const text = textOf('.mjs');
      if (last.number > 0 && text === last.text) return undefined;
      last = { number: last.number + 1, text };
      const module = `${stem}-${last.number}.mjs`;
      writeFileSync(module, text);
      modules.push(module);
      return {
        number: last.number,
        module: pathToFileURL(module).href,
        mapPlaces: createPlaces(module, textOf('.map')),
      };
    },
    files: () => files,
    forget(before) {
      const end = modules.findIndex((module) => pathToFileURL(module).href === before.module);
      for (const module of modules.splice(0, Math.max(0, end))) rmSync(module, { force: true });
    },
    async close() {
      await compiler.dispose();
      for (const module of modules.splice(0)) rmSync(module, { force: true });
    },
  };
}
