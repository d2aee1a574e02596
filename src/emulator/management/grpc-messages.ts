/** The messages of `ConnectionService` in protobuf's wire format: three small ones, so they are read and written by hand. */
import type { ConnectionInfo } from '../../model/transport.js';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** A field's value: a number for varints, bytes for everything that has a length. */
type Field = number | Buffer;

/** The fields of a message by number; of a field that is repeated the last, as protobuf wants it. `undefined`: malformed. */
export function readFields(message: Buffer): ReadonlyMap<number, Field> | undefined {
  const fields = new Map<number, Field>();
  let at = 0;

  function varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) return NaN;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return NaN;
  }

  function bytes(length: number): Buffer | undefined {
    if (!(length <= message.length - at)) return undefined;
    at += length;
    return message.subarray(at - length, at);
  }

  while (at < message.length) {
    const tag = varint();
    const wireType = tag % 8;
    const value =
      wireType === VARINT
        ? varint()
        : wireType === BYTES
          ? bytes(varint())
          : wireType === FIXED64
            ? bytes(8)
            : wireType === FIXED32
              ? bytes(4)
              : undefined;
    if (value === undefined || Number.isNaN(value)) return undefined;
    fields.set(Math.floor(tag / 8), value);
  }
  return fields;
}

/** What `Get` answers: `yandex.cloud.serverless.apigateway.websocket.v1.Connection`. */
export function connectionMessage(info: ConnectionInfo): Buffer {
  const { id, gatewayId, sourceIp, userAgent, connectedAt, lastActiveAt } = info;
  return Buffer.concat([
    lengthDelimited(1, Buffer.from(id)),
    lengthDelimited(2, Buffer.from(gatewayId)),
    lengthDelimited(
      3,
      Buffer.concat([lengthDelimited(1, Buffer.from(sourceIp)), lengthDelimited(2, Buffer.from(userAgent))]),
    ),
    lengthDelimited(4, timestamp(connectedAt)),
    lengthDelimited(5, timestamp(lastActiveAt)),
  ]);
}

/** `google.protobuf.Timestamp`: seconds and nanoseconds. */
function timestamp(ms: number): Buffer {
  const nanos = (ms % 1000) * 1_000_000;
  return Buffer.concat([
    tagOf(1, VARINT),
    varintOf(Math.floor(ms / 1000)),
    tagOf(2, VARINT),
    varintOf(nanos),
  ]);
}

function lengthDelimited(field: number, content: Buffer): Buffer {
  return Buffer.concat([tagOf(field, BYTES), varintOf(content.length), content]);
}

function tagOf(field: number, wireType: number): Buffer {
  return Buffer.from([field * 8 + wireType]);
}

function varintOf(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  return Buffer.from([...bytes, left]);
}
