import { MAX_FRAME_BYTES, MAX_MESSAGE_BYTES } from '../../base/protocol.js';

export interface FrameLimits {
  readonly maxFrameBytes: number;
  readonly maxMessageBytes: number;
}

/**
 * Documented: a message has at most 128 KB, a frame from a client 32 KB; beyond, the gateway closes with
 * 1009.
 */
export const CLOUD_FRAME_LIMITS: FrameLimits = {
  maxFrameBytes: MAX_FRAME_BYTES,
  maxMessageBytes: MAX_MESSAGE_BYTES,
};

/**
 * Watches the bytes that a client sends, since the WebSocket library has a limit for messages but none for
 * frames.
 */
export interface FrameWatch {
  /** Returns what is wrong with the frames so far, or `undefined`. */
  push(chunk: Buffer): string | undefined;
}

export function createFrameWatch({ maxFrameBytes, maxMessageBytes }: FrameLimits): FrameWatch {
  /** The header of the frame that is beginning; 14 bytes at most. */
  let header = Buffer.alloc(0);
  let payloadLeft = 0;
  let messageBytes = 0;

  function endHeader(head: Buffer, length: number): string | undefined {
    const opcode = (head[0] ?? 0) & 0x0f;
    if (opcode >= 0x8) return undefined;
    messageBytes = opcode === 0 ? messageBytes + length : length;
    if (length > maxFrameBytes)
      return `frame of ${length} bytes, the gateway accepts ${maxFrameBytes}; split the message`;
    return messageBytes > maxMessageBytes
      ? `message of ${messageBytes} bytes, the gateway accepts ${maxMessageBytes}`
      : undefined;
  }

  return {
    push(chunk) {
      let at = 0;
      while (at < chunk.length) {
        const skipped = Math.min(payloadLeft, chunk.length - at);
        payloadLeft -= skipped;
        at += skipped;
        if (at >= chunk.length) return undefined;
        header = Buffer.concat([header, chunk.subarray(at, at + 1)]);
        at++;
        const length = payloadLength(header);
        if (length === undefined) continue;
        const problem = endHeader(header, length);
        header = Buffer.alloc(0);
        payloadLeft = length;
        if (problem !== undefined) return problem;
      }
      return undefined;
    },
  };
}

/** The payload's length, as soon as the whole header of a frame is there (RFC 6455, section 5.2). */
function payloadLength(header: Buffer): number | undefined {
  if (header.length < 2) return undefined;
  const second = header[1] ?? 0;
  const short = second & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const mask = (second & 0x80) === 0 ? 0 : 4;
  if (header.length < 2 + extended + mask) return undefined;
  if (short === 126) return header.readUInt16BE(2);
  return short === 127 ? Number(header.readBigUInt64BE(2)) : short;
}
