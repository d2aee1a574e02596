/**
 * A crowd of real clients whose sockets are reset in the same instant, behind the local gateway, with the
 * real server.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createApp, defineContract, type App } from 'yc-broadcast';
import { connect, type Client } from 'yc-broadcast/client';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { restTransport } from 'yc-broadcast/transports/rest';
import { WebSocket } from 'ws';
import * as z from 'zod';
import { dropSockets } from '../support/drop-sockets.js';
import { until } from '../support/until.js';

/** Another number, and the figures: `YC_BROADCAST_CROWD=500`. */
const CLIENTS = Number(process.env['YC_BROADCAST_CROWD'] ?? 2000);
const MISSED = 10;
/** The same for all, however long their connections have held: how long opening them took must not matter. */
const SPREAD_MS = 2000;
const PATIENCE_MS = 30_000 + CLIENTS * 30;

const contract = defineContract({ client: {}, server: { said: z.int() } });
const access = { endpoint: '' };
const transport = restTransport({ endpoint: () => access.endpoint });
const heard: number[][] = [];
/** When each socket was opened. */
let opened: number[] = [];
/** How long each client waits before its first attempt after the drop, in milliseconds. */
const delays = new Map<number, number>();
let app: App<typeof contract>;
let emulator: Emulator;
let clients: Client<typeof contract>[];

beforeAll(async () => {
  app = createApp({
    contract,
    store: memoryStore(),
    transport,
    origins: 'any',
    rooms: { join: true, history: { maxEntries: 100, maxAgeMs: 3_600_000 } },
    broadcast: { timeoutMs: 60_000 },
  });
  emulator = await startEmulator({ routes: { '/ws': app.handler }, timeoutMs: 60_000 });
  access.endpoint = emulator.endpoint;
  clients = Array.from({ length: CLIENTS }, (_, index) => open(index));
  await until(() => clients.every(isOpen), { patienceMs: PATIENCE_MS });
}, 2 * PATIENCE_MS);

afterAll(async () => {
  for (const client of clients) client.close();
  await emulator.stop();
  await transport.close();
}, PATIENCE_MS);

function open(index: number): Client<typeof contract> {
  const client = connect<typeof contract>({
    url: emulator.wsUrl('/ws'),
    WebSocket: Recorded,
    minDelayMs: SPREAD_MS,
    maxDelayMs: SPREAD_MS,
  });
  const own: number[] = (heard[index] = []);
  client.join('lobby').on('said', (n) => own.push(n));
  client.onState((change) => {
    const isWaiting = change.state === 'connecting' && change.retryAt !== undefined;
    if (isWaiting && !delays.has(index)) delays.set(index, change.retryAt - Date.now());
  });
  return client;
}

class Recorded extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols);
    opened.push(performance.now());
  }
}

const isOpen = ({ state }: Client<typeof contract>): boolean => state === 'open';

it(
  `of ${CLIENTS} comes back spread over two seconds, and all of it has missed nothing`,
  async () => {
    opened = [];
    delays.clear();
    const droppedAt = performance.now();
    await dropSockets(emulator, ['all']);
    for (let n = 1; n <= MISSED; n++) await app.broadcaster.to('lobby').send('said', n);
    await until(() => heard.every((own) => own.length === MISSED), { patienceMs: PATIENCE_MS });
    const backAfterMs = performance.now() - droppedAt;
    await app.broadcaster.to('lobby').send('said', MISSED + 1);
    await until(() => heard.every((own) => own.length > MISSED), { patienceMs: PATIENCE_MS });
    for (const own of heard) expect(own).toEqual(Array.from({ length: MISSED + 1 }, (_, index) => index + 1));

    const share = (fromMs: number): number =>
      [...delays.values()].filter((ms) => ms >= fromMs && ms < fromMs + 500).length / CLIENTS;
    const quarters = [0, 500, 1000, 1500].map(share);
    if (process.env['YC_BROADCAST_CROWD'] !== undefined) {
      const lastMs = Math.max(...opened) - droppedAt;
      console.info({ clients: CLIENTS, attempts: opened.length, lastMs, backAfterMs, quarters });
    }
    // Five standard deviations.
    const slack = 5 * Math.sqrt((0.25 * 0.75) / CLIENTS);
    for (const quarter of quarters) expect(Math.abs(quarter - 0.25)).toBeLessThan(slack);
  },
  4 * PATIENCE_MS,
);
