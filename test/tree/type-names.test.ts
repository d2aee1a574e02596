/** A name says one thing: no two modules of `src` export types of the same name. */
import { expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../../src/', import.meta.url));

it('names each exported type once', () => {
  const modules = new Map<string, string[]>();
  for (const file of readdirSync(sources, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const code = readFileSync(sources + file, 'utf8');
    for (const [, name = ''] of code.matchAll(/^export (?:interface|type) (\w+)/gm))
      modules.set(name, [...(modules.get(name) ?? []), file]);
  }
  const twice = [...modules].filter(([, files]) => files.length > 1);
  expect(twice).toEqual([]);
});
