/** The client runs in the browsers that docs/requirements.md names: those of ES2021. */
import { describe, expect, it } from '@jest/globals';
import { parse } from 'acorn';
import { build } from 'esbuild';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
const MODULES = ['index', 'core', 'native', 'presence', 'react', 'page'];

/** A bundle with everything in it, not translated to older syntax, and the files that it was made of. */
async function bundle(entry: string): Promise<{ code: string; files: readonly string[] }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(root, entry)],
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    external: ['react'],
    metafile: true,
    write: false,
  });
  return { code: outputFiles[0]?.text ?? '', files: Object.keys(metafile.inputs) };
}

describe('the client', () => {
  it.each(MODULES)('has the syntax of ES2021, before any build step: %s', async (module) => {
    const { code } = await bundle(`dist/client/${module}.js`);
    expect(() => parse(code, { ecmaVersion: 2021, sourceType: 'module' })).not.toThrow();
  });

  it('calls nothing that came after ES2021, and nothing of Node.js', async () => {
    const bundles = await Promise.all(MODULES.map((module) => bundle(`src/client/${module}.ts`)));
    const files = new Set(bundles.flatMap((one) => one.files));
    const program = ts.createProgram(
      [...files].map((file) => join(root, file)),
      {
        lib: ['lib.es2021.d.ts', 'lib.dom.d.ts'],
        types: [],
        target: ts.ScriptTarget.ES2021,
        module: ts.ModuleKind.ESNext,
        moduleResolution: ts.ModuleResolutionKind.Bundler,
        strict: true,
        noEmit: true,
        skipLibCheck: true,
      },
    );
    const problems = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => ({
      file: relative(root, file?.fileName ?? ''),
      text: ts.flattenDiagnosticMessageText(messageText, ' '),
    }));
    // Others are there for their types.
    expect(problems.filter(({ file }) => files.has(file))).toEqual([]);
  });
});
