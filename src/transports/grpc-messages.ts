/**
 * The few protobuf messages of `yandex.cloud.serverless.apigateway.websocket.v1`, written and read by hand: the fields
 * are those of the platform's public protocol files.
 */
import { BroadcastError } from '../base/errors.js';
import type { ConnectionInfo } from '../model/transport.js';

/** Compression flag and length of the message, which gRPC puts in front of it. */
const PREFIX_BYTES = 5;

/** Tags: number of the field and wire type in one. */
const CONNECTION_ID = 0x0a;
const DATA = 0x12;
const TYPE = 0x18;
const BINARY = 1;
const TEXT = 2;

/** What all recipients of a payload have in common: `data` and `type` of a `SendToConnectionRequest`. */
export function sendTail(data: Buffer, isText: boolean): Buffer {
  return Buffer.concat([Buffer.of(DATA), varint(data.length), data, Buffer.of(TYPE, isText ? TEXT : BINARY)]);
}

/**
 * What comes before: the prefix of gRPC and `connection_id`, which is the first field of all three requests.
 * `tailBytes` is the length of what follows.
 */
export function requestHead(connectionId: string, tailBytes: number): Buffer {
  const idBytes = Buffer.byteLength(connectionId);
  const lengthBytes = idBytes < 0x80 ? 1 : 2;
  const head = Buffer.allocUnsafe(PREFIX_BYTES + 1 + lengthBytes + idBytes);
  head[0] = 0;
  head.writeUInt32BE(1 + lengthBytes + idBytes + tailBytes, 1);
  head[PREFIX_BYTES] = CONNECTION_ID;
  head[PREFIX_BYTES + 1] = lengthBytes === 1 ? idBytes : (idBytes & 0x7f) | 0x80;
  if (lengthBytes === 2) head[PREFIX_BYTES + 2] = idBytes >>> 7;
  head.write(connectionId, PREFIX_BYTES + 1 + lengthBytes);
  return head;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Reads the answer of `Get`, a `Connection`. Throws `UNKNOWN` for anything else. */
export function readConnection(body: Buffer): ConnectionInfo {
  const fields = readFields(messageOf(body));
  const identity = readFields(bytesOf(fields, 3));
  const id = textOf(fields, 1);
  if (id === '') throw unreadable();
  return {
    id,
    gatewayId: textOf(fields, 2),
    sourceIp: textOf(identity, 1),
    userAgent: textOf(identity, 2),
    connectedAt: timeOf(bytesOf(fields, 4)),
    lastActiveAt: timeOf(bytesOf(fields, 5)),
  };
}

function messageOf(body: Buffer): Buffer {
  if (body.length < PREFIX_BYTES || body[0] !== 0) throw unreadable();
  const end = PREFIX_BYTES + body.readUInt32BE(1);
  if (end > body.length) throw unreadable();
  return body.subarray(PREFIX_BYTES, end);
}

/** The fields of a message by number; of a repeated one the last counts, as protobuf has it. */
type Fields = ReadonlyMap<number, number | Buffer>;

function readFields(message: Buffer): Fields {
  const fields = new Map<number, number | Buffer>();
  const cursor = { message, at: 0 };
  while (cursor.at < message.length) {
    const tag = readVarint(cursor);
    fields.set(Math.floor(tag / 8), readValue(cursor, tag % 8));
  }
  return fields;
}

interface Cursor {
  readonly message: Buffer;
  at: number;
}

/** Wire types: 0 is a number, 1 and 5 have a fixed length, 2 says its length itself. */
function readValue(cursor: Cursor, wireType: number): number | Buffer {
  if (wireType === 0) return readVarint(cursor);
  if (wireType === 1) return readBytes(cursor, 8);
  if (wireType === 5) return readBytes(cursor, 4);
  if (wireType === 2) return readBytes(cursor, readVarint(cursor));
  throw unreadable();
}

function readVarint(cursor: Cursor): number {
  let value = 0;
  for (let factor = 1; factor <= 2 ** 63; factor *= 0x80) {
    const byte = cursor.message[cursor.at++];
    if (byte === undefined) throw unreadable();
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
  }
  throw unreadable();
}

function readBytes(cursor: Cursor, length: number): Buffer {
  const start = cursor.at;
  cursor.at += length;
  if (cursor.at > cursor.message.length) throw unreadable();
  return cursor.message.subarray(start, cursor.at);
}

const NOTHING = Buffer.alloc(0);

function bytesOf(fields: Fields, number: number): Buffer {
  const value = fields.get(number) ?? NOTHING;
  return typeof value === 'number' ? NOTHING : value;
}

function textOf(fields: Fields, number: number): string {
  return bytesOf(fields, number).toString('utf8');
}

/** A `google.protobuf.Timestamp` in Unix milliseconds. */
function timeOf(message: Buffer): number {
  const fields = readFields(message);
  const [seconds = 0, nanos = 0] = [fields.get(1), fields.get(2)];
  if (typeof seconds !== 'number' || typeof nanos !== 'number') throw unreadable();
  return seconds * 1000 + Math.floor(nanos / 1_000_000);
}

function unreadable(): BroadcastError {
  return new BroadcastError('UNKNOWN', 'the gateway described the connection in an unknown way');
}
