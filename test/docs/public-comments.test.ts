/**
 * Everything that can be imported says what it is: `npm run docs:api` shows these comments, and so do
 * editors.
 */
import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Readonly<Record<string, string>>;
};

/** The source of each entry of the package. */
const entries = Object.values(exports)
  .filter((path) => path.startsWith('./dist/'))
  .map((path) => join(root, path.replace('./dist/', 'src/').replace(/\.js$/, '.ts')));

function undocumented(files: readonly string[]): { names: number; missing: string[] } {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram([...files], options);
  const checker = program.getTypeChecker();
  const symbols = new Set(
    files.flatMap((file) => {
      const source = program.getSourceFile(file);
      const module = source && checker.getSymbolAtLocation(source);
      if (module === undefined) throw new Error(`${file} exports nothing`);
      return checker
        .getExportsOfModule(module)
        .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol));
    }),
  );
  const missing = [...symbols].flatMap((symbol) => missingIn(symbol, checker));
  return { names: symbols.size, missing };
}

function missingIn(symbol: ts.Symbol, checker: ts.TypeChecker): string[] {
  const [declaration] = symbol.declarations ?? [];
  const path = declaration?.getSourceFile().fileName ?? '';
  if (!path.startsWith(join(root, 'src'))) return [];
  const isSaid = (one: ts.Symbol): boolean => one.getDocumentationComment(checker).length > 0;
  return isSaid(symbol) ? [] : [`${path.slice(root.length)}: ${symbol.name}`];
}

it('notices a name without one', () => {
  expect(undocumented([join(root, 'src/cli/command.ts')]).missing).toContain('src/cli/command.ts: Command');
});

it('every public name has a comment', () => {
  const { names, missing } = undocumented(entries);
  expect(names).toBeGreaterThan(150);
  expect(missing).toEqual([]);
});
