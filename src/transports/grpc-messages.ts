/**
 * The few protobuf messages of `yandex.cloud.serverless.apigateway.websocket.v1`, written and read by hand:
 * the fields are those of the platform's public protocol files.
 */
import { BroadcastError } from '../base/errors.js';
import { GRPC_PREFIX_BYTES as PREFIX_BYTES, readGrpcFrame } from '../base/grpc-frame.js';
import { messageOf, numberOf, readMessage, textOf, varint, type Field } from '../base/protobuf.js';
import type { ConnectionInfo } from '../model/transport.js';

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

/** Reads the answer of `Get`, a `Connection`. Throws `UNKNOWN` for anything else. */
export function readConnection(body: Buffer): ConnectionInfo {
  try {
    return connectionOf(readMessage(readGrpcFrame(body) ?? EMPTY));
  } catch (cause) {
    throw new BroadcastError('UNKNOWN', 'the gateway described the connection in an unknown format', {
      cause,
    });
  }
}

const EMPTY = Buffer.alloc(0);

function connectionOf(fields: readonly Field[]): ConnectionInfo {
  const identity = messageOf(fields, 3);
  const id = textOf(fields, 1);
  if (id === '') throw new BroadcastError('UNKNOWN', 'the id is missing');
  return {
    id,
    gatewayId: textOf(fields, 2),
    sourceIp: textOf(identity, 1),
    userAgent: textOf(identity, 2),
    connectedAt: timeOf(messageOf(fields, 4)),
    lastActiveAt: timeOf(messageOf(fields, 5)),
  };
}

/** A `google.protobuf.Timestamp` in Unix milliseconds. */
function timeOf(timestamp: readonly Field[]): number {
  return numberOf(timestamp, 1) * 1000 + Math.floor(numberOf(timestamp, 2) / 1_000_000);
}
