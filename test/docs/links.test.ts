/** Links inside the documentation lead somewhere: files are there, headings too. */
import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const NOT_OURS = /^(node_modules|dist|\.|test\/artefacts|docs\/api)/;

const pages = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md') && !NOT_OURS.test(name) && !name.includes('/node_modules/'))
  .sort();

const withoutCode = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, '');

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  const headings = [...withoutCode(text).matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = '']) => heading);
  const seen = new Map<string, number>();
  return headings.map((heading) => {
    const plain = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll(/[`*_]/g, (mark) => (mark === '_' ? '_' : ''));
    const anchor = plain
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
}

/** What is wrong with the links of a page, one line for each. */
function brokenLinks(page: string, text: string): string[] {
  const inline = [...withoutCode(text).matchAll(/\]\((?<target>[^)\s]+)\)/g)];
  const named = [...withoutCode(text).matchAll(/^\[[^\]]+\]: (?<target>\S+)$/gm)];
  return [...inline, ...named]
    .map(({ groups }) => groups?.['target'] ?? '')
    .filter((target) => !/^[a-z]+:/.test(target))
    .flatMap((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? join(root, page) : resolve(root, dirname(page), path);
      if (!existsSync(file)) return [`${page}: ${target} is not there`];
      if (anchor === undefined) return [];
      if (statSync(file).isDirectory()) return [`${page}: ${target} is a folder`];
      const there = anchorsOf(file === join(root, page) ? text : readFileSync(file, 'utf8'));
      return there.includes(anchor) ? [] : [`${page}: ${target} has no such heading`];
    });
}

describe('links inside the documentation', () => {
  it('lead to files and headings that are there', () => {
    expect(pages.length).toBeGreaterThan(20);
    const broken = pages.flatMap((page) => brokenLinks(page, readFileSync(join(root, page), 'utf8')));
    expect(broken).toEqual([]);
  });

  it('are found out when they do not', () => {
    const text =
      '# A `b`: c\n\n[a](#a-b-c) [b](#nowhere) [c](docs/nothing.md) [d](docs/client.md#the-client)\n';
    expect(brokenLinks('README.md', text)).toEqual([
      'README.md: #nowhere has no such heading',
      'README.md: docs/nothing.md is not there',
    ]);
  });

  it('lead from the index to every page', () => {
    const index = readFileSync(join(root, 'docs/README.md'), 'utf8');
    const there = readdirSync(join(root, 'docs')).filter(
      (name) => name.endsWith('.md') && name !== 'README.md',
    );
    expect(there.filter((name) => !index.includes(`](${name})`))).toEqual([]);
    for (const readme of ['README.md', 'README.ru.md'])
      expect(/\]\(docs\/README\.md\)/.test(readFileSync(join(root, readme), 'utf8'))).toBe(true);
  });
});
