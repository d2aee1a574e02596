import { FRAME_SIZE_ERROR, NoHttp2, ProtocolFailure } from './protocol-failure.js';

/** Frame types and flags of RFC 9113, section 6. */
export const DATA = 0x0;
export const HEADERS = 0x1;
export const PRIORITY = 0x2;
export const RST_STREAM = 0x3;
export const SETTINGS = 0x4;
export const PUSH_PROMISE = 0x5;
export const PING = 0x6;
export const GOAWAY = 0x7;
export const WINDOW_UPDATE = 0x8;
export const CONTINUATION = 0x9;

export const END_STREAM = 0x1;
export const ACK = 0x1;
export const END_HEADERS = 0x4;
export const PADDED = 0x8;
export const PRIORITIZED = 0x20;

export const FRAME_HEADER_BYTES = 9;
/** Largest frame that both sides take from the start, and that we never ask to exceed. */
export const MAX_FRAME_BYTES = 16_384;

/** How an answer of HTTP/1.1 begins; read as a frame, it would be one of 4,740,180 bytes. */
const HTTP1_ANSWER = 'HTTP/1.';

/** What is between `start` and `end` of `buffer` is valid during the call only. */
export type OnFrame = (
  type: number,
  flags: number,
  streamId: number,
  buffer: Buffer,
  start: number,
  end: number,
) => void;

/**
 * Cuts the bytes of a socket into frames, however they are split. Throws {@link ProtocolFailure} for an
 * oversized one, {@link NoHttp2} for an answer of HTTP/1.1.
 *
 * @param isWanted Asked before every frame: whether anybody still listens.
 */
export function createFrameReader(onFrame: OnFrame, isWanted: () => boolean): (chunk: Buffer) => void {
  let rest: Buffer | undefined;

  return (chunk) => {
    const buffer = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (buffer.length - at >= FRAME_HEADER_BYTES && isWanted()) {
      const length = buffer.readUIntBE(at, 3);
      if (length > MAX_FRAME_BYTES) {
        if (buffer.toString('latin1', at, at + HTTP1_ANSWER.length) === HTTP1_ANSWER) throw new NoHttp2();
        throw new ProtocolFailure(FRAME_SIZE_ERROR, `a frame of ${length} bytes is larger than allowed`);
      }
      const end = at + FRAME_HEADER_BYTES + length;
      if (end > buffer.length) break;
      const streamId = buffer.readUInt32BE(at + 5) & 0x7fffffff;
      onFrame(buffer[at + 3] ?? 0, buffer[at + 4] ?? 0, streamId, buffer, at + FRAME_HEADER_BYTES, end);
      at = end;
    }
    // A copy, since the chunk's memory is used again for the next one.
    rest = at === buffer.length ? undefined : Buffer.from(buffer.subarray(at));
  };
}

export function writeFrameHeader(
  buffer: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  buffer[at] = length >>> 16;
  buffer[at + 1] = length >>> 8;
  buffer[at + 2] = length;
  buffer[at + 3] = type;
  buffer[at + 4] = flags;
  buffer[at + 5] = streamId >>> 24;
  buffer[at + 6] = streamId >>> 16;
  buffer[at + 7] = streamId >>> 8;
  buffer[at + 8] = streamId;
}
