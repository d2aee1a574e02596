import assert from 'node:assert/strict';
import type { Payload } from '../../model/transport.js';
import { heardNothing, IN_TIME, send, throwsWith, type TransportRule } from '../transport-rule.js';

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);

/** Exactly so many bytes, of which no two neighbours are the same. */
const ofSize = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, at) => at % 251);

export const deliveryRules: readonly TransportRule[] = [
  {
    name: 'text arrives as a text frame, character by character',
    async check({ transport, connect }) {
      const [ours, socket] = [transport(), await connect()];
      const texts = ['x', '{"a":1}', 'Привет, мир', '👋🏽', 'a\u0000b\r\n\t"\\', '\u2028\u2029\ufeff', ' '];
      for (const text of texts) {
        await send(ours, socket.id, text);
        assert.equal(await socket.next(), text);
      }
    },
  },
  {
    name: 'bytes arrive as a binary frame, byte by byte',
    async check({ transport, connect }) {
      const [ours, socket] = [transport(), await connect()];
      const view = EVERY_BYTE.subarray(10, 20);
      for (const bytes of [EVERY_BYTE, view, Buffer.from('text, but as bytes'), new Uint8Array(1)]) {
        await send(ours, socket.id, bytes);
        const frame = await socket.next();
        assert.ok(typeof frame !== 'string', 'expected a binary frame');
        assert.deepEqual(Buffer.from(frame), Buffer.from(bytes));
      }
    },
  },
  {
    name: 'a payload of the largest size arrives whole',
    async check({ transport, connect }) {
      const [ours, socket] = [transport(), await connect()];
      const text = 'ф'.repeat(ours.maxPayloadBytes / 2);
      for (const payload of [ofSize(ours.maxPayloadBytes), text] satisfies Payload[]) {
        const encoded = ours.encode(payload);
        assert.equal(encoded.bytes, ours.maxPayloadBytes);
        await ours.send(socket.id, encoded, IN_TIME);
        assert.ok(Buffer.from(await socket.next()).equals(Buffer.from(payload)), 'it arrived changed');
      }
    },
  },
  {
    name: 'a payload that is too large, or empty, is refused before anything is sent',
    async check({ transport }) {
      const ours = transport();
      throwsWith(() => ours.encode(new Uint8Array(ours.maxPayloadBytes + 1)), 'PAYLOAD_TOO_LARGE');
      throwsWith(() => ours.encode('x'.repeat(ours.maxPayloadBytes + 1)), 'PAYLOAD_TOO_LARGE');
      // Its size in bytes counts, not its length.
      throwsWith(() => ours.encode('ф'.repeat(ours.maxPayloadBytes / 2 + 1)), 'PAYLOAD_TOO_LARGE');
      throwsWith(() => ours.encode(''), 'INVALID_OPTIONS');
      throwsWith(() => ours.encode(new Uint8Array(0)), 'INVALID_OPTIONS');
    },
  },
  {
    name: 'a payload that was encoded once serves any number of recipients, and only them',
    async check({ transport, connect }) {
      const ours = transport();
      const [a, b, neighbour] = [await connect(), await connect(), await connect()];
      const encoded = ours.encode('for all');
      assert.equal(encoded.bytes, 7);
      await Promise.all([a, b].map(({ id }) => ours.send(id, encoded, IN_TIME)));
      assert.deepEqual([await a.next(), await b.next()], ['for all', 'for all']);
      await heardNothing(ours, neighbour);
    },
  },
  {
    name: 'many sends that overlap arrive once each, at whom they are for',
    async check({ transport, connect }) {
      const ours = transport();
      const sockets = [await connect(), await connect(), await connect()];
      const texts = Array.from({ length: 60 }, (_, index) => `message ${index}`);
      await Promise.all(
        sockets.flatMap(({ id }) => texts.map((text) => send(ours, id, `${text} for ${id}`))),
      );
      for (const socket of sockets) {
        const arrived: unknown[] = [];
        while (arrived.length < texts.length) arrived.push(await socket.next());
        assert.deepEqual(new Set(arrived), new Set(texts.map((text) => `${text} for ${socket.id}`)));
        await heardNothing(ours, socket);
      }
    },
  },
];
