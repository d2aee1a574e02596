/**
 * Whoever follows docs/protocol.md misses nothing: our client, and a small one that was written from the
 * page.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { connect, type RoomPosition } from 'yc-broadcast/client';
import { createApp, defineContract, type Broadcaster } from 'yc-broadcast';
import { startEmulator, type Emulator } from 'yc-broadcast/emulator';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { restTransport } from 'yc-broadcast/transports/rest';
import { WebSocket } from 'ws';
import * as z from 'zod';
import { smallClient } from '../support/small-client.js';
import { until } from '../support/until.js';

const contract = defineContract({
  client: { echo: { data: z.string(), reply: z.string() } },
  server: { said: z.object({ n: z.int(), padding: z.string() }) },
});

interface Events {
  onMessage(n: number): void;
  onLost(): void;
  onStop(code: unknown): void;
}

interface ProtocolClient {
  position(): RoomPosition | null;
  request(type: 'echo', data: string): Promise<unknown>;
  close(): void;
}

const clients: readonly [string, (url: string, events: Events) => ProtocolClient][] = [
  [
    'our client',
    (url, { onMessage, onLost, onStop }) => {
      const client = connect<typeof contract>({ url, WebSocket, random: () => 0.05 });
      const room = client.join('lobby');
      client.on('said', ({ n }) => {
        onMessage(n);
      });
      room.onRecovery(({ recovered }) => {
        if (!recovered) onLost();
      });
      room.onRefused(({ code }) => {
        onStop(code);
      });
      client.onState((change) => {
        if (change.state === 'closed') onStop(change.code);
      });
      return { position: () => room.position, request: client.request, close: client.close };
    },
  ],
  [
    'the small client',
    (url, { onMessage, ...events }) =>
      smallClient({
        url,
        room: 'lobby',
        WebSocket,
        ...events,
        onMessage(_type, data) {
          onMessage((data as { n: number }).n);
        },
      }),
  ],
];

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe.each(clients)('%s', (_name, open) => {
  let emulator: Emulator;
  let broadcaster: Broadcaster<typeof contract>;
  let closeTransport: () => Promise<void>;
  let client: ProtocolClient;
  let heard: number[];
  let losses: number;
  let stops: unknown[];
  /** Whether what is sent gets lost on the way. */
  let isLossy: boolean;
  let mayJoin: boolean;

  beforeEach(async () => {
    [heard, losses, stops, isLossy, mayJoin] = [[], 0, [], false, true];
    const access = { endpoint: '' };
    const rest = restTransport({ endpoint: () => access.endpoint });
    closeTransport = rest.close;
    const app = createApp({
      contract,
      store: memoryStore(),
      transport: {
        ...rest,
        send: (...request) => (isLossy ? Promise.resolve() : rest.send(...request)),
      },
      origins: 'any',
      rooms: { join: () => mayJoin, history: { maxEntries: 300, maxAgeMs: 3_600_000 } },
      broadcast: { timeoutMs: 60_000 },
    });
    app.on('echo', ({ data }) => data);
    ({ broadcaster } = app);
    emulator = await startEmulator({ routes: { '/ws': app.handler }, timeoutMs: 60_000 });
    access.endpoint = emulator.endpoint;
    client = open(emulator.wsUrl('/ws'), {
      onMessage: (n) => heard.push(n),
      onLost: () => losses++,
      onStop: (code) => stops.push(code),
    });
    await until(() => client.position() !== null);
  });

  afterEach(async () => {
    client.close();
    await emulator.stop();
    await closeTransport();
  });

  async function say(from: number, to: number, size = 0): Promise<void> {
    for (let n = from; n <= to; n++)
      await broadcaster.to('lobby').send('said', { n, padding: 'x'.repeat(size) });
  }

  /** Closes its connection; it is back when there is another one. */
  async function cut(): Promise<void> {
    const [id = ''] = emulator.connections();
    await broadcaster.transport.disconnect(id, { timeoutMs: 60_000 });
  }

  it('gets answers and hears a room in order', async () => {
    await say(1, 5);
    expect(await client.request('echo', 'hi')).toBe('hi');
    await until(() => heard.length >= 5);
    expect(heard).toEqual(upTo(5));
  });

  it('is told why a message is refused', async () => {
    await expect(client.request('nonsense' as 'echo', 'hi')).rejects.toMatchObject({ code: 'UNKNOWN_TYPE' });
  });

  it('comes back with all that it missed, in several answers if need be', async () => {
    await say(1, 2);
    await until(() => heard.length >= 2);
    await cut();
    await say(3, 250, 1000);
    await until(() => heard.length >= 250);
    expect(heard).toEqual(upTo(250));
    expect(losses).toBe(0);
  });

  it('says so when the history is shorter than what it missed', async () => {
    await say(1, 1);
    await until(() => heard.length >= 1);
    const { sockets } = await sleepThrough(2, 400);
    await until(() => losses > 0);
    await say(401, 401);
    await until(() => heard.at(-1) === 401);
    expect(heard).toEqual([1, 401]);
    expect(sockets).toBe(0);
  });

  it('fetches what did not arrive', async () => {
    await say(1, 1);
    isLossy = true;
    await say(2, 3);
    isLossy = false;
    await say(4, 4);
    await until(() => heard.length >= 4);
    expect(heard).toEqual(upTo(4));
    expect(losses).toBe(0);
  });

  it('hears what is sent to a part of the room, and a copy of it once', async () => {
    const message = { n: 1, padding: '' };
    const others = broadcaster.to('lobby').except('nobody');
    for (let copies = 0; copies < 2; copies++) await others.send('said', message, { idempotencyKey: 'k' });
    await say(2, 2);
    await until(() => heard.length >= 2);
    expect(heard).toEqual([1, 2]);
  });

  it('gives a room up that it may not come back to', async () => {
    mayJoin = false;
    await cut();
    await until(() => stops.length > 0);
    expect(stops).toEqual(['FORBIDDEN']);
  });

  it('stays away when it is told to', async () => {
    await broadcaster.to('lobby').disconnect({ code: 4403, reason: 'removed' });
    await until(() => stops.length > 0);
    await setTimeout(200);
    expect(stops).toEqual([4403]);
    expect(emulator.connections()).toEqual([]);
  });

  it('comes back when it is told to', async () => {
    const before = emulator.connections();
    await broadcaster.to('lobby').disconnect({ code: 4503, reason: 'restarts', reconnect: true });
    await until(() => emulator.connections().some((id) => !before.includes(id)));
    await say(1, 3);
    await until(() => heard.length >= 3);
    expect(heard).toEqual(upTo(3));
    expect(stops).toEqual([]);
  });

  /** Everything in this range is said while nobody can connect. */
  async function sleepThrough(from: number, to: number): Promise<{ sockets: number }> {
    emulator.faults.add({ on: 'connect', status: 503 });
    await cut();
    await say(from, to);
    const sockets = emulator.connections().length;
    emulator.faults.clear();
    return { sockets };
  }
});

it('takes sixty lines to be a client', () => {
  const code = readFileSync(new URL('../support/small-client.js', import.meta.url), 'utf8');
  const lines = code.split('\n').filter((line) => !/^\s*($|\/\*|\*|\/\/)/.test(line));
  expect(lines.length).toBeLessThanOrEqual(60);
});
