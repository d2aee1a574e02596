/**
 * What a client receives, mutated: nothing throws out of it, and it neither spins nor stays `open` without a socket.
 * More of it: `YC_BROADCAST_FUZZ_FRAMES=1000000 npx jest test/client/fuzz`.
 */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { watchPresence } from 'yc-broadcast/client/presence';
import { openWorld } from '../support/client-world.js';
import { createFakeRooms } from '../support/fake-rooms.js';

const FRAMES = Number(process.env.YC_BROADCAST_FUZZ_FRAMES ?? 3000);

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

/** The same numbers in every run, from a seed. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const JUNK: readonly unknown[] = [
  null,
  undefined,
  0,
  -1,
  1.5,
  1e308,
  true,
  '',
  'x',
  '__proto__',
  [],
  [null],
  {},
  { error: null },
  { length: 3 },
];

/** Puts junk in the place of one value, somewhere in it. */
function mutate(value: unknown, random: () => number): unknown {
  if (typeof value !== 'object' || value === null || random() < 0.2)
    return JUNK[Math.floor(random() * JUNK.length)];
  const entries = Object.entries(value as Record<string, unknown>);
  const at = Math.floor(random() * entries.length);
  const changed = entries.map(
    ([key, one], index) => [key, index === at ? mutate(one, random) : one] as const,
  );
  if (Array.isArray(value)) return changed.map(([, one]) => one);
  const object: unknown = Object.fromEntries(changed);
  return object;
}

const isForGood = (text: string): boolean =>
  text.includes('"reconnect":false') ||
  /UNSUPPORTED_VERSION|UNKNOWN_TYPE|UNAUTHENTICATED|FORBIDDEN/.test(text);

it('never throws, stays connected or comes back', async () => {
  const random = createRandom(1);
  const { client, server, clock } = await openWorld({ random }, createFakeRooms);
  const { answer } = server;
  server.answer = (message, socket) => {
    const { say } = socket;
    const mutated = (frame: unknown): void => {
      const next = random() < 0.3 ? mutate(frame, random) : frame;
      if (!isForGood(JSON.stringify(next ?? null))) say(next);
    };
    answer(message, {
      ...socket,
      say: mutated,
      reply: (to, data) => {
        mutated({ type: 'reply', replyTo: to?.id, data });
      },
    });
  };
  client.onError(() => undefined);
  const presence = watchPresence(client.join('lobby'), { clock });
  presence.onChange(() => undefined);
  let heard = 0;
  client.on('said', () => heard++);
  client.join('__proto__').on('said', () => undefined);
  await clock.advance(1000);
  const users = [{ user: 'anna' }, { user: 'ben', data: { name: 'Ben' } }];
  const numbered = { type: 'said', data: 1, id: 'a', room: 'lobby', epoch: 'epoch1', offset: 1 };
  const frames: readonly unknown[] = [
    numbered,
    { type: 'said', data: 1, id: 'b' },
    { type: 'error', error: { code: 'INTERNAL', message: 'no' } },
    { type: 'error', replyTo: 'x', error: { code: 'INTERNAL', message: 'no', path: ['data'] } },
    { type: 'reply', replyTo: 'x', data: {} },
    { type: '$presence', data: { room: 'lobby', count: 2, at: 1, users, joined: users, left: ['c'] } },
    { type: '$bye', data: { code: 4503, reason: 'restarts', reconnect: true, afterMs: 10 } },
  ];
  for (let n = 0; n < FRAMES; n++) {
    // A farewell ends the socket, and what comes after it is not heard.
    const kinds = random() < 0.02 ? frames.length : frames.length - 1;
    const frame = mutate(frames[Math.floor(random() * kinds)], random);
    if (frame !== undefined && !isForGood(JSON.stringify(frame))) server.socket.say(frame);
    if (n % 10 === 0) {
      client.retryNow();
      await clock.advance(300);
    }
    if (n % 200 === 0)
      void client.request('say', { room: 'lobby' }, { timeoutMs: 10 }).catch(() => undefined);
    if (client.state === 'open' && n % 50 === 0)
      expect(server.sockets.some(({ isClosed }) => !isClosed)).toBe(true);
  }
  server.answer = answer;
  await clock.advance(2 * 3_600_000);
  expect(uncaught).toEqual([]);
  expect(client.state).toBe('open');
  expect(server.socket.isClosed).toBe(false);
  expect(server.sockets.length).toBeLessThan(FRAMES);
  expect(heard).toBeGreaterThan(0);
}, 600_000);
