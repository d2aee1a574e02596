import assert from 'node:assert';
import type { StatePosition } from '../base/protocol.js';
import type { StateStore } from '../model/state.js';

/**
 * A reader of a room's state that follows the rules and nothing else: what it shows must be what is stored.
 */
export interface StateReader {
  readonly position: StatePosition | null;
  /** `map/key` and value of everything that it knows, sorted. */
  readonly entries: readonly (readonly [name: string, value: string])[];
  /** How many times it had to begin anew. */
  readonly resets: number;
  /** Reads one page. Resolves with whether there is more. */
  readPage(): Promise<boolean>;
  /** Reads to the end. */
  catchUp(): Promise<void>;
}

/** More pages than any case needs. */
const MOST_PAGES = 10_000;

export function createStateReader(state: StateStore, room: string, maxBytes: number): StateReader {
  let position: StatePosition | null = null;
  let shown = new Map<string, string>();
  let shadow: Map<string, string> | undefined;
  let resets = 0;

  async function readPage(): Promise<boolean> {
    const page = await state.read(room, { since: position, maxBytes });
    if (page.reset === true) {
      shadow = new Map();
      resets++;
    }
    assert.equal(page.after, page.reset === true ? 0 : (position?.version ?? 0), 'where the page begins');
    const target = shadow ?? shown;
    let version = page.after;
    for (const row of page.rows) {
      assert.ok(row.version > version, 'rows are not in the order of their versions');
      version = row.version;
      if (row.value === undefined) target.delete(`${row.map}/${row.key}`);
      else target.set(`${row.map}/${row.key}`, row.value);
    }
    assert.ok(version <= page.version, 'a row is above the position of its page');
    const { epoch, more, base } = page;
    position = { version: page.version, epoch, ...(base === undefined ? {} : { base }) };
    if (!more && shadow !== undefined) {
      shown = shadow;
      shadow = undefined;
    }
    return more;
  }

  return {
    get position() {
      return position;
    },
    get entries() {
      return [...shown].sort(([a], [b]) => (a < b ? -1 : 1));
    },
    get resets() {
      return resets;
    },
    readPage,
    async catchUp() {
      for (let pages = 0; await readPage(); pages++) assert.ok(pages < MOST_PAGES, 'the pages never end');
    },
  };
}
