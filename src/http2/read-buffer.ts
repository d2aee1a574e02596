import type { OnReadOpts } from 'node:net';

/** A chunk is valid during the call only. */
export type OnBytes = (chunk: Buffer) => void;

/** Where a socket puts what it receives: always into the same memory, and on to whoever listens. */
export interface ReadBuffer {
  /** For the socket's options. */
  readonly onread: OnReadOpts;
  /** Gives what has come so far, and from then on every chunk. */
  listen(onBytes: OnBytes): void;
}

const BUFFER_BYTES = 64 * 1024;

/** A buffer of its own for every chunk would keep the garbage collector busier than the answers keep us. */
export function createReadBuffer(): ReadBuffer {
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  const early: Buffer[] = [];
  let onBytes: OnBytes = (chunk) => {
    early.push(Buffer.from(chunk));
  };

  return {
    onread: {
      buffer,
      callback(bytes) {
        onBytes(buffer.subarray(0, bytes));
        return true;
      },
    },
    listen(listener) {
      onBytes = listener;
      for (const chunk of early.splice(0)) listener(chunk);
    },
  };
}
