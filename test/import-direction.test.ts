/** The parts stand in one order, and imports point one way: later parts may import earlier ones, never back. */
import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../src', import.meta.url));

const ORDER = [
  'protocol',
  'errors',
  'json',
  'connection',
  'invocation',
  'sentences',
  'options',
  'names',
  'headers',
  'contract',
  'client',
  'events',
  'records',
  'store',
  'first-connections',
  'transport',
  'report',
  'diagnostics',
  'observer',
  'history',
  'credentials',
  'patience',
  'http-post',
  'stores',
  'transports',
  'fanout',
  'broadcast',
  'presence',
  'handlers',
  'app',
  'queue',
  'native',
  'lanes',
  'index',
  'observe',
  'emulator',
  'testing',
  'deploy',
  'serverless',
  'cli',
];

function partOf(file: string): string {
  const [first = ''] = relative(sources, file).split('/');
  return first.replace(/\.ts$/, '');
}

function importsOf(file: string): string[] {
  const code = readFileSync(file, 'utf8');
  const found = code.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g);
  return [...found].map(([, path = '']) => join(dirname(file), path.replace(/\.js$/, '.ts')));
}

const files = readdirSync(sources, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => join(sources, name));

describe('the source tree', () => {
  it('has no part that is missing in the order', () => {
    expect([...new Set(files.map(partOf))].filter((part) => !ORDER.includes(part))).toEqual([]);
  });

  it.each(files.map((file) => [relative(sources, file), file]))(
    '%s imports only what stands before it',
    (_name, file) => {
      const own = ORDER.indexOf(partOf(file));
      const later = importsOf(file).filter((imported) => ORDER.indexOf(partOf(imported)) > own);
      expect(later.map((imported) => relative(sources, imported))).toEqual([]);
    },
  );

  it.each(['emulator', 'cli'])('%s knows the library from outside only', (part) => {
    const inner = new Set(['app', 'broadcast', 'fanout', 'handlers']);
    const own = files.filter((file) => partOf(file) === part);
    expect(own.flatMap(importsOf).filter((imported) => inner.has(partOf(imported)))).toEqual([]);
  });
});
