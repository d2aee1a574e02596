/** Many messages at once: no more under way than the gateway takes, and those to one room in their order. */
import { describe, expect, it } from '@jest/globals';
import type { RequestError } from 'yc-broadcast/client';
import { openWorld, type ClientWorld } from '../support/client-world.js';
import type { SentMessage } from '../support/fake-server.js';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error: unknown) => (error as RequestError).code,
  );

/** A server that answers no message of the application by itself, and one that runs `most` calls at once. */
async function openBusyWorld(most = Infinity): Promise<ClientWorld & { readonly calls: SentMessage[] }> {
  const calls: SentMessage[] = [];
  const world = await openWorld({}, (server) => {
    const { answer } = server;
    server.answer = (message, socket) => {
      if (message.type.startsWith('$')) answer(message, socket);
      else if (calls.length < most) calls.push(message);
    };
  });
  return { ...world, calls };
}

describe('many requests at once', () => {
  it('are all answered by a gateway that takes 10 at once', async () => {
    const { client, clock, server, calls } = await openBusyWorld(10);
    const asked = numbers(40).map((n) => codeOf(client.request('ask', { n })));
    let most = 0;
    for (let turns = 0; turns < 40; turns++) {
      await clock.advance(10);
      most = Math.max(most, calls.length);
      const call = calls.shift();
      server.socket.reply(call, (call?.data as { n: number }).n);
    }
    expect(await Promise.all(asked)).toEqual(numbers(40));
    expect(most).toBe(8);
    expect(client.queued).toBe(0);
  });

  it('are fewer after refusals, and more again after answers', async () => {
    const { client, clock, server, calls } = await openBusyWorld();
    for (const n of numbers(200)) void codeOf(client.request('ask', { n }));
    await clock.advance(0);
    for (const call of calls.splice(0, 3)) server.socket.refuse(call, 'RATE_LIMITED');
    for (const call of calls.splice(0)) server.socket.reply(call);
    await clock.advance(0);
    expect(calls.length).toBeLessThan(4);
    for (let turns = 0; turns < 15; turns++) {
      for (const call of calls.splice(0)) server.socket.reply(call);
      await clock.advance(0);
    }
    expect(calls).toHaveLength(8);
  });

  it('are fewer after messages that nobody answered', async () => {
    const { client, clock, calls } = await openBusyWorld();
    for (const n of numbers(20))
      void codeOf(client.request('ask', { n }, { timeoutMs: n < 8 ? 1000 : 5000 }));
    await clock.advance(0);
    calls.splice(0);
    await clock.advance(1000);
    expect(calls).toHaveLength(1);
  });

  it('are bounded in number', async () => {
    const { client, clock, calls } = await openBusyWorld();
    const all = numbers(1010).map((n) => codeOf(client.request('ask', { n })));
    expect(client.queued).toBe(1000);
    await clock.advance(30_000);
    const codes = await Promise.all(all);
    expect(codes.filter((code) => code === 'QUEUE_FULL')).toHaveLength(2);
    expect(calls.length).toBeGreaterThan(8);
  });

  it('do not keep a sign of life waiting', async () => {
    const { client, clock, sent } = await openBusyWorld();
    for (const n of numbers(20)) void codeOf(client.request('ask', { n }, { timeoutMs: 900_000 }));
    await clock.advance(540_000);
    expect(sent('$ping')).toHaveLength(1);
    expect(client.state).toBe('open');
  });

  it('do not keep joins waiting that fit, and joins wait for each other as well', async () => {
    const { client, clock, sent } = await openBusyWorld();
    const pages = numbers(40).map((n) => client.join(`room ${n}`));
    expect(sent('$join').length).toBeLessThanOrEqual(8);
    expect(client.queued).toBe(0);
    await clock.advance(0);
    expect(pages).toHaveLength(40);
  });
});

describe('messages to one room', () => {
  it('keep their order: each waits for the answer to the one before it', async () => {
    const { client, clock, server, sent, calls } = await openBusyWorld();
    for (const n of numbers(3)) client.send('say', { room: 'a', n });
    client.send('say', { room: 'b', n: 0 });
    client.send('edit', { room: 'b', n: 1 });
    client.send('other', { n: 0 });
    await clock.advance(0);
    const seen = (): unknown[] =>
      sent().map(({ data }) => `${String((data as { room?: string }).room)}${(data as { n: number }).n}`);
    expect(seen()).toEqual(['a0', 'b0', 'undefined0']);
    server.socket.refuse(calls[1], 'FORBIDDEN');
    server.socket.reply(calls[0]);
    await clock.advance(0);
    expect(seen()).toEqual(['a0', 'b0', 'undefined0', 'b1', 'a1']);
  });

  it('go at once where the page wants no order, and keep one that it names', async () => {
    const { client, clock, sent } = await openBusyWorld();
    for (const n of numbers(3)) client.send('say', { room: 'a', n }, { order: false });
    client.send('draw', 1, { order: 'canvas' });
    client.send('draw', 2, { order: 'canvas' });
    await clock.advance(0);
    expect(sent().map(({ type }) => type)).toEqual(['say', 'say', 'say', 'draw']);
  });
});

describe('one id', () => {
  it('asked twice is sent once, and both get the answer', async () => {
    const { client, clock, server, calls } = await openBusyWorld();
    const [one, two] = [1, 2].map(() => client.request('ask', undefined, { id: 'the-same' }));
    await clock.advance(0);
    expect(calls).toHaveLength(1);
    server.socket.reply(calls[0], 'answer');
    expect(await Promise.all([one, two])).toEqual(['answer', 'answer']);
  });
});

describe('data that JSON cannot express', () => {
  it('is refused with the name of the message', async () => {
    const { client, clock, errors } = await openBusyWorld();
    client.send('say', 1n);
    await clock.advance(0);
    expect(errors).toEqual(['INVALID_MESSAGE']);
    const loop: Record<string, unknown> = {};
    loop.loop = loop;
    await expect(client.request('say', loop)).rejects.toMatchObject({
      name: 'RequestError',
      path: ['data'],
    });
    expect(await codeOf(client.request('say', 1, { timeoutMs: Number.NaN }))).toBe('INVALID_OPTIONS');
  });
});
