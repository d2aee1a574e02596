import { BroadcastError } from '../base/errors.js';
import type { Exchange, RequestTemplate } from './exchange.js';
import { END_HEADERS, FRAME_HEADER_BYTES, HEADERS, MAX_FRAME_BYTES, writeFrameHeader } from './frames.js';
import { createHeaderEncoder } from './header-encoder.js';
import type { WriteBuffer } from './write-buffer.js';

/** Where the requests of a session go to. */
export interface Origin {
  readonly scheme: 'http' | 'https';
  readonly authority: string;
}

/** Writes the HEADERS frames of requests. */
export interface RequestWriter {
  /** Throws `INVALID_OPTIONS` for a token that cannot be sent; nothing was written then. */
  write(exchange: Exchange): void;
  resizeTable(bytes: number): void;
}

/** A header block whose bytes stay the same as long as template and token do. */
interface Block {
  readonly token: string;
  readonly bytes: Buffer;
}

export function createRequestWriter(output: WriteBuffer, { scheme, authority }: Origin): RequestWriter {
  const encoder = createHeaderEncoder();
  const blocks = new Map<RequestTemplate, Block>();

  function blockFor(template: RequestTemplate, token: string): Buffer {
    const known = blocks.get(template);
    if (known?.token === token) return known.bytes;
    checkToken(token);
    const bytes = encoder.encode([
      [':method', 'POST'],
      [':scheme', scheme],
      [':authority', authority],
      [':path', template.path],
      ...template.headers,
      ['authorization', `Bearer ${token}`],
    ]);
    // A block that told the receiver something new is good for once, and moved the entries that others refer
    // to.
    if (encoder.changed) blocks.clear();
    else blocks.set(template, { token, bytes });
    return bytes;
  }

  return {
    write({ template, token, streamId }) {
      const block = blockFor(template, token);
      const at = output.reserve(FRAME_HEADER_BYTES + block.length);
      writeFrameHeader(output.buffer, at, block.length, HEADERS, END_HEADERS, streamId);
      block.copy(output.buffer, at + FRAME_HEADER_BYTES);
    },
    resizeTable(bytes) {
      encoder.resize(bytes);
      blocks.clear();
    },
  };
}

/** Everything else in the header block is ours and short. */
function checkToken(token: string): void {
  if (token.length > MAX_FRAME_BYTES / 2) {
    throw new BroadcastError('INVALID_OPTIONS', 'token: is too long to be an IAM token');
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new BroadcastError('INVALID_OPTIONS', 'token: contains a character that an IAM token cannot have');
  }
}
