/**
 * Protobuf's wire format, as far as the cloud's APIs need it. By hand, because deploying copies fields from
 * one message into another and must keep those that were added to the API after this was written.
 */
import { BroadcastError } from './errors.js';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

const NOTHING = Buffer.alloc(0);

/** A number is a varint; text, bytes and messages have a length; an absent value is not written. */
export type Value = number | string | Buffer | undefined;

/**
 * One field as it came: `content` of text, bytes and messages, `value` of numbers, `raw` to be written as it
 * is.
 */
export interface Field {
  readonly number: number;
  readonly wireType: number;
  readonly value: number;
  readonly content: Buffer;
  readonly raw: Buffer;
}

/** A message of `[number, value]`; a number may stand there several times. */
export function message(...fields: readonly (readonly [number: number, value: Value])[]): Buffer {
  return Buffer.concat(fields.map(([number, value]) => encodeField(number, value)));
}

/** The entries of a map, each as a message of its own. */
export function mapFields(
  number: number,
  map: Readonly<Record<string, string>>,
): (readonly [number, Buffer])[] {
  return Object.entries(map).map(([key, value]) => [number, message([1, key], [2, value])] as const);
}

/** The same field under another number. */
export function renumbered({ wireType, raw }: Field, number: number): Buffer {
  return Buffer.concat([varint(number * 8 + wireType), raw]);
}

function encodeField(number: number, value: Value): Buffer {
  if (value === undefined) return NOTHING;
  if (typeof value === 'number') return Buffer.concat([varint(number * 8 + VARINT), varint(value)]);
  const content = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([varint(number * 8 + BYTES), varint(content.length), content]);
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** The fields of a message in their order. Throws `UNKNOWN` when the bytes are not a message. */
export function readMessage(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  const cursor = { bytes, at: 0 };
  while (cursor.at < bytes.length) {
    const tag = readVarint(cursor);
    const [number, wireType, start] = [Math.floor(tag / 8), tag % 8, cursor.at];
    const value = wireType === VARINT || wireType === BYTES ? readVarint(cursor) : 0;
    const contentStart = cursor.at;
    skip(cursor, lengthOf(wireType, value));
    const content = bytes.subarray(contentStart, cursor.at);
    fields.push({ number, wireType, value, content, raw: bytes.subarray(start, cursor.at) });
  }
  return fields;
}

/** The text of a field, `''` when it is absent; of a repeated one the last counts, as protobuf has it. */
export function textOf(fields: readonly Field[], number: number): string {
  return contentOf(fields, number)?.toString('utf8') ?? '';
}

/** The message in a field, without fields when it is absent. */
export function messageOf(fields: readonly Field[], number: number): Field[] {
  return readMessage(contentOf(fields, number) ?? NOTHING);
}

/** The bytes of a field with a length; of a repeated one the last. */
export function contentOf(fields: readonly Field[], number: number): Buffer | undefined {
  return fields.findLast((field) => field.number === number)?.content;
}

export function numberOf(fields: readonly Field[], number: number): number {
  return fields.findLast((field) => field.number === number)?.value ?? 0;
}

/** The messages of a repeated field. */
export function messagesOf(fields: readonly Field[], number: number): Field[][] {
  return fields.filter((field) => field.number === number).map(({ content }) => readMessage(content));
}

export function mapOf(fields: readonly Field[], number: number): Record<string, string> {
  return Object.fromEntries(
    messagesOf(fields, number).map((entry) => [textOf(entry, 1), textOf(entry, 2)] as const),
  );
}

interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

function lengthOf(wireType: number, value: number): number {
  const lengths: Record<number, number> = { [VARINT]: 0, [FIXED64]: 8, [BYTES]: value, [FIXED32]: 4 };
  return lengths[wireType] ?? NaN;
}

function readVarint(cursor: Cursor): number {
  let value = 0;
  for (let factor = 1; factor <= 2 ** 63; factor *= 0x80) {
    const byte = cursor.bytes[cursor.at++];
    if (byte === undefined) break;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
  }
  throw unreadable();
}

function skip(cursor: Cursor, length: number): void {
  cursor.at += length;
  if (!(cursor.at <= cursor.bytes.length)) throw unreadable();
}

function unreadable(): BroadcastError {
  return new BroadcastError('UNKNOWN', 'the bytes are not a protobuf message');
}
