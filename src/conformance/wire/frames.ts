/**
 * Frames of RFC 6455, by hand: a library refuses to write what the gateway's limits have to be tried with.
 */
import { randomBytes } from 'node:crypto';

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface WireFrame {
  readonly opcode: number;
  readonly isLast: boolean;
  readonly payload: Buffer;
}

/** A frame of a client, masked as the standard wants it. */
export function clientFrame(opcode: number, payload: Buffer, isLast = true): Buffer {
  const mask = randomBytes(4);
  const masked = Buffer.from(payload);
  for (let at = 0; at < masked.length; at++) masked[at] = (masked[at] ?? 0) ^ (mask[at % 4] ?? 0);
  const first = (isLast ? 0x80 : 0) | opcode;
  return Buffer.concat([Buffer.from([first]), lengthOf(payload.length), mask, masked]);
}

const MASKED = 0x80;

function lengthOf(length: number): Buffer {
  if (length < 126) return Buffer.from([MASKED | length]);
  if (length < 65_536) {
    const short = Buffer.from([MASKED | 126, 0, 0]);
    short.writeUInt16BE(length, 1);
    return short;
  }
  const long = Buffer.alloc(9);
  long[0] = MASKED | 127;
  long.writeBigUInt64BE(BigInt(length), 1);
  return long;
}

/** Takes bytes as they come, and gives the frames that are complete. Frames of servers are not masked. */
export function createFrameReader(): (chunk: Buffer) => WireFrame[] {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const frames: WireFrame[] = [];
    for (let frame = readFrame(rest); frame !== undefined; frame = readFrame(rest)) {
      frames.push(frame);
      rest = rest.subarray(frame.end);
    }
    return frames;
  };
}

function readFrame(bytes: Buffer): (WireFrame & { readonly end: number }) | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  const short = second & 0x7f;
  const start = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
  if (bytes.length < start) return undefined;
  const length =
    short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  const end = start + length;
  if (bytes.length < end) return undefined;
  return { opcode: first & 0x0f, isLast: (first & 0x80) !== 0, payload: bytes.subarray(start, end), end };
}
