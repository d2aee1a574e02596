/** The store in docs/writing-a-store.md is the one that runs here. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { storeContract, type StoreBackend } from 'yc-broadcast/testing';
import { smallStore, type Tables } from '../support/small-store.js';

const page = textOf('../../docs/writing-a-store.md');
const databases = new Map<string, Tables>();

const backend: StoreBackend = {
  open({ namespace, now }) {
    const tables = databases.get(namespace) ?? { connections: new Map(), removed: new Map() };
    databases.set(namespace, tables);
    return smallStore({ tables, now });
  },
  drop: (namespace) => void databases.delete(namespace),
  lacks: ['history', 'records', 'state'],
};

function textOf(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}

describe('docs/writing-a-store.md', () => {
  for (const { name, skip, run } of storeContract(backend))
    if (!skip) it(`shows a store that passes: ${name}`, run);

  it('skips nothing for that store but the cases of histories, records, state and repeated calls', () => {
    const skipped = storeContract(backend).filter(({ skip }) => skip);
    expect(skipped.length).toBeGreaterThan(10);
    for (const { name } of skipped)
      expect(name).toMatch(
        /\(not applicable: the backend (lacks (history|records|state)|has no loseAnswer\(\))\)$/,
      );
  });

  it('shows this very store', () => {
    expect(page).toContain('```ts\n' + textOf('../support/small-store.ts') + '```\n');
  });
});
