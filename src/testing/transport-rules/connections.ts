import assert from 'node:assert/strict';
import type { Transport } from '../../model/transport.js';
import { failsWith, heardNothing, IN_TIME, send, type TransportRule } from '../transport-rule.js';

/** Each to be begun when its turn has come, so that none is left alone when one before it breaks the rule. */
const allCalls = (transport: Transport, id: string): readonly (() => Promise<unknown>)[] => [
  () => send(transport, id, 'x'),
  () => transport.get(id, IN_TIME),
  () => transport.disconnect(id, IN_TIME),
];

/** Each of the three calls says that the gateway does not know the connection. */
async function isStale(transport: Transport, id: string): Promise<void> {
  for (const call of allCalls(transport, id)) {
    const { retryable } = await failsWith(call(), 'CONNECTION_STALE');
    assert.equal(retryable, false);
  }
}

export const connectionRules: readonly TransportRule[] = [
  {
    name: 'get tells what the gateway knows of a connection',
    async check({ transport, connect }) {
      const before = Date.now();
      const [ours, socket] = [transport(), await connect()];
      const { id, gatewayId, sourceIp, userAgent, connectedAt, lastActiveAt } = await ours.get(
        socket.id,
        IN_TIME,
      );
      assert.equal(id, socket.id);
      for (const text of [gatewayId, sourceIp, userAgent]) assert.equal(typeof text, 'string');
      // A gateway's clock may be a little off; seconds taken for milliseconds are off by decades.
      for (const instant of [connectedAt, lastActiveAt]) assert.ok(Math.abs(instant - before) < 300_000);
    },
  },
  {
    name: 'disconnect closes a connection, and only that',
    async check({ transport, connect }) {
      const ours = transport();
      const [socket, neighbour] = [await connect(), await connect()];
      await ours.disconnect(socket.id, IN_TIME);
      await isStale(ours, socket.id);
      await socket.closed;
      await heardNothing(ours, neighbour);
    },
  },
  {
    name: 'a connection that the gateway does not know is stale',
    async check({ transport, connect }) {
      const [ours, neighbour] = [transport(), await connect()];
      await isStale(ours, 'd0000000000000000000000000000nobody');
      await heardNothing(ours, neighbour);
    },
  },
  {
    name: 'a connection that its client has closed is stale',
    async check({ transport, connect }) {
      const [ours, socket] = [transport(), await connect()];
      await send(ours, socket.id, 'still here');
      await socket.leave();
      await isStale(ours, socket.id);
    },
  },
  {
    name: 'an id of 50 characters may be anything, and reaches the gateway as it is',
    async check({ transport, connect }) {
      const [ours, socket] = [transport(), await connect()];
      const strange = [
        'x'.repeat(50),
        'a/b',
        `${socket.id}/`,
        `../${socket.id}`,
        `${socket.id}?a#b`,
        '%2F',
        'a b',
        'ф👋',
      ];
      for (const id of strange) await failsWith(send(ours, id, 'x'), 'CONNECTION_STALE');
      await heardNothing(ours, socket);
    },
  },
  {
    name: 'an id that is empty or has more than 50 characters is refused',
    async check({ transport }) {
      const ours = transport();
      for (const id of ['', 'x'.repeat(51)])
        for (const call of allCalls(ours, id)) await failsWith(call(), 'INVALID_REQUEST');
    },
  },
  {
    name: 'a wrong token is refused, makes nobody stale, and is not told to anybody',
    needs: ['tokens'],
    async check({ transport, connect }) {
      const [ours, socket] = [transport('t1.wrong-and-secret'), await connect()];
      for (const call of allCalls(ours, socket.id)) {
        const error = await failsWith(call(), 'UNAUTHENTICATED');
        assert.equal(error.retryable, false);
        for (let reason: unknown = error; reason instanceof Error; reason = reason.cause)
          assert.doesNotMatch(`${reason.message} ${reason.stack ?? ''}`, /wrong-and-secret/);
      }
      await heardNothing(transport(), socket);
    },
  },
];
