import type { Writable } from 'node:stream';
import { FRAME_HEADER_BYTES, writeFrameHeader } from './frames.js';

/**
 * What is on its way to the socket. Everything that is written in one turn of the event loop leaves in one
 * write, since a write costs more than the frames in it: a turn that answers 50 sends usually starts 50
 * others.
 */
export interface WriteBuffer {
  /**
   * Makes room for so many bytes and returns where in `buffer` they have to be written, before anything else
   * is done.
   */
  reserve(bytes: number): number;
  /** Valid until the next `reserve`. */
  readonly buffer: Buffer;
  /** Writes a small frame at once. */
  frame(type: number, flags: number, streamId: number, body: Uint8Array): void;
  /** Writes a frame that holds nothing but a number of four bytes. */
  number(type: number, streamId: number, value: number): void;
  /** How often something was handed to the socket. */
  readonly writes: number;
  /** Hands what there is to the socket now, unless it is still busy. */
  flush(): void;
}

const BUFFER_BYTES = 64 * 1024;
const MAX_SPARE = 4;

export function createWriteBuffer(socket: Writable): WriteBuffer {
  /** Buffers that the socket has done with. */
  const spare: Buffer[] = [];
  let full: Buffer[] = [];
  let buffer: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  let used = 0;
  let isScheduled = false;
  let isWriting = false;
  let writes = 0;

  function putAside(nextBytes: number): void {
    if (used > 0) full.push(buffer.subarray(0, used));
    const isLarge = nextBytes > BUFFER_BYTES;
    buffer = (isLarge ? undefined : spare.pop()) ?? Buffer.allocUnsafeSlow(Math.max(nextBytes, BUFFER_BYTES));
    used = 0;
  }

  /** While a write is under way, what follows gathers; so there are never more than two buffers in turn. */
  function flush(): void {
    isScheduled = false;
    if (isWriting || socket.destroyed) return;
    if (used > 0) putAside(0);
    if (full.length === 0) return;
    const parts = full;
    full = [];
    isWriting = true;
    writes++;
    socket.cork();
    for (const part of parts)
      socket.write(
        part,
        part === parts.at(-1)
          ? () => {
              written(parts);
            }
          : undefined,
      );
    socket.uncork();
  }

  function written(parts: readonly Buffer[]): void {
    isWriting = false;
    for (const { buffer: memory } of parts) {
      if (spare.length < MAX_SPARE && memory.byteLength === BUFFER_BYTES) spare.push(Buffer.from(memory));
    }
    flush();
  }

  function reserve(bytes: number): number {
    if (used + bytes > buffer.length) putAside(bytes);
    const at = used;
    used += bytes;
    if (!isScheduled) {
      isScheduled = true;
      process.nextTick(flush);
    }
    return at;
  }

  return {
    reserve,
    get writes() {
      return writes;
    },
    get buffer() {
      return buffer;
    },
    frame(type, flags, streamId, body) {
      const at = reserve(FRAME_HEADER_BYTES + body.length);
      writeFrameHeader(buffer, at, body.length, type, flags, streamId);
      buffer.set(body, at + FRAME_HEADER_BYTES);
    },
    number(type, streamId, value) {
      const at = reserve(FRAME_HEADER_BYTES + 4);
      writeFrameHeader(buffer, at, 4, type, 0, streamId);
      buffer.writeUInt32BE(value, at + FRAME_HEADER_BYTES);
    },
    flush,
  };
}
