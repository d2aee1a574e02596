/**
 * What a client receives, mutated: nothing throws out of it, it neither spins nor stays `open` without a
 * socket, and with a server that is right again it is right again. More of it:
 * `YC_BROADCAST_FUZZ_FRAMES=1000000 npx jest test/client/fuzz`.
 */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Room } from 'yc-broadcast/client';
import { watchPresence } from 'yc-broadcast/client/presence';
import { openWorld, type ClientWorld } from '../support/client-world.js';
import { createFakeRooms, type FakeRooms } from '../support/fake-rooms.js';
import type { FakeSocket } from '../support/fake-server.js';
import { createFrameMutator } from '../support/mutate-frame.js';
import { createRandom } from '../support/random.js';

const FRAMES = Number(process.env.YC_BROADCAST_FUZZ_FRAMES ?? 6000);
/** Then the server is right for a while. */
const FRAMES_OF_A_ROUND = 2000;
const ROOMS = ['lobby', '__proto__', 'hall'];

const uncaught: unknown[] = [];
const catchIt = (error: unknown): void => {
  uncaught.push(error);
};
beforeEach(() => {
  process.on('uncaughtException', catchIt).on('unhandledRejection', catchIt);
});
afterEach(() => {
  process.off('uncaughtException', catchIt).off('unhandledRejection', catchIt);
});

const FATAL = ['UNSUPPORTED_VERSION', 'UNKNOWN_TYPE', 'UNAUTHENTICATED', 'FORBIDDEN'];

/** What ends a client for good, and rightly. */
function isForGood(frame: unknown): boolean {
  const { type, data, error } = (frame ?? {}) as {
    readonly type?: unknown;
    readonly data?: { readonly reconnect?: unknown } | null;
    readonly error?: { readonly code?: unknown } | null;
  };
  const code = error?.code;
  return (type === '$bye' && data?.reconnect === false) || (typeof code === 'string' && FATAL.includes(code));
}

/**
 * How often each state was reached that only a connection in use has: a fuzz that never gets there proves
 * nothing.
 */
interface Reached {
  welcomes: number;
  replacements: number;
  messages: number;
  recoveries: number;
  losses: number;
  refusals: number;
  presences: number;
  answers: number;
}

interface FuzzWorld extends ClientWorld {
  readonly rooms: FakeRooms;
  readonly random: () => number;
  readonly reached: Reached;
  /** The client's rooms of the moment. */
  readonly room: Map<string, Room>;
  /** Whether what the server says is mutated. */
  setHostile(isHostile: boolean): void;
  /** A frame of the test's own, mutated. */
  say(frame: unknown): void;
}

async function openFuzzWorld(seed: number): Promise<FuzzWorld> {
  const random = createRandom(seed);
  const { mutate, textOf } = createFrameMutator(random);
  let isHostile = false;
  const through = new WeakMap<FakeSocket, FakeSocket>();

  function speak(socket: FakeSocket, frame: unknown): void {
    if (!isForGood(frame)) socket.sayRaw(isHostile ? textOf(frame) : JSON.stringify(frame));
  }

  /** A socket whose frames are mutated sometimes. */
  function mutating(socket: FakeSocket): FakeSocket {
    const say = (frame: unknown): void => {
      speak(socket, isHostile && random() < 0.3 ? mutate(frame) : frame);
    };
    const own: FakeSocket = {
      ...socket,
      get isClosed() {
        return socket.isClosed;
      },
      say,
      reply(to, data) {
        say({ type: 'reply', replyTo: to?.id, data });
      },
    };
    through.set(socket, own);
    return own;
  }

  let rooms: FakeRooms | undefined;
  const world = await openWorld({ random, maxDelayMs: 2000 }, (server) => {
    rooms = createFakeRooms(server);
    rooms.chunk = 3;
    server.welcome = { lifetimeMs: 20_000, keepAliveMs: 10_000 };
    const { answer } = server;
    const position = { epoch: 'epoch1', offset: 1 };
    server.answer = (message, socket) => {
      const { type } = message;
      if (type === 'say') socket.reply(message, { delivered: 1 });
      else if (type === '$presence') socket.reply(message, { count: 1, position, users: [{ user: 'anna' }] });
      else answer(message, through.get(socket) ?? mutating(socket));
    };
  });
  const { client, server } = world;
  if (rooms === undefined) throw new Error('no rooms');
  const reached = {
    welcomes: 0,
    replacements: 0,
    messages: 0,
    recoveries: 0,
    losses: 0,
    refusals: 0,
    presences: 0,
    answers: 0,
  };
  client.onConnection(({ isReplacement }) => (isReplacement ? reached.replacements++ : reached.welcomes++));
  client.onError(() => undefined);
  const fuzz: FuzzWorld = {
    ...world,
    rooms,
    random,
    reached,
    room: new Map(),
    setHostile(next) {
      isHostile = next;
    },
    say(frame) {
      const open = server.sockets.slice(-3).filter(({ isClosed }) => !isClosed);
      const socket = open[Math.floor(random() * open.length)];
      if (socket !== undefined) speak(socket, mutate(frame));
    },
  };
  for (const name of ROOMS) enter(fuzz, name);
  await world.clock.advance(1000);
  return fuzz;
}

