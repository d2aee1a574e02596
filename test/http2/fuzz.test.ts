/** Whatever bytes come, reading them ends, says the same however they are cut, and fails in one way only. */
import { Duplex } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeAnswerHeaders, type AnswerTable } from '../../src/http2/answer-headers.js';
import { createExchange, noFields } from '../../src/http2/exchange.js';
import { createFrameReader } from '../../src/http2/frames.js';
import { createHeaderTable } from '../../src/http2/header-table.js';
import { createHeaderEncoder, type HeaderField } from '../../src/http2/header-encoder.js';
import { decodeHuffman, encodeHuffman } from '../../src/http2/huffman.js';
import { createOwnSession } from '../../src/http2/own-session.js';
import { ProtocolFailure } from '../../src/http2/protocol-failure.js';
import type { SessionEvents } from '../../src/http2/session.js';
import {
  answer,
  END_HEADERS,
  END_STREAM,
  field,
  frame,
  HEADERS,
  settings,
  STATUS_200,
} from '../support/http2-script.js';

const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array));

/** Frames that are well-formed at least on the outside, with types, flags and streams that mean something. */
const anyFrame = fc
  .tuple(
    fc.oneof(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 255 })),
    fc.integer({ min: 0, max: 255 }),
    fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 2 ** 31 - 1 })),
    fc.oneof(bytes, fc.constantFrom(STATUS_200, field('grpc-status', '0'), Buffer.alloc(8), Buffer.alloc(4))),
  )
  .map(([type, flags, streamId, payload]) => frame(type, flags, streamId, payload));

const stream = fc
  .array(fc.oneof({ weight: 6, arbitrary: anyFrame }, bytes), { maxLength: 12 })
  .map(Buffer.concat);

/** Cuts bytes at these places; places beyond the end cut nothing. */
function cut(whole: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (whole.length + 1))), whole.length].sort(
    (a, b) => a - b,
  );
  return ends.map((end, index) => whole.subarray(ends[index - 1] ?? 0, end));
}

/** `undefined`, or the failure. Anything else that is thrown is a mistake of ours. */
function failureOf(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (reason) {
    if (reason instanceof ProtocolFailure) return `${reason.code}: ${reason.message}`;
    throw reason;
  }
}

describe('frames', () => {
  it('are the same however their bytes are cut', () => {
    const read = (chunks: readonly Buffer[]): unknown[] => {
      const seen: unknown[] = [];
      const reader = createFrameReader(
        (type, flags, streamId, buffer, start, end) => {
          seen.push([type, flags, streamId, buffer.toString('hex', start, end)]);
        },
        () => true,
      );
      const memory = Buffer.alloc(5000);
      // As a socket does it: every chunk in the same memory.
      seen.push(
        failureOf(() => {
          for (const chunk of chunks) reader(memory.subarray(0, chunk.copy(memory)));
        }),
      );
      return seen;
    };
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 20 }), (whole, places) => {
        fc.pre(whole.length <= 5000);
        expect(read(cut(whole, places))).toEqual(read([whole]));
      }),
      { numRuns: 500 },
    );
  });
});

