import { COMPRESSION_ERROR, ProtocolFailure } from './protocol-failure.js';

/** An entry, as far as answers need it: most fields do not matter, but they take their place. */
export interface TableEntry<Field> {
  /** `undefined` for a name that does not matter. */
  readonly field: Field | undefined;
  /** Kept for names that matter. */
  readonly value: string;
  readonly nameBytes: number;
  readonly valueBytes: number;
}

/**
 * The dynamic table of answers (RFC 7541, section 2.3.2). We ask servers for none
 * (`SETTINGS_HEADER_TABLE_SIZE` of 0), and nearly all say in their first answer that they have none; from
 * then on it costs nothing. Some do not listen, and refer to entries all the same: h2o 2.2 does.
 */
export interface HeaderTable<Field> {
  /** Whether entries are kept. If not, nobody has to measure them. */
  readonly isKept: boolean;
  add(entry: TableEntry<Field>): void;
  /** @param index From 1, the latest. */
  at(index: number): TableEntry<Field>;
  /** What the server says it uses. */
  resize(bytes: number): void;
}

/** The size of a table of which nothing has been said. Nobody gets more. */
const MAX_TABLE_BYTES = 4096;
/** What an entry counts beyond its name and value. */
const ENTRY_OVERHEAD = 32;

export function createHeaderTable<Field>(): HeaderTable<Field> {
  /** The latest last. */
  const entries: TableEntry<Field>[] = [];
  let limit = MAX_TABLE_BYTES;
  let used = 0;

  function evict(): void {
    while (used > limit) {
      const oldest = entries.shift();
      if (oldest !== undefined) used -= sizeOf(oldest);
    }
  }

  return {
    get isKept() {
      return limit > 0;
    },
    add(entry) {
      entries.push(entry);
      used += sizeOf(entry);
      evict();
    },
    at(index) {
      const entry = entries[entries.length - index];
      if (entry === undefined) throw wrong('refers to a table entry that does not exist');
      return entry;
    },
    resize(bytes) {
      if (bytes > MAX_TABLE_BYTES) throw wrong('makes its table larger than allowed');
      limit = bytes;
      evict();
    },
  };
}

function sizeOf({ nameBytes, valueBytes }: TableEntry<unknown>): number {
  return nameBytes + valueBytes + ENTRY_OVERHEAD;
}

function wrong(problem: string): ProtocolFailure {
  return new ProtocolFailure(COMPRESSION_ERROR, `header block: ${problem}`);
}
