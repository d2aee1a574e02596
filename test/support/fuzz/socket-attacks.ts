/** WebSocket handshakes, and frames behind good ones. */
import { connect } from 'node:net';
import type { Garbage } from './garbage.js';
import type { Attack } from './http-attacks.js';
import { answersTo, whenOver } from './wire.js';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const FRAMES = 300;

function handshake(path: string, fields: readonly string[]): string {
  return [`GET ${path} HTTP/1.1`, 'Host: localhost', ...fields, '', ''].join('\r\n');
}

const GOOD = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${KEY}`,
];

const handshakes: Attack = async ({ port }, garbage) => {
  const fields = GOOD.map((field) =>
    garbage.chance(0.2) ? `${field.split(':', 1)[0] ?? ''}: ${garbage.line()}` : field,
  ).filter(() => garbage.chance(0.95));
  const more = ['Sec-WebSocket-Protocol', 'Sec-WebSocket-Extensions', 'Origin', 'Cookie'].map(
    (name) => `${name}: ${garbage.line()}`,
  );
  const path =
    garbage.pick(['/ws', '/rooms/', '/rooms/a%', '/nowhere', '//', '/ws?']) +
    garbage.line().replace(/\s/g, '');
  const text = handshake(path, [...fields, ...more.slice(garbage.below(5))]);
  await answersTo(port, Buffer.concat([Buffer.from(text, 'latin1'), garbage.bytes(20)]), 1);
  return 1;
};

interface Shape {
  readonly first: number;
  readonly payload: Buffer;
  readonly isMasked: boolean;
}

function wireOf({ first, payload, isMasked }: Shape): Buffer {
  const { length } = payload;
  const mask = isMasked ? 0x80 : 0;
  const size =
    length < 126
      ? Buffer.of(mask | length)
      : length < 65536
        ? Buffer.of(mask | 126, length >> 8, length & 255)
        : Buffer.of(
            mask | 127,
            0,
            0,
            0,
            0,
            length >>> 24,
            (length >> 16) & 255,
            (length >> 8) & 255,
            length & 255,
          );
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([Buffer.of(first), size, Buffer.alloc(isMasked ? 4 : 0), payload]);
}

/** A frame, or the frames of one message, that clients may send. */
function goodFrames(garbage: Garbage): Buffer[] {
  const text = Buffer.from(garbage.text().toWellFormed());
  if (garbage.chance(0.2))
    return [wireOf({ first: 0x89 + garbage.below(2), payload: text.subarray(0, 100), isMasked: true })];
  if (garbage.chance(0.1)) {
    const parts = [0x02, 0x00, 0x89, 0x80];
    return parts.map((first) => wireOf({ first, payload: garbage.bytes(20), isMasked: true }));
  }
  const payload = garbage.chance(0.002)
    ? Buffer.alloc(garbage.pick([32_768, 32_769, 131_072, 131_073]), 'x')
    : text;
  return [wireOf({ first: garbage.chance(0.7) ? 0x81 : 0x82, payload, isMasked: true })];
}

/** One that ends the connection. */
function badFrame(garbage: Garbage): Buffer {
  const shape = { first: garbage.below(256), payload: garbage.bytes(130), isMasked: garbage.chance(0.5) };
  if (garbage.chance(0.2)) return garbage.bytes(40);
  if (garbage.chance(0.2)) return Buffer.from([0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
  if (garbage.chance(0.2)) return wireOf({ first: 0x88, payload: garbage.bytes(10), isMasked: true });
  return wireOf(shape);
}

const frames: Attack = async ({ port }, garbage) => {
  const sent = Array.from({ length: FRAMES }, () => goodFrames(garbage)).flat();
  sent.push(badFrame(garbage));
  const socket = connect(port, '127.0.0.1');
  let looked = 1;
  socket.on('data', (chunk: Buffer) => {
    if (looked > 1 || chunk.toString('latin1', 0, 12) !== 'HTTP/1.1 101') return;
    looked = sent.length;
    socket.write(Buffer.concat(sent));
    if (garbage.chance(0.5)) socket.end();
    else if (garbage.chance(0.2)) socket.resetAndDestroy();
  });
  socket.write(handshake(garbage.pick(['/ws', '/rooms/a']), GOOD));
  await whenOver(socket);
  return looked;
};

export const socketAttacks: readonly Attack[] = [handshakes, frames, frames];