describe('header blocks', () => {
  it('are read or refused, whatever is in them', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, fc.array(bytes).map(Buffer.concat)), (block) => {
        const fields = noFields();
        failureOf(() => {
          decodeAnswerHeaders(block, 0, block.length, fields, createHeaderTable());
        });
        expect(fields.status).toBeGreaterThanOrEqual(0);
        expect(fields.status).toBeLessThan(1000);
      }),
      { numRuns: 2000 },
    );
  });

  it('give what was written, plain or compressed', () => {
    const value = fc.string({
      unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)),
      maxLength: 100,
    });
    fc.assert(
      fc.property(value, fc.boolean(), fc.boolean(), (message, compressName, compressValue) => {
        const text = (plain: string, isCompressed: boolean): Buffer => {
          const coded = isCompressed ? Buffer.from(encodeHuffman(plain)) : Buffer.from(plain);
          return Buffer.concat([Buffer.of((isCompressed ? 0x80 : 0) | coded.length), coded]);
        };
        const name = text('grpc-message', compressName);
        const block = Buffer.concat([STATUS_200, Buffer.of(0x40), name, text(message, compressValue)]);
        const fields = noFields();
        decodeAnswerHeaders(block, 0, block.length, fields, createHeaderTable());
        expect(fields).toMatchObject({ status: 200, grpcMessage: message });
      }),
    );
  });

  it('are understood from a server that keeps a table although we asked for none', () => {
    const name = fc.constantFrom(
      ...Object.keys(ANSWER_FIELDS),
      'date',
      'server',
      'x-request-id',
      'x-'.repeat(60),
    );
    const value = fc.oneof(
      fc.constantFrom('0', '5', '200', 'h2o/2.2.5'),
      fc.string({ unit: 'grapheme-ascii', maxLength: 300 }),
    );
    const line = fc.record({ name, value, isKept: fc.boolean(), isHuffman: fc.boolean() });
    const block = fc.record({
      lines: fc.array(line, { maxLength: 8 }),
      size: fc.option(fc.constantFrom(0, 44, 88, 300, 4096), { nil: undefined, freq: 6 }),
    });
    fc.assert(
      fc.property(fc.array(block, { maxLength: 12 }), (blocks) => {
        const encode = createReferenceEncoder();
        const table: AnswerTable = createHeaderTable();
        for (const { lines, size } of blocks) {
          const fields = noFields();
          const encoded = encode(lines, size);
          decodeAnswerHeaders(encoded, 0, encoded.length, fields, table);
          const expected = noFields();
          for (const line of lines) {
            const field = new Map(Object.entries(ANSWER_FIELDS)).get(line.name);
            if (field !== undefined) expected[field] = line.value;
          }
          expect(fields).toEqual(expected);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('know the Huffman code of the standard', () => {
    // RFC 7541, appendix C.4.1 and C.6.1.
    expect(decodeHuffman(Buffer.from('f1e3c2e5f23a6ba0ab90f4ff', 'hex'), 0, 12)).toBe('www.example.com');
    expect(decodeHuffman(Buffer.from('9d29ad171863c78f0b97c8e9ae82ae43d3', 'hex'), 0, 17)).toBe(
      'https://www.example.com',
    );
    fc.assert(
      fc.property(bytes, (block) => {
        failureOf(() => decodeHuffman(block, 0, block.length));
      }),
    );
  });

  it('stand for the same headers in the table of a receiver', () => {
    const name = fc.constantFrom(':path', 'authorization', 'x-a', 'x-b');
    const fields = fc.array(fc.tuple(name, fc.string({ maxLength: 900 })), { maxLength: 6 });
    const sizes = fc.option(fc.constantFrom(0, 100, 4096, 65_536), { nil: undefined, freq: 6 });
    fc.assert(
      fc.property(fc.array(fc.tuple(fields, sizes), { maxLength: 12 }), (blocks) => {
        const encoder = createHeaderEncoder();
        const decode = createReferenceDecoder();
        for (const [block, size] of blocks) {
          if (size !== undefined) encoder.resize(size);
          expect(decode(encoder.encode(block))).toEqual(block);
        }
      }),
    );
  });
});

/** Names that matter in answers, but for the status, and what they become. */
const ANSWER_FIELDS = {
  'grpc-status': 'grpcStatus',
  'grpc-message': 'grpcMessage',
  'retry-after': 'retryAfter',
  'grpc-retry-pushback-ms': 'pushback',
} as const;

/** Indexes of the static table whose names our blocks use. */
const STATIC_ANSWER_NAMES = new Map([
  ['date', 33],
  ['retry-after', 53],
  ['server', 54],
]);

interface AnswerLine {
  readonly name: string;
  readonly value: string;
  /** Whether it goes into the table. */
  readonly isKept: boolean;
  readonly isHuffman: boolean;
}

/** A server's side of header blocks as the RFC describes it; written for this test only. */
function createReferenceEncoder(): (lines: readonly AnswerLine[], size: number | undefined) => Buffer {
  let table: (readonly [name: string, value: string])[] = [];
  let limit = 4096;
  const evict = (): void => {
    while (table.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0) > limit)
      table.pop();
  };
  const integer = (pattern: number, bits: number, value: number): number[] => {
    const mask = 2 ** bits - 1;
    if (value < mask) return [pattern | value];
    const bytes = [pattern | mask];
    let rest = value - mask;
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
    return [...bytes, rest];
  };
  const text = (plain: string, isHuffman: boolean): number[] => {
    const bytes = isHuffman ? [...encodeHuffman(plain)] : [...Buffer.from(plain)];
    return [...integer(isHuffman ? 0x80 : 0, 7, bytes.length), ...bytes];
  };
  const lineOf = ({ name, value, isKept, isHuffman }: AnswerLine): number[] => {
    const known = table.findIndex((entry) => entry[0] === name && entry[1] === value);
    if (known >= 0) return integer(0x80, 7, 62 + known);
    const named = table.findIndex((entry) => entry[0] === name);
    const index = STATIC_ANSWER_NAMES.get(name) ?? (named >= 0 ? 62 + named : 0);
    const start = isKept ? integer(0x40, 6, index) : integer(0, 4, index);
    if (isKept) table = [[name, value] as const, ...table];
    evict();
    return [...start, ...(index === 0 ? text(name, isHuffman) : []), ...text(value, isHuffman)];
  };
  return (lines, size) => {
    const update = size === undefined ? [] : integer(0x20, 5, size);
    limit = size ?? limit;
    evict();
    return Buffer.from([...update, ...lines.flatMap(lineOf)]);
  };
}

/**
 * A receiver of header blocks as the RFC describes it, as far as our encoder goes; written for this test
 * only.
 */
function createReferenceDecoder(): (block: Buffer) => HeaderField[] {
  const names = new Map([
    [1, ':authority'],
    [2, ':method'],
    [4, ':path'],
    [23, 'authorization'],
    [31, 'content-type'],
    [58, 'user-agent'],
  ]);
  let table: HeaderField[] = [];
  let limit = 4096;
  const sizeOf = ([name, value]: HeaderField): number => name.length + Buffer.byteLength(value) + 32;
  const evict = (): void => {
    while (table.reduce((sum, entry) => sum + sizeOf(entry), 0) > limit) table.pop();
  };
  return (block) => {
    const fields: HeaderField[] = [];
    let at = 0;
    const integer = (bits: number): number => {
      const mask = 2 ** bits - 1;
      let value = (block[at++] ?? 0) & mask;
      if (value < mask) return value;
      for (let factor = 1; ; factor *= 128) {
        const byte = block[at++] ?? 0;
        value += (byte & 127) * factor;
        if (byte < 128) return value;
      }
    };
    const text = (): string => {
      const length = integer(7);
      at += length;
      return block.toString('utf8', at - length, at);
    };
    while (at < block.length) {
      const first = block[at] ?? 0;
      if (first >= 0x80) {
        const entry = table[integer(7) - 62];
        if (entry === undefined) throw new Error('no such entry');
        fields.push(entry);
      } else if (first >= 0x20 && first < 0x40) {
        limit = integer(5);
        evict();
      } else {
        const index = integer(first >= 0x40 ? 6 : 4);
        const entry: HeaderField = [index === 0 ? text() : (names.get(index) ?? ''), text()];
        fields.push(entry);
        if (first >= 0x40) table = [entry, ...table];
        evict();
      }
    }
    return fields;
  };
}

describe('a session', () => {
  /** Feeds a session with these chunks while three requests are under way, and returns all it told. */
  function run(chunks: readonly Buffer[]): string[] {
    const told: string[] = [];
    const events: SessionEvents = {
      onAnswer: ({ streamId }, { status, grpcStatus }) => told.push(`${streamId}: ${status} ${grpcStatus}`),
      onFailure: ({ streamId }, { message }) => told.push(`${streamId}: ${message}`),
      onReturned: () => told.push('returned'),
      onRoom: () => undefined,
      onEnd: ({ why, message }) => told.push(`end: ${why} ${message}`),
    };
    const socket = new Duplex({
      read: () => undefined,
      write(_chunk, _encoding, done) {
        done();
      },
    });
    let feed: (chunk: Buffer) => void = () => undefined;
    const readBuffer = { listen: (onBytes: typeof feed) => (feed = onBytes) };
    const session = createOwnSession(socket, readBuffer, { scheme: 'https', authority: 'localhost' }, events);
    feed(settings());
    for (let i = 0; i < 3; i++) session.open(newExchange());
    for (const chunk of chunks) feed(chunk);
    session.close();
    return told;
  }

  it('tells of every request once, whatever comes and however it is cut', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 20 }), (whole, places) => {
        const told = run([whole]);
        expect(told.filter((line) => !line.startsWith('end:'))).toHaveLength(3);
        expect(told.filter((line) => line.startsWith('end:'))).toHaveLength(1);
        expect(run(cut(whole, places))).toEqual(told);
      }),
      { numRuns: 1000 },
    );
  });

  it('understands answers between the nonsense', () => {
    const status = frame(
      HEADERS,
      END_HEADERS | END_STREAM,
      5,
      Buffer.concat([STATUS_200, field('grpc-status', '7')]),
    );
    expect(run([answer(3), frame(0x42, 0, 0, Buffer.alloc(3)), status])).toEqual([
      '3: 200 0',
      '5: 200 7',
      '1: NO_ANSWER: the transport was closed',
      'end: closed the transport was closed',
    ]);
  });
});

function newExchange() {
  return createExchange({
    template: { path: '/x', headers: [], wantsBody: true },
    token: 'secret',
    head: Buffer.from('head'),
    tail: Buffer.from('tail'),
    endsAt: Infinity,
    signal: undefined,
    onAnswer: () => undefined,
    onFailure: () => undefined,
  });
}
