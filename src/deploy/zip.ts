import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntry {
  readonly name: string;
  readonly content: Buffer;
}

/**
 * An archive of a few files, the same bytes of the same content: entries have no dates of their own, so a
 * deploy can tell whether anything has changed.
 */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const packed = deflateRawSync(entry.content, { level: 9 });
    const facts = factsOf(name, entry.content, packed);
    const file = Buffer.concat([signature(0x04034b50), facts, name, packed]);
    // Version made by: Unix, so that the permissions below count.
    const madeBy = numbers(2, 0x0314);
    directory.push(Buffer.concat([signature(0x02014b50), madeBy, facts, placeOf(offset), name]));
    parts.push(file);
    offset += file.length;
  }
  const listing = Buffer.concat(directory);
  return Buffer.concat([...parts, listing, endOf(entries.length, listing.length, offset)]);
}

const VERSION_NEEDED = 20;
const UTF8_NAMES = 0x0800;
const DEFLATED = 8;
/** The first of January 1980, the earliest that the format knows. */
const DATE = 0x0021;
const READABLE_FILE = 0o100644 * 0x10000;

/** What both headers of a file have in common. */
function factsOf(name: Buffer, content: Buffer, packed: Buffer): Buffer {
  return Buffer.concat([
    numbers(2, VERSION_NEEDED, UTF8_NAMES, DEFLATED, 0, DATE),
    numbers(4, crc32(content), packed.length, content.length),
    numbers(2, name.length, 0),
  ]);
}

/** The rest of a file's entry in the directory: comment, disk, attributes, and where the file is. */
function placeOf(offset: number): Buffer {
  return Buffer.concat([numbers(2, 0, 0, 0), numbers(4, READABLE_FILE, offset)]);
}

function endOf(count: number, bytes: number, offset: number): Buffer {
  return Buffer.concat([
    signature(0x06054b50),
    numbers(2, 0, 0, count, count),
    numbers(4, bytes, offset),
    numbers(2, 0),
  ]);
}

function signature(value: number): Buffer {
  return numbers(4, value);
}

function numbers(bytes: 2 | 4, ...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(bytes * values.length);
  for (const [index, value] of values.entries()) buffer.writeUIntLE(value, index * bytes, bytes);
  return buffer;
}
