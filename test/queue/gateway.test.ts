/**
 * The fan-out on the local gateway: real sockets, a real queue with its trigger, and what goes wrong in the
 * cloud.
 */
import { afterEach, expect, it } from '@jest/globals';
import { createApp, type App, type BroadcastStatus } from 'yc-broadcast';
import { startEmulator, type Emulator, type EmulatorOptions, type TestClient } from 'yc-broadcast/emulator';
import { queueFanout, type QueueFanoutOptions } from 'yc-broadcast/queue';
import { messageQueue } from 'yc-broadcast/queue/client';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { restTransport } from 'yc-broadcast/transports/rest';
import { storedConnection } from '../support/people.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const SOCKETS = 40;

interface Town {
  readonly gateway: Emulator;
  readonly app: App;
  readonly sockets: readonly TestClient[];
  /** Moves the clock until the numbers are settled. */
  settle(id: string): Promise<BroadcastStatus>;
  /** Moves the clock in steps, so that calls are not taken for late. */
  pass(seconds: number): Promise<void>;
}

async function town(
  options: Partial<EmulatorOptions>,
  fanout: Partial<QueueFanoutOptions> = {},
): Promise<Town> {
  const gateway = await startEmulator({
    routes: { '/ws': (event, context) => app.handler(event, context) },
    queues: { jobs: { visibilityMs: 30_000, redrive: { to: 'dead', maxReceives: 3 } }, dead: {} },
    triggers: [
      {
        queue: 'jobs',
        function: (event, context) => app.worker(event, context),
        batchSize: 2,
        cutoffMs: 0,
        concurrency: 4,
      },
    ],
    clock: 'manual',
    ...options,
  });
  const { now } = gateway.clock;
  const queue = messageQueue(gateway.queue('jobs').access);
  const deadLetters = messageQueue(gateway.queue('dead').access);
  const store = memoryStore({ now });
  const transport = restTransport({ endpoint: gateway.endpoint });
  closers.push(gateway.stop, transport.close, queue.close, deadLetters.close);
  const settings = { recipientsPerShard: 5, pageSize: 3, now, onError: () => undefined };
  const app: App = createApp({
    store,
    transport,
    origins: 'any',
    now,
    broadcast: {
      minDelayMs: 0,
      maxDelayMs: 0,
      fanout: queueFanout({ queue, deadLetters, ...settings, ...fanout }),
    },
  }).onConnect(({ join }) => join('room'));
  const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => gateway.connect('/ws')));
  for (const id of ['gone-1', 'gone-2', 'gone-3']) {
    await store.put(storedConnection(id, { expiresAt: now() + 3_600_000 }));
    await store.join(id, 'room');
  }
  const { broadcaster } = app;

  async function pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 5) {
      await gateway.clock.advance('5s');
      await gateway.idle();
    }
  }

  return {
    gateway,
    app,
    sockets,
    pass,
    async settle(id) {
      for (let rounds = 0; rounds < 100; rounds++) {
        await gateway.idle();
        const status = await broadcaster.status(id);
        if (status?.settled === true) return status;
        await pass(5);
      }
      throw new Error('the broadcast does not come to its end');
    },
  };
}

const ONCE = Array.from({ length: SOCKETS }, () => 1);

it('reaches every socket once, with jobs that come twice and a poison job among them', async () => {
  const { gateway, app, sockets, settle, pass } = await town({
    faults: 'queue.effect=duplicate queue.rate=0.4 queue.delay=2s queue.name=jobs',
  });
  const poison = messageQueue(gateway.queue('jobs').access);
  closers.push(poison.close);
  await poison.send([{ body: '{"not":"a job"}' }]);
  const { id, shards } = await app.broadcaster.to('room').dispatch('headline', { title: 'Hi' });
  expect(shards).toBe(16);
  expect(await settle(id)).toMatchObject({
    recipients: 43,
    delivered: 40,
    stale: 3,
    failed: 0,
    restarts: 0,
    complete: true,
  });
  await pass(60);
  expect(sockets.map((socket) => socket.received())).toEqual(ONCE);
  expect(gateway.timeline('type:send status:200')).toHaveLength(40);
  expect(gateway.queue('jobs').messages()).toEqual([]);
  expect(
    gateway
      .queue('dead')
      .messages()
      .map(({ body }) => body),
  ).toEqual(['{"not":"a job"}']);
});

it('waits for a gateway that refuses everything for a while', async () => {
  const { app, sockets, settle } = await town(
    { faults: 'send.status=429 send.times=300' },
    { pageSize: 100, maxShards: 1 },
  );
  const { id } = await app.broadcaster.to('room').dispatch('headline', 1);
  expect(await settle(id)).toMatchObject({ delivered: 40, stale: 3, failed: 0, complete: true });
  expect(sockets.map((socket) => socket.received())).toEqual(ONCE);
});

it('sends nothing twice when calls are taken for failed, and their jobs come again', async () => {
  const { gateway, app, sockets, settle, pass } = await town({});
  gateway.faults.addText('instance.effect=kill instance.times=3');
  const { id } = await app.broadcaster.to('room').dispatch('headline', 1);
  expect(await settle(id)).toMatchObject({ recipients: 43, delivered: 40, stale: 3, complete: true });
  await pass(60);
  expect(sockets.map((socket) => socket.received())).toEqual(ONCE);
  expect(gateway.timeline('type:trigger status:502')).toHaveLength(3);
  expect(gateway.queue('dead').messages()).toEqual([]);
});
