import assert from 'node:assert/strict';
import type { ErrorCode } from '../../base/errors.js';
import {
  failsWith,
  heardNothing,
  IN_TIME,
  send,
  withoutAnswer,
  type TransportRule,
} from '../transport-rule.js';

const STATUSES: readonly (readonly [number, ErrorCode])[] = [
  [400, 'INVALID_REQUEST'],
  [401, 'UNAUTHENTICATED'],
  [403, 'FORBIDDEN'],
  [404, 'CONNECTION_STALE'],
  [429, 'RATE_LIMITED'],
  [500, 'GATEWAY_UNAVAILABLE'],
  [503, 'GATEWAY_UNAVAILABLE'],
  [504, 'NO_ANSWER'],
];

/** Twice, since over gRPC the gateway may answer in two forms in turn. */
const ROUNDS = 2;

export const failureRules: readonly TransportRule[] = [
  ...STATUSES.map(([status, code]): TransportRule => ({
    name: `an answer of ${status} is ${code}, and the next send is none the worse`,
    needs: ['faults'],
    async check({ transport, connect, fault }) {
      const [ours, socket] = [transport(), await connect()];
      // A refused token may be tried a second time within one attempt.
      const times = status === 401 ? undefined : ROUNDS;
      const victim = status === 401 ? await connect() : socket;
      fault({ on: 'send', connection: victim.id, status, times });
      for (let round = 0; round < ROUNDS; round++) {
        const error = await failsWith(send(ours, victim.id, 'x'), code);
        assert.equal(error.retryAfterMs, undefined);
      }
      await heardNothing(ours, socket);
    },
  })),
  {
    name: 'how long the gateway asks to wait is told in milliseconds',
    needs: ['faults', 'retryAfter'],
    async check({ transport, connect, fault }) {
      const [ours, socket] = [transport(), await connect()];
      fault({ on: 'send', status: 429, times: ROUNDS, retryAfterSeconds: 7 });
      for (let round = 0; round < ROUNDS; round++) {
        const { retryAfterMs } = await failsWith(send(ours, socket.id, 'x'), 'RATE_LIMITED');
        assert.equal(retryAfterMs, 7000);
      }
      await heardNothing(ours, socket);
    },
  },
  {
    name: 'a send is attempted once: retries are for the broadcast to decide',
    needs: ['faults'],
    async check({ transport, connect, fault }) {
      const [ours, socket] = [transport(), await connect()];
      fault({ on: 'send', connection: socket.id, status: 503, times: 1 });
      fault({ on: 'send', connection: socket.id, status: 429, times: 1 });
      await failsWith(send(ours, socket.id, 'x'), 'GATEWAY_UNAVAILABLE');
      await failsWith(send(ours, socket.id, 'x'), 'RATE_LIMITED');
      await heardNothing(ours, socket);
    },
  },
  {
    name: 'a send that is cut off may be retried, and the next one arrives',
    needs: ['faults'],
    async check({ transport, connect, fault }) {
      const [ours, socket] = [transport(), await connect()];
      await heardNothing(ours, socket);
      fault({ on: 'send', status: 'reset', times: 1 });
      const error = await failsWith(send(ours, socket.id, 'x'), 'NO_ANSWER', 'GATEWAY_UNAVAILABLE');
      assert.equal(error.retryable, true);
      await heardNothing(ours, socket);
    },
  },
  {
    name: 'a send without an answer ends with its time, and harms no other',
    needs: ['faults'],
    async check(world) {
      const startedAt = performance.now();
      const { ours, silent, socket } = await withoutAnswer(world);
      const waiting = failsWith(send(ours, silent.id, 'x', { timeoutMs: 500 }), 'NO_ANSWER');
      await heardNothing(ours, socket);
      await waiting;
      assert.ok(performance.now() - startedAt < 5000, 'it took much longer than its time');
      await heardNothing(ours, socket);
    },
  },
  {
    name: 'a send whose signal is aborted already is not made',
    async check({ transport, connect }) {
      const [ours, socket] = [transport(), await connect()];
      const aborted = { ...IN_TIME, signal: AbortSignal.abort() };
      await failsWith(ours.send(socket.id, ours.encode('x'), aborted), 'ABORTED');
      await heardNothing(ours, socket);
    },
  },
  {
    name: 'a send without an answer ends with its signal, and harms no other',
    needs: ['faults'],
    async check(world) {
      const { ours, silent, socket } = await withoutAnswer(world);
      const controller = new AbortController();
      const options = { ...IN_TIME, signal: controller.signal };
      const waiting = failsWith(ours.send(silent.id, ours.encode('x'), options), 'ABORTED');
      await heardNothing(ours, socket);
      controller.abort();
      await waiting;
      await heardNothing(ours, socket);
    },
  },
  {
    name: 'a gateway that is gone is no reason to call a connection stale',
    needs: ['faults'],
    async check({ transport, connect, shutDown }) {
      const [ours, socket] = [transport(), await connect()];
      await heardNothing(ours, socket);
      await shutDown();
      for (let attempt = 0; attempt < 2; attempt++)
        await failsWith(send(ours, socket.id, 'x', { timeoutMs: 2000 }), 'GATEWAY_UNAVAILABLE', 'NO_ANSWER');
    },
  },
];
