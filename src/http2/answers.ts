import { decodeAnswerHeaders, type AnswerTable } from './answer-headers.js';
import { keepBody, noFields, type Exchange } from './exchange.js';
import { END_HEADERS, END_STREAM, PADDED, PRIORITIZED } from './frames.js';
import { createHeaderTable } from './header-table.js';
import { PROTOCOL_ERROR, ProtocolFailure } from './protocol-failure.js';

/**
 * Puts answers together from HEADERS, CONTINUATION and DATA frames. `exchange` is absent when nobody waits
 * for the stream any more. All three return whether the answer is complete.
 */
export interface Answers {
  onHeaders(exchange: Exchange | undefined, flags: number, streamId: number, frame: FrameBody): boolean;
  onContinuation(exchange: Exchange | undefined, flags: number, streamId: number, frame: FrameBody): boolean;
  onData(exchange: Exchange | undefined, flags: number, frame: FrameBody): boolean;
  /** Whether a header block has begun and not ended: then nothing but its continuation may come. */
  isInBlock(): boolean;
}

export interface FrameBody {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

/** No header block of ours is larger; a server that sends more is attacking us or not what we think. */
const MAX_BLOCK_BYTES = 64 * 1024;
/** Empty parts count too, or they could be sent for ever. */
const MAX_BLOCK_PARTS = 64;

interface OpenBlock {
  readonly streamId: number;
  readonly endsStream: boolean;
  readonly parts: Buffer[];
  bytes: number;
}

export function createAnswers(): Answers {
  const table: AnswerTable = createHeaderTable();
  let block: OpenBlock | undefined;

  return {
    isInBlock: () => block !== undefined,
    onHeaders(exchange, flags, streamId, frame) {
      const body = withoutPadding(flags, frame);
      const endsStream = (flags & END_STREAM) !== 0;
      if ((flags & END_HEADERS) !== 0) return readBlock(exchange, endsStream, body, table);
      const part = Buffer.from(body.buffer.subarray(body.start, body.end));
      block = { streamId, endsStream, parts: [part], bytes: part.length };
      return false;
    },
    onContinuation(exchange, flags, streamId, { buffer, start, end }) {
      if (block?.streamId !== streamId) {
        throw new ProtocolFailure(PROTOCOL_ERROR, 'a CONTINUATION frame continues nothing');
      }
      block.parts.push(Buffer.from(buffer.subarray(start, end)));
      block.bytes += end - start;
      if (block.bytes > MAX_BLOCK_BYTES || block.parts.length > MAX_BLOCK_PARTS) {
        throw new ProtocolFailure(PROTOCOL_ERROR, 'a header block is too large');
      }
      if ((flags & END_HEADERS) === 0) return false;
      const { parts, endsStream } = block;
      block = undefined;
      const whole = Buffer.concat(parts);
      return readBlock(exchange, endsStream, { buffer: whole, start: 0, end: whole.length }, table);
    },
    onData(exchange, flags, frame) {
      const { buffer, start, end } = withoutPadding(flags & ~PRIORITIZED, frame);
      if (exchange === undefined) return false;
      if (exchange.fields === undefined) {
        throw new ProtocolFailure(PROTOCOL_ERROR, 'data came before the headers');
      }
      if (exchange.template.wantsBody) keepBody(exchange, buffer.subarray(start, end));
      return (flags & END_STREAM) !== 0;
    },
  };
}

/** A complete header block: an interim answer, the answer's headers or its trailers. */
function readBlock(
  exchange: Exchange | undefined,
  endsStream: boolean,
  { buffer, start, end }: FrameBody,
  table: AnswerTable,
): boolean {
  if (exchange === undefined) {
    // Nobody waits for it, but later blocks may refer to what is in it.
    decodeAnswerHeaders(buffer, start, end, noFields(), table);
    return false;
  }
  if (exchange.fields !== undefined) {
    if (!endsStream) throw new ProtocolFailure(PROTOCOL_ERROR, 'trailers do not end their stream');
    decodeAnswerHeaders(buffer, start, end, exchange.fields, table);
    return true;
  }
  const fields = noFields();
  decodeAnswerHeaders(buffer, start, end, fields, table);
  if (fields.status === 0) throw new ProtocolFailure(PROTOCOL_ERROR, 'an answer has no status');
  // An interim answer such as 103 comes before the real one.
  if (fields.status < 200 && !endsStream) return false;
  exchange.fields = fields;
  return endsStream;
}

/** Takes the padding and the priority fields off (RFC 9113, sections 6.1 and 6.2). */
function withoutPadding(flags: number, frame: FrameBody): FrameBody {
  if ((flags & (PADDED | PRIORITIZED)) === 0) return frame;
  let { start, end } = frame;
  if ((flags & PADDED) !== 0) {
    const padding = start < end ? (frame.buffer[start] ?? 0) : 0;
    start += 1;
    end -= padding;
  }
  if ((flags & PRIORITIZED) !== 0) start += 5;
  if (start > end) throw new ProtocolFailure(PROTOCOL_ERROR, 'the padding is longer than its frame');
  return { buffer: frame.buffer, start, end };
}
