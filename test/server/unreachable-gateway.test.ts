/**
 * A gateway to which there is no connection: a broadcast ends with what it has, and goes on from its cursor.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { BroadcastError, createBroadcaster, type BroadcastSettings, type Transport } from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { grpcTransport } from 'yc-broadcast/transports/grpc';
import { restTransport } from 'yc-broadcast/transports/rest';
import { fanoutWorld, timesReached } from '../support/fanout-world.js';
import { fillRoom } from '../support/people.js';
import { scriptedTransport, type Script } from '../support/scripted-transport.js';
import { sent } from '../support/sent.js';

const AWAY = new BroadcastError('GATEWAY_UNAVAILABLE', 'scripted', { isUnreachable: true });
const PEOPLE = 300;
const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function roomThrough(transport: Transport, settings: BroadcastSettings = {}) {
  cleanUps.push(() => transport.close());
  const store = memoryStore();
  const ids = await fillRoom(store, 'room', PEOPLE);
  const quick = { minDelayMs: 1, maxDelayMs: 2 };
  return { ids, broadcaster: createBroadcaster({ store, transport, broadcast: { ...quick, ...settings } }) };
}

/** A port at which nobody listens, or somebody who closes every connection at once. */
async function portOf(kind: 'closed' | 'rude'): Promise<number> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  if (kind === 'rude') cleanUps.push(() => server.close());
  else {
    server.close();
    await once(server, 'close');
  }
  return port;
}

const token = 't1.token';
const WAYS: readonly [string, () => Promise<Transport>][] = [
  [
    'REST, a closed port',
    async () => restTransport({ endpoint: `http://127.0.0.1:${await portOf('closed')}`, token }),
  ],
  [
    'gRPC, a closed port',
    async () => grpcTransport({ endpoint: `http://127.0.0.1:${await portOf('closed')}`, token }),
  ],
  [
    'REST, no TLS',
    async () => restTransport({ endpoint: `https://127.0.0.1:${await portOf('rude')}`, token }),
  ],
  [
    'gRPC, no TLS',
    async () => grpcTransport({ endpoint: `https://127.0.0.1:${await portOf('rude')}`, token }),
  ],
];

describe('a gateway to which there is no connection', () => {
  it.each(WAYS)('ends a broadcast early, with a cursor and the others skipped: %s', async (_way, open) => {
    const { broadcaster } = await roomThrough(await open(), { concurrency: 20 });
    const report = sent(await broadcaster.to('room').send('x', 1));
    expect(report).toMatchObject({
      stoppedBy: 'gateway',
      complete: false,
      recipients: PEOPLE,
      delivered: 0,
      codes: { GATEWAY_UNAVAILABLE: report.failed },
      skipped: PEOPLE - report.failed,
    });
    expect(report.failed).toBeGreaterThanOrEqual(5);
    expect(report.failed).toBeLessThanOrEqual(25);
    expect(report.cursor).toBeDefined();
  });

  it('is known after five recipients in a row, and the rest is reached once it is back', async () => {
    let isThere = false;
    const transport = scriptedTransport(() => (isThere ? 'ok' : AWAY));
    const { broadcaster, ids } = await roomThrough(transport, { concurrency: 1, retries: 1 });
    const report = sent(await broadcaster.to('room').send('x', 1));
    expect(report).toMatchObject({ stoppedBy: 'gateway', failed: 5, attempts: 10, skipped: PEOPLE - 5 });
    isThere = true;
    const rest = sent(await broadcaster.resume(report.cursor ?? '').send('x', 1));
    expect(rest).toMatchObject({ stoppedBy: 'done', delivered: PEOPLE - 5 });
    expect([...transport.received.keys()].sort()).toEqual(ids.slice(5));
  });

  const onlyFirst: Script = (_id, attempt) => (attempt === 1 ? AWAY : 'ok');
  const fourOfFive: Script = (id) => (Number(id.slice(1)) % 5 === 0 ? 'ok' : AWAY);
  it.each<[string, Script, object]>([
    ['comes back between two attempts', onlyFirst, { delivered: PEOPLE, failed: 0 }],
    ['is reached now and then', fourOfFive, { delivered: PEOPLE / 5, failed: (PEOPLE / 5) * 4 }],
    ['answers that it is unavailable', () => 'GATEWAY_UNAVAILABLE', { delivered: 0, failed: PEOPLE }],
  ])('is not one that %s', async (_what, script, counts) => {
    const { broadcaster } = await roomThrough(scriptedTransport(script), { concurrency: 1, retries: 1 });
    expect(await broadcaster.to('room').send('x', 1)).toMatchObject({ stoppedBy: 'done', ...counts });
  });

  it('sends a job back to the queue, later each time', async () => {
    let isThere = false;
    const world = await fanoutWorld({
      people: 40,
      fanout: { maxShards: 1, pageSize: 20 },
      broadcaster: { broadcast: { retries: 0, concurrency: 1 } },
      script: () => (isThere ? 'ok' : AWAY),
    });
    const { broadcaster, queue, transport, ids, drain } = world;
    const { id } = await broadcaster.to('room').dispatch('x', 1);
    const attempts = (): number => [...transport.attempts.values()].reduce((sum, n) => sum + n, 0);
    const delays: number[] = [];
    for (let round = 1; round <= 4; round++) {
      await broadcaster.work(queue.take());
      expect(attempts()).toBeLessThanOrEqual(5 * round);
      delays.push(queue.waiting[0]?.delaySeconds ?? 0);
    }
    expect(delays[0]).toBeGreaterThanOrEqual(1);
    expect(delays[3]).toBeGreaterThanOrEqual(8);
    isThere = true;
    await drain();
    expect(timesReached(transport)).toEqual(new Map(ids.map((one) => [one, 1])));
    expect(await broadcaster.status(id)).toMatchObject({ delivered: 40, failed: 0, complete: true });
  });
});
