/** What the pages say of the suite's cases is what the cases say. */
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { canFollow } from '../../src/emulator/profile/guesses.js';
import { CASES } from '../../src/conformance/cases/index.js';

const pageOf = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const ids = CASES.map(({ id }) => id);

describe('docs/local-gateway.md', () => {
  const page = pageOf('local-gateway.md');
  /** Each "assumed" with what follows it. */
  const assumptions = [...page.matchAll(/\bassum\w*(?::((?:,? `[\w.-]+`)+))?/g)];

  it('names a case for whatever it calls assumed', () => {
    const lines = page.split('\n');
    const nameless = assumptions.filter(([, named]) => named === undefined);
    const places = nameless.map(({ index }) => lines[page.slice(0, index).split('\n').length - 1]);
    // Sentences about the command itself say what the word is for.
    expect(places.filter((line) => line?.includes('conformance') === false)).toEqual([]);
  });

  it('names cases that there are', () => {
    const named = assumptions.flatMap(([, list = '']) =>
      [...list.matchAll(/`([^`]+)`/g)].map(([, id]) => id),
    );
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((id) => !ids.includes(id ?? ''))).toEqual([]);
  });
});

describe('docs/conformance.md', () => {
  it('lists every case with its question, what is assumed, and whether a profile is followed', () => {
    const rows = pageOf('conformance.md')
      .split('\n')
      .filter((line) => /^\| `[a-z]+\.[a-z0-9-]+` /.test(line))
      .map((line) =>
        line
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim()),
      );
    expect(rows).toEqual(
      CASES.map(({ id, question, assumed, source, cloudOnly }) => {
        const followed = cloudOnly === undefined && canFollow(id) ? 'yes' : '';
        return [`\`${id}\``, question, assumed, source, followed];
      }),
    );
  });

  it('has at least 25 of them, each with an id of its own and an answer for what is assumed', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(25);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { assumed, answers } of CASES) expect(Object.keys(answers)).toContain(assumed);
  });
});
