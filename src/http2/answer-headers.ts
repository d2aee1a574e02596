import type { AnswerFields } from './exchange.js';
import type { HeaderTable } from './header-table.js';
import { decodeHuffman, encodeHuffman } from './huffman.js';
import { COMPRESSION_ERROR, ProtocolFailure } from './protocol-failure.js';

type Field = keyof AnswerFields;

export type AnswerTable = HeaderTable<Field>;

const FIELDS: readonly (readonly [name: string, field: Field])[] = [
  [':status', 'status'],
  ['grpc-status', 'grpcStatus'],
  ['grpc-message', 'grpcMessage'],
  ['retry-after', 'retryAfter'],
  ['grpc-retry-pushback-ms', 'pushback'],
];

/** The names as they look on the wire. */
const WIRE_NAMES = FIELDS.map(([name, field]) => ({
  field,
  plain: Buffer.from(name),
  huffman: Buffer.from(encodeHuffman(name)),
}));

/** The static table of HPACK: what is needed of it. */
const STATIC_ENTRIES = 61;
const FIRST_STATUS = 8;
const STATIC_STATUS = [200, 204, 206, 304, 400, 404, 500];
const LAST_STATUS = FIRST_STATUS + STATIC_STATUS.length - 1;
const RETRY_AFTER = 53;
/** How long the names of the static table are, from `:authority` on: `a` for 1 byte. */
const STATIC_NAME_LENGTHS = 'jggeegggggggggnoomf{cemmsppnpmlfddfgddhqmhsmdhlrseggkfjyqjdcp';

/**
 * Reads a whole header block, from `start` to `end`, into `fields`; what does not matter is skipped without
 * being decoded, unless the server keeps a table. Every block of a session has to be read, in order, with the
 * same table. Throws {@link ProtocolFailure}.
 */
export function decodeAnswerHeaders(
  block: Buffer,
  start: number,
  end: number,
  fields: AnswerFields,
  table: AnswerTable,
): void {
  const cursor: Cursor = { block, at: start, end };
  while (cursor.at < end) {
    const first = block[cursor.at] ?? 0;
    if (first >= 0x80) readIndexed(cursor, fields, table);
    else if (first >= 0x20 && first < 0x40) table.resize(readInteger(cursor, 5));
    else readLiteral(cursor, first, fields, table);
  }
}

interface Cursor {
  readonly block: Buffer;
  at: number;
  readonly end: number;
}

function fail(problem: string): never {
  throw new ProtocolFailure(COMPRESSION_ERROR, `header block: ${problem}`);
}

function readIndexed(cursor: Cursor, fields: AnswerFields, table: AnswerTable): void {
  const index = readInteger(cursor, 7);
  if (index === 0) fail('refers to a table entry that does not exist');
  if (index >= FIRST_STATUS && index <= LAST_STATUS) {
    fields.status = STATIC_STATUS[index - FIRST_STATUS] ?? 0;
  } else if (index > STATIC_ENTRIES) {
    const { field, value } = table.at(index - STATIC_ENTRIES);
    if (field !== undefined) assign(fields, field, value);
  }
}

function readLiteral(cursor: Cursor, first: number, fields: AnswerFields, table: AnswerTable): void {
  const isForTable = first >= 0x40;
  const index = readInteger(cursor, isForTable ? 6 : 4);
  const { field, nameBytes } = index === 0 ? readName(cursor, table) : nameAt(index, table);
  const { block } = cursor;
  const isHuffman = ((block[cursor.at] ?? 0) & 0x80) !== 0;
  const length = readInteger(cursor, 7);
  const start = cursor.at;
  skip(cursor, length);
  const isKept = isForTable && table.isKept;
  if (field === undefined && !isKept) return;
  const value = textOf(block, start, start + length, isHuffman);
  if (field !== undefined) assign(fields, field, value);
  if (isKept) {
    table.add({ field, value: field === undefined ? '' : value, nameBytes, valueBytes: value.length });
  }
}

/** A name: what it stands for, and its length, which matters only as long as there is a table. */
interface Name {
  readonly field: Field | undefined;
  readonly nameBytes: number;
}

function nameAt(index: number, table: AnswerTable): Name {
  if (index > STATIC_ENTRIES) return table.at(index - STATIC_ENTRIES);
  return { field: fieldOfIndex(index), nameBytes: STATIC_NAME_LENGTHS.charCodeAt(index - 1) - 96 };
}

function assign(fields: AnswerFields, field: Field, value: string): void {
  if (field === 'status') fields.status = statusOf(value);
  else fields[field] = value;
}

function fieldOfIndex(index: number): Field | undefined {
  if (index >= FIRST_STATUS && index <= LAST_STATUS) return 'status';
  return index === RETRY_AFTER ? 'retryAfter' : undefined;
}

function readName(cursor: Cursor, table: AnswerTable): Name {
  const { block } = cursor;
  const isHuffman = ((block[cursor.at] ?? 0) & 0x80) !== 0;
  const length = readInteger(cursor, 7);
  const start = cursor.at;
  skip(cursor, length);
  const field = fieldNamed(block, start, length, isHuffman);
  const isCounted = isHuffman && table.isKept;
  return { field, nameBytes: isCounted ? decodeHuffman(block, start, start + length).length : length };
}

function fieldNamed(block: Buffer, start: number, length: number, isHuffman: boolean): Field | undefined {
  for (const { field, plain, huffman } of WIRE_NAMES) {
    const name = isHuffman ? huffman : plain;
    if (name.length === length && name.compare(block, start, start + length) === 0) return field;
  }
  return undefined;
}

function textOf(block: Buffer, start: number, end: number, isHuffman: boolean): string {
  return isHuffman ? decodeHuffman(block, start, end) : block.toString('latin1', start, end);
}

function statusOf(value: string): number {
  return /^[1-9]\d\d$/.test(value) ? Number(value) : fail('the status is not a number');
}

function skip(cursor: Cursor, length: number): void {
  cursor.at += length;
  if (cursor.at > cursor.end) fail('ends in the middle of a field');
}

/** An integer with a prefix of so many bits (RFC 7541, section 5.1). Those we can use are far below 2^28. */
function readInteger(cursor: Cursor, prefixBits: number): number {
  const { block, end } = cursor;
  if (cursor.at >= end) fail('ends in the middle of a field');
  const mask = (1 << prefixBits) - 1;
  let value = (block[cursor.at++] ?? 0) & mask;
  if (value < mask) return value;
  for (let shift = 0; ; shift += 7) {
    if (cursor.at >= end) fail('ends in the middle of a number');
    if (shift > 21) fail('a number is too large');
    const byte = block[cursor.at++] ?? 0;
    value += (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}
