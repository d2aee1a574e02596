/**
 * A header of a request. All of ours stay the same for many requests, so all go into the table of the
 * receiver.
 */
export type HeaderField = readonly [name: string, value: string];

/**
 * Writes header blocks (RFC 7541). What was sent once is an entry of the receiver's table and costs one byte
 * from then on: a request that carries a token of 400 bytes shrinks to a tenth. Entries are only ever added;
 * when the table is full it is emptied and begins anew.
 */
export interface HeaderEncoder {
  encode(fields: readonly HeaderField[]): Buffer;
  /**
   * Whether the latest block told the receiver something new. If not, the same fields give the same bytes
   * again.
   */
  readonly changed: boolean;
  /** The receiver's SETTINGS_HEADER_TABLE_SIZE. */
  resize(receiverTableSize: number): void;
}

/** The part of the static table that our requests use. */
const STATIC_PAIRS = new Map([
  [':method\0POST', 3],
  [':scheme\0http', 6],
  [':scheme\0https', 7],
]);
const STATIC_NAMES = new Map([
  [':authority', 1],
  [':method', 2],
  [':path', 4],
  ['authorization', 23],
  ['content-type', 31],
  ['user-agent', 58],
]);

const STATIC_ENTRIES = 61;
/** Both sides begin with a table of this size, and we never use more. */
const TABLE_SIZE = 4096;
/** What an entry counts beyond its name and value. */
const ENTRY_OVERHEAD = 32;

export function createHeaderEncoder(): HeaderEncoder {
  let tableSize = TABLE_SIZE;
  let entries: string[] = [];
  let used = 0;
  let changed = false;
  /** Table size updates that the next block has to begin with. */
  let updates: number[] = [];

  function encodeField([name, value]: HeaderField): Buffer {
    const key = `${name}\0${value}`;
    const fixed = STATIC_PAIRS.get(key);
    if (fixed !== undefined) return integer(0x80, 7, fixed);
    const known = entries.indexOf(key);
    if (known !== -1) return integer(0x80, 7, STATIC_ENTRIES + entries.length - known);
    const isKept = tableSize > 0;
    if (isKept) remember(key, name.length + Buffer.byteLength(value) + ENTRY_OVERHEAD);
    return literal(isKept ? 0x40 : 0x00, isKept ? 6 : 4, name, value);
  }

  function remember(key: string, size: number): void {
    entries.push(key);
    used += size;
    changed = true;
  }

  function fits(fields: readonly HeaderField[]): boolean {
    const added = fields.filter(([name, value]) => !entries.includes(`${name}\0${value}`));
    return used + sizeOf(added) <= tableSize;
  }

  /** Empties the receiver's table, and keeps out of it altogether when not even an empty one would do. */
  function makeRoom(fields: readonly HeaderField[]): void {
    if (tableSize === 0 || fits(fields)) return;
    tableSize = sizeOf(fields) <= tableSize ? tableSize : 0;
    changed = true;
    updates = tableSize === 0 ? [0] : [0, tableSize];
    entries = [];
    used = 0;
  }

  return {
    encode(fields) {
      changed = updates.length > 0;
      makeRoom(fields);
      const announced = updates.map((size) => integer(0x20, 5, size));
      updates = [];
      return Buffer.concat([...announced, ...fields.map(encodeField)]);
    },
    get changed() {
      return changed;
    },
    resize(receiverTableSize) {
      if (receiverTableSize >= tableSize) return;
      // Less than the default is rare; doing without a table is always right then.
      tableSize = 0;
      updates = [0];
      entries = [];
      used = 0;
    },
  };
}

function sizeOf(fields: readonly HeaderField[]): number {
  return fields.reduce(
    (sum, [name, value]) => sum + name.length + Buffer.byteLength(value) + ENTRY_OVERHEAD,
    0,
  );
}

function literal(pattern: number, prefixBits: number, name: string, value: string): Buffer {
  const index = STATIC_NAMES.get(name) ?? 0;
  const parts = [integer(pattern, prefixBits, index)];
  if (index === 0) parts.push(text(name));
  parts.push(text(value));
  return Buffer.concat(parts);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([integer(0x00, 7, bytes.length), bytes]);
}

/** An integer with a prefix of so many bits (RFC 7541, section 5.1). */
function integer(pattern: number, prefixBits: number, value: number): Buffer {
  const mask = (1 << prefixBits) - 1;
  if (value < mask) return Buffer.of(pattern | value);
  const bytes = [pattern | mask];
  let rest = value - mask;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
