import type { Exchange } from './exchange.js';
import { DATA, END_STREAM, FRAME_HEADER_BYTES, MAX_FRAME_BYTES, writeFrameHeader } from './frames.js';
import type { WriteBuffer } from './write-buffer.js';
import { FLOW_CONTROL_ERROR, PROTOCOL_ERROR, ProtocolFailure } from './protocol-failure.js';

/** Request bodies, as far as the windows of the receiver let them through (RFC 9113, section 5.2). */
export interface Uploads {
  start(exchange: Exchange): void;
  /** Whether a part of the body has not left yet. */
  isPending(streamId: number): boolean;
  forget(streamId: number): void;
  /** The receiver widened a window; stream 0 is the connection. */
  widen(streamId: number, bytes: number): void;
  /** The receiver's SETTINGS_INITIAL_WINDOW_SIZE; it also moves the windows of streams that are open. */
  setInitialWindow(bytes: number): void;
}

const DEFAULT_WINDOW = 65_535;
const LARGEST_WINDOW = 2 ** 31 - 1;

/** A body that did not fit into the windows. */
interface Pending {
  readonly exchange: Exchange;
  readonly length: number;
  offset: number;
  window: number;
}

export function createUploads(output: WriteBuffer): Uploads {
  const pending = new Map<number, Pending>();
  let initialWindow = DEFAULT_WINDOW;
  let connectionWindow = DEFAULT_WINDOW;

  function writeData(exchange: Exchange, from: number, to: number, isLast: boolean): void {
    const at = output.reserve(FRAME_HEADER_BYTES + to - from);
    const { buffer } = output;
    writeFrameHeader(buffer, at, to - from, DATA, isLast ? END_STREAM : 0, exchange.streamId);
    copyBody(exchange, from, to, buffer, at + FRAME_HEADER_BYTES);
    connectionWindow -= to - from;
  }

  function proceed(streamId: number, upload: Pending): void {
    while (upload.offset < upload.length) {
      const left = upload.length - upload.offset;
      const bytes = Math.min(left, upload.window, connectionWindow, MAX_FRAME_BYTES);
      if (bytes <= 0) return;
      writeData(upload.exchange, upload.offset, upload.offset + bytes, bytes === left);
      upload.offset += bytes;
      upload.window -= bytes;
    }
    pending.delete(streamId);
  }

  function proceedAll(): void {
    for (const [streamId, upload] of pending) {
      if (connectionWindow <= 0) return;
      proceed(streamId, upload);
    }
  }

  function widenConnection(bytes: number): void {
    connectionWindow += bytes;
    if (connectionWindow > LARGEST_WINDOW) throw overflow();
    proceedAll();
  }

  return {
    start(exchange) {
      const length = exchange.head.length + exchange.tail.length;
      if (length <= connectionWindow && length <= initialWindow && length <= MAX_FRAME_BYTES) {
        writeData(exchange, 0, length, true);
        return;
      }
      const upload = { exchange, length, offset: 0, window: initialWindow };
      pending.set(exchange.streamId, upload);
      proceed(exchange.streamId, upload);
    },
    isPending: (streamId) => pending.has(streamId),
    forget: (streamId) => void pending.delete(streamId),
    widen(streamId, bytes) {
      if (bytes === 0) throw new ProtocolFailure(PROTOCOL_ERROR, 'a window update of 0 bytes');
      if (streamId === 0) {
        widenConnection(bytes);
        return;
      }
      const upload = pending.get(streamId);
      if (upload === undefined) return;
      upload.window += bytes;
      if (upload.window > LARGEST_WINDOW) throw overflow();
      proceed(streamId, upload);
    },
    setInitialWindow(bytes) {
      for (const upload of pending.values()) {
        upload.window += bytes - initialWindow;
        if (upload.window > LARGEST_WINDOW) throw overflow();
      }
      initialWindow = bytes;
      proceedAll();
    },
  };
}

/** Copies a stretch of the body, as if its two parts were one. */
function copyBody({ head, tail }: Exchange, from: number, to: number, target: Buffer, at: number): void {
  const copied = from < head.length ? head.copy(target, at, from, to) : 0;
  if (to > head.length) tail.copy(target, at + copied, from + copied - head.length, to - head.length);
}

function overflow(): ProtocolFailure {
  return new ProtocolFailure(FLOW_CONTROL_ERROR, 'a window is larger than possible');
}
