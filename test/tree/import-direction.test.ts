/**
 * The rooms of `src` stand in one order: later rooms may import earlier ones, never back, and no import goes
 * in a circle.
 */
import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = join(root, 'src');

const ORDER = [
  'base',
  'model',
  'http2',
  'transports',
  'stores',
  'client',
  'server',
  'index',
  'queue',
  'observe',
  'emulator',
  'testing',
  'deploy',
  'conformance',
  'cli',
];

function roomOf(file: string): string {
  const [first = ''] = relative(sources, file).split('/');
  return first.replace(/\.ts$/, '');
}

function importsOf(file: string): string[] {
  const code = readFileSync(file, 'utf8');
  const found = code.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g);
  return [...found].map(([, path = '']) => join(dirname(file), path.replace(/\.js$/, '.ts')));
}

function modulesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name));
}

/** The circles that a walk along the imports runs into, types included, each as the files on its way. */
function circlesIn(files: readonly string[]): string[] {
  const imports = new Map(files.map((file) => [file, importsOf(file)]));
  const done = new Set<string>();
  const circles: string[] = [];
  function walk(file: string, way: readonly string[]): void {
    if (way.includes(file)) {
      const circle = [...way.slice(way.indexOf(file)), file];
      circles.push(circle.map((one) => relative(root, one)).join(' > '));
      return;
    }
    if (done.has(file)) return;
    for (const next of imports.get(file) ?? []) walk(next, [...way, file]);
    done.add(file);
  }
  for (const file of files) walk(file, []);
  return circles;
}

const files = modulesIn(sources);

describe('the source tree', () => {
  it('has the rooms of the order, and nothing else but index.ts on the ground floor', () => {
    expect([...new Set(files.map(roomOf))].sort()).toEqual([...ORDER].sort());
  });

  it.each(files.map((file) => [relative(sources, file), file]))(
    '%s imports only what stands before it',
    (_name, file) => {
      const own = ORDER.indexOf(roomOf(file));
      const later = importsOf(file).filter((imported) => ORDER.indexOf(roomOf(imported)) > own);
      expect(later.map((imported) => relative(sources, imported))).toEqual([]);
    },
  );

  it.each(['src', 'bench'])('has no circle of imports in %s', (folder) => {
    expect(circlesIn(modulesIn(join(root, folder)))).toEqual([]);
  });

  it.each(['emulator', 'cli'])('%s knows the library from outside only', (room) => {
    const own = files.filter((file) => roomOf(file) === room);
    expect(own.flatMap(importsOf).filter((imported) => roomOf(imported) === 'server')).toEqual([]);
  });

  it('keeps the client apart from the server: it imports base and the model only', () => {
    const own = files.filter((file) => roomOf(file) === 'client');
    const others = own
      .flatMap(importsOf)
      .filter((file) => !['base', 'model', 'client'].includes(roomOf(file)));
    expect(others.map((file) => relative(sources, file))).toEqual([]);
  });
});
