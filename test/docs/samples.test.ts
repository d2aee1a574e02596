/** What the documentation shows has to compile. */
import { describe, expect, it } from '@jest/globals';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { samplesOf, type CodeSample } from '../support/code-samples.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'test/artefacts/samples');
const pages = [
  'README.md',
  'README.ru.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/**
 * Compiles samples as if they stood in this project, each page's in a folder. Returns what the compiler has
 * to say, by sample.
 */
function problemsOf(samples: readonly CodeSample[]): string[] {
  const files = samples.map(({ where, file, code }) => {
    const pageFolder = join(folder, relative(root, where).replaceAll(/[^\w]|\d+$/g, '_'));
    mkdirSync(pageFolder, { recursive: true });
    const path = join(pageFolder, file);
    writeFileSync(path, code);
    return path;
  });
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram(files, options);
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    const index = files.indexOf(file?.fileName ?? '');
    return `${samples[index]?.where ?? file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

describe('the documentation', () => {
  it('shows samples that compile', () => {
    const samples = pages.flatMap((page) => samplesOf(join(root, page)));
    expect(samples.length).toBeGreaterThan(0);
    expect(problemsOf(samples)).toEqual([]);
  });

  it('would be caught showing one that does not', () => {
    const broken = {
      where: 'here',
      file: 'here.ts',
      code: "import { creatApp } from 'yc-broadcast';\nexport {};\n",
    };
    expect(problemsOf([broken])).toEqual([expect.stringMatching(/^here: .*creatApp/)]);
  });
});

describe('the README', () => {
  const [first] = samplesOf(join(root, 'README.md'));

  it('shows a complete handler before line 30', () => {
    expect(first?.where).toMatch(/:[1-6]$/);
    expect(first?.code.trim().split('\n').length).toBeLessThanOrEqual(21);
    expect(first?.code).toContain('export const handler');
  });

  it('shows the same code in Russian, but for its comments', () => {
    const withoutComments = (name: string): string[] =>
      samplesOf(join(root, name)).map(({ code }) => code.replaceAll(/ *\/\/ .*/g, ''));
    const russian = withoutComments('README.ru.md');
    expect(russian.length).toBeGreaterThan(2);
    expect(withoutComments('README.md').filter((code) => russian.includes(code))).toEqual(russian);
  });
});
