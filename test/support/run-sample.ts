/** Runs samples of Markdown files as the programs that they are. */
import { afterEach } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { samplesOf } from './code-samples.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The sample of a page that says this. */
export function sampleWith(page: string, text: string): string {
  const found = samplesOf(join(root, page)).find(({ code }) => code.includes(text));
  if (found === undefined) throw new Error(`${page} has no sample with ${text}`);
  return found.code;
}

export interface SampleRunner {
  /** Bundles a program, among the named samples of its page. Returns its path. */
  bundle(code: string, page?: string): string;
  /** Runs a program and resolves with what it exports: also the names given, which a sample only declares. */
  run<T>(code: string, ...names: readonly (keyof T & string)[]): Promise<T>;
  /** Gives samples what they take for granted (`declare const store`) until the test ends. */
  give(globals: Readonly<Record<string, unknown>>): void;
  /** Done when the test ends, the last first. */
  later(step: () => void): void;
}

export function createSampleRunner(): SampleRunner {
  const artefacts = join(root, 'test/artefacts');
  let undo: (() => void)[] = [];

  afterEach(() => {
    for (const step of undo.reverse()) step();
    undo = [];
  });

  function bundle(code: string, page?: string): string {
    mkdirSync(artefacts, { recursive: true });
    const folder = mkdtempSync(join(artefacts, 'pair-'));
    undo.push(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    const named = page === undefined ? [] : samplesOf(join(root, page));
    for (const { file, code: other } of named) writeFileSync(join(folder, file), other);
    const [source, outfile] = [join(folder, 'main.ts'), join(folder, 'main.mjs')];
    writeFileSync(source, code);
    buildSync({
      entryPoints: [source],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      // These have to be those that the test has.
      external: ['ws', 'esbuild'],
      supported: { using: false },
      logLevel: 'silent',
    });
    return outfile;
  }

  return {
    bundle,
    async run<T>(code: string, ...names: readonly (keyof T & string)[]) {
      const exported = names.length === 0 ? '' : `export { ${names.join(', ')} };\n`;
      return (await import(pathToFileURL(bundle(code + exported)).href)) as T;
    },
    give(globals) {
      for (const [name, value] of Object.entries(globals)) {
        const before: unknown = Reflect.get(globalThis, name);
        Reflect.set(globalThis, name, value);
        undo.push(() => Reflect.set(globalThis, name, before));
      }
    },
    later: (step) => void undo.push(step),
  };
}
