/** The whole path: socket, gateway, events, handler, store, broadcast, REST, gateway, sockets. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { createApp, defineContract, type DeliveryReport } from 'yc-broadcast';
import { startEmulator, type Emulator, type TestClient } from 'yc-broadcast/emulator';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { restTransport } from 'yc-broadcast/transports/rest';
import * as z from 'zod';
import { sent } from '../support/sent.js';

const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

const contract = defineContract({
  client: { say: z.object({ text: z.string() }) },
  server: { said: z.object({ text: z.string() }) },
});

/** A room that everybody is in, its gateway, and the reports of its broadcasts. */
async function startRoom() {
  const gateway = { endpoint: '' };
  const transport = restTransport({ endpoint: () => gateway.endpoint });
  const store = memoryStore();
  // On a busy machine an answer can take longer than the default allows, and a retry would arrive twice.
  const broadcast = { timeoutMs: 60_000 };
  const app = createApp({ contract, store, transport, origins: 'any', broadcast });
  const reports: DeliveryReport[] = [];
  app.onConnect(({ join }) => join('room'));
  app.on('say', async ({ data, connection, to }) => {
    reports.push(sent(await to('room').except(connection).send('said', data)));
  });
  const emulator = await startEmulator({ routes: { '/ws': app.handler }, timeoutMs: 60_000 });
  gateway.endpoint = emulator.endpoint;
  cleanUps.push(emulator.stop, transport.close);
  return { emulator, store, reports };
}

async function connectMany(emulator: Emulator, count: number): Promise<TestClient[]> {
  const clients: TestClient[] = [];
  while (clients.length < count) {
    const batch = Array.from({ length: Math.min(100, count - clients.length) }, () =>
      emulator.connect('/ws'),
    );
    clients.push(...(await Promise.all(batch)));
  }
  return clients;
}

const sumOf = ({ delivered, stale, failed, skipped }: DeliveryReport): number =>
  delivered + stale + failed + skipped;

describe('a room of 2,000 sockets', () => {
  it('hears what one of them says, each exactly once, and the report adds up', async () => {
    const { emulator, reports } = await startRoom();
    const clients = await connectMany(emulator, 2000);
    const [speaker, ...listeners] = clients as [TestClient, ...TestClient[]];

    speaker.send({ type: 'say', data: { text: 'good morning' } });
    await emulator.idle();

    const heard = listeners.map((client) =>
      client.pending().map((frame) => JSON.parse(String(frame)) as unknown),
    );
    const [report] = reports as [DeliveryReport];
    expect(heard).toEqual(
      listeners.map(() => [{ type: 'said', data: { text: 'good morning' }, id: report.id, room: 'room' }]),
    );
    expect(speaker.pending()).toEqual([]);
    expect(report).toMatchObject({ recipients: 1999, delivered: 1999, complete: true });
    expect(sumOf(report)).toBe(report.recipients);
    const sends = emulator.timeline().filter(({ type }) => type === 'send');
    expect(sends.map(({ status }) => status)).toEqual(Array.from({ length: 1999 }, () => 200));
  });

  it('does not wait for those who have gone without a word, and forgets them', async () => {
    const { emulator, store, reports } = await startRoom();
    const clients = await connectMany(emulator, 200);
    const [speaker, ...listeners] = clients as [TestClient, ...TestClient[]];
    const unknownToGateway = { attributes: {}, connectedAt: Date.now(), expiresAt: Date.now() + 60_000 };
    for (let i = 0; i < 50; i++) {
      await store.put({ id: `lost${i}`, ...unknownToGateway });
      await store.join(`lost${i}`, 'room');
    }

    speaker.send({ type: 'say', data: { text: 'who is here?' } });
    await emulator.idle();

    expect(reports[0]).toMatchObject({ recipients: 249, delivered: 199, stale: 50, removed: 50, failed: 0 });
    expect(listeners.map((client) => client.received())).toEqual(listeners.map(() => 1));
    expect(await store.count({ room: 'room' })).toBe(200);
  });
});

describe('a send that goes wrong', () => {
  it.each([
    ['503 three times, then 200', { status: 503, times: 3 }, { delivered: 1, attempts: 4, retries: 3 }, 1],
    ['404', { status: 404 }, { delivered: 0, stale: 1, removed: 1, attempts: 1 }, 0],
    ['403', { status: 403 }, { delivered: 0, failed: 1, codes: { FORBIDDEN: 1 }, attempts: 1 }, 1],
  ])('with %s is reported as what it was', async (_how, fault, outcome, left) => {
    const { emulator, store, reports } = await startRoom();
    const [speaker, listener] = (await connectMany(emulator, 2)) as [TestClient, TestClient];
    emulator.faults.add({ on: 'send', connection: listener.id, ...fault });
    speaker.send({ type: 'say', data: { text: 'hello' } });
    await emulator.idle();
    expect(reports[0]).toMatchObject({ recipients: 1, ...outcome });
    expect(listener.received()).toBe(outcome.delivered);
    expect(await store.count({ room: 'room' })).toBe(1 + left);
  });
});
