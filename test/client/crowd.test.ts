/** 2,000 clients that lose their connections, or grow old, in the same instant. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, type Client } from 'yc-broadcast/client';
import { createFakeClock, type FakeClock } from '../support/fake-clock.js';
import { createFakeRooms, type FakeRooms } from '../support/fake-rooms.js';
import { createFakeServer, type FakeServer } from '../support/fake-server.js';
import { createRandom } from '../support/random.js';

const CLIENTS = 2000;

let clock: FakeClock;
let server: FakeServer;
let rooms: FakeRooms;
let clients: Client[];
let heard: unknown[][];

beforeEach(async () => {
  clock = createFakeClock();
  server = createFakeServer();
  rooms = createFakeRooms(server);
  const random = createRandom(1);
  heard = [];
  clients = Array.from({ length: CLIENTS }, (_, index) => {
    const client = connect({ url: 'wss://gateway.example/ws', WebSocket: server.WebSocket, clock, random });
    const own: unknown[] = [];
    heard[index] = own;
    client.join('lobby').on('said', (data) => own.push(data));
    return client;
  });
  await clock.advance(14_000);
});

afterEach(() => {
  for (const client of clients) client.close();
});

function dropAll(): void {
  for (const socket of server.sockets) if (!socket.isClosed) socket.end(1006);
}

/** How many sockets are opened in each step of time from now. */
async function arrivals(steps: number, stepMs: number): Promise<number[]> {
  const counts: number[] = [];
  for (let step = 0; step < steps; step++) {
    const before = server.sockets.length;
    await clock.advance(stepMs);
    counts.push(server.sockets.length - before);
  }
  return counts;
}

const isOpen = ({ state }: Client): boolean => state === 'open';
const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

describe('a crowd', () => {
  it('that is dropped comes back evenly over the first second, and has missed nothing', async () => {
    rooms.say('lobby', 'before');
    dropAll();
    rooms.say('lobby', 'meanwhile');
    const counts = await arrivals(10, 100);
    expect(sum(counts)).toBe(CLIENTS);
    // 200 each, give or take five standard deviations.
    expect(Math.min(...counts)).toBeGreaterThan(130);
    expect(Math.max(...counts)).toBeLessThan(270);
    expect(clients.every(isOpen)).toBe(true);
    for (const own of heard) expect(own).toEqual(['before', 'meanwhile']);
  });

  it('that is dropped by a server which takes 100 in a second is back within a minute, all of it', async () => {
    const { answer } = server;
    const taken = new Map<number, number>();
    server.answer = (message, socket) => {
      const second = Math.floor(clock.now() / 1000);
      const before = taken.get(second) ?? 0;
      if (message.type === '$hello') taken.set(second, before + 1);
      if (message.type === '$hello' && before >= 100) socket.end(1006);
      else answer(message, socket);
    };
    dropAll();
    rooms.say('lobby', 'meanwhile');
    const perSecond = await arrivals(60, 1000);
    expect(clients.every(isOpen)).toBe(true);
    for (const own of heard) expect(own).toEqual(['meanwhile']);
    // Whoever was refused waits longer: the second wave is a fraction of the first, and it dies away.
    expect(perSecond[0]).toBeGreaterThanOrEqual(CLIENTS);
    expect(Math.max(...perSecond.slice(4))).toBeLessThan(CLIENTS / 3);
    expect(sum(perSecond)).toBeLessThan(6 * CLIENTS);
  });

  it('that came together does not change connections together', async () => {
    server.welcome.lifetimeMs = 100_000;
    dropAll();
    await clock.advance(85_000);
    expect(server.sockets).toHaveLength(2 * CLIENTS);
    const perSecond = await arrivals(11, 1000);
    expect(sum(perSecond)).toBe(CLIENTS);
    // Over a tenth of the lifetime: 200 each, give or take five standard deviations; less in the second of
    // their return.
    expect(Math.max(...perSecond)).toBeLessThan(270);
    expect(Math.min(...perSecond.slice(1, 10))).toBeGreaterThan(130);
  });
});