/** Joins again when it was refused. */
function enter(fuzz: FuzzWorld, name: string): void {
  const { reached, clock } = fuzz;
  const room = fuzz.client.join(name);
  fuzz.room.set(name, room);
  room.on('said', () => reached.messages++);
  room.onRecovery(({ recovered }) => (recovered ? reached.recoveries++ : reached.losses++));
  const presence = watchPresence(room, { clock, leaveAfterMs: 500 });
  presence.onChange(() => reached.presences++);
  room.onRefused(() => {
    reached.refusals++;
    presence.stop();
    room.leave();
    clock.after(100, () => {
      enter(fuzz, name);
    });
  });
}

/** Things that a server may say at any time. */
const NEXT = { epoch: 'epoch1', offset: 1 };
const USERS = [{ user: 'anna' }, { user: 'ben', data: { name: 'Ben' } }];
const FRAMES_OF_A_SERVER: readonly unknown[] = [
  { type: 'said', data: 1, id: 'a', room: 'lobby', epoch: 'epoch1', offset: 1 },
  { type: 'said', data: 1, id: 'b' },
  { type: 'said', data: { n: 1 }, id: 'c', room: 'hall' },
  { type: 'error', error: { code: 'INTERNAL', message: 'no' } },
  { type: 'error', replyTo: 'x', error: { code: 'INTERNAL', message: 'no', path: ['data'] } },
  { type: 'reply', replyTo: 'x', data: {} },
  {
    type: '$presence',
    data: { room: 'lobby', count: 2, position: NEXT, users: USERS, joined: USERS, left: ['c'] },
  },
  { type: '$bye', data: { code: 4503, reason: 'restarts', reconnect: true, afterMs: 10 } },
];

/** One step of a server that does what servers do, beside the mutations. */
function step({ server, rooms, random, say, client, reached }: FuzzWorld): void {
  const kind = random();
  const name = ROOMS[Math.floor(random() * ROOMS.length)] ?? '';
  if (kind < 0.1) rooms.say(name, 1, () => random() < 0.2);
  else if (kind < 0.103) rooms.forget(name);
  else if (kind < 0.11) rooms.trim(name, 1);
  else if (kind < 0.113) server.socket.end(random() < 0.5 ? 1006 : 4503);
  else if (kind < 0.115) {
    rooms.closed.add(name);
    server.socket.end();
  } else if (kind < 0.13) rooms.closed.clear();
  else if (kind < 0.14) {
    const asked = client.request('say', { room: name }, { timeoutMs: 1000 });
    void asked.then(() => reached.answers++).catch(() => undefined);
  } else {
    // A farewell ends the socket, and what comes after it is not heard.
    const kinds = FRAMES_OF_A_SERVER.length - (random() < 0.02 ? 0 : 1);
    say(FRAMES_OF_A_SERVER[Math.floor(random() * kinds)]);
  }
}

/** The server is right again, and has lost its histories: the client hears all rooms again. */
async function expectToBeRight({ client, server, clock, rooms, room }: FuzzWorld): Promise<void> {
  rooms.closed.clear();
  for (const name of ROOMS) rooms.forget(name);
  await clock.advance(200);
  client.retryNow();
  await clock.advance(60_000);
  server.socket.end();
  await clock.advance(60_000);
  expect(client.state).toBe('open');
  await expect(client.request('say', { room: 'lobby' })).resolves.toEqual({ delivered: 1 });
  const heard = new Set<string>();
  const stops = ROOMS.map((name) => room.get(name)?.on('said', () => heard.add(name)));
  for (const name of ROOMS) rooms.say(name, 'right');
  await clock.advance(1000);
  for (const stop of stops) stop?.();
  expect([...heard].sort()).toEqual([...ROOMS].sort());
  expect(uncaught).toEqual([]);
  // Nothing piles up.
  expect(clock.timers).toBeLessThan(100);
}

it('never throws, stays connected or comes back, and is right when the server is', async () => {
  const world = await openFuzzWorld(1);
  const { client, server, clock, reached } = world;
  for (let n = 0; n < FRAMES; n++) {
    if (n % FRAMES_OF_A_ROUND === 0) {
      world.setHostile(false);
      await expectToBeRight(world);
      world.setHostile(true);
    }
    step(world);
    if (client.state === 'open')
      expect(server.sockets.slice(-20).some(({ isClosed }) => !isClosed)).toBe(true);
    if (n % 10 === 0) {
      if (n % 200 === 0) client.retryNow();
      await clock.advance(300);
    }
  }
  world.setHostile(false);
  await expectToBeRight(world);
  const sent = server.sockets.reduce((sum, socket) => sum + socket.sent.length, 0);
  expect(sent).toBeLessThan(20 * FRAMES);
  expect(server.sockets.length).toBeLessThan(FRAMES);
  if (FRAMES >= 6000) expect(Object.entries(reached).filter(([, times]) => times < 3)).toEqual([]);
}, 3_600_000);
