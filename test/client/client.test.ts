/** Messages, states and coming back, against a server that does what the test says. */
import { describe, expect, it } from '@jest/globals';
import { connect, RequestError } from 'yc-broadcast/client';
import { createWorld, openWorld } from '../support/client-world.js';
import { answerByDefault } from '../support/fake-server.js';

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (error instanceof RequestError ? error.code : error),
  );

describe('a client', () => {
  it('says hello first, and is open when it is welcomed', async () => {
    const { client, server, states } = await openWorld({}, (server) => {
      server.welcome.user = 'anna';
    });
    expect(server.socket.sent).toEqual([
      { type: '$hello', id: expect.any(String), data: { v: 1, rooms: {} } },
    ]);
    expect(states.map(({ state }) => state)).toEqual(['open']);
    expect(client.state).toBe('open');
    expect(client.user).toBe('anna');
  });

  it('sends nothing before the welcome, and everything after it, in order', async () => {
    const { client, server, clock, sent } = createWorld({}, (server) => {
      server.isUp = false;
    });
    client.send('first', { n: 1 });
    client.send('second');
    expect(client.queued).toBe(2);
    await clock.advance(100);
    server.socket.open();
    expect(sent()).toEqual([]);
    await clock.advance(100);
    expect(sent().map(({ type, data }) => ({ type, data }))).toEqual([
      { type: 'first', data: { n: 1 } },
      { type: 'second', data: undefined },
    ]);
    expect(client.queued).toBe(0);
  });

  it('resolves a request with the reply to it, and to no other', async () => {
    const { client, server, clock, sent } = await openWorld();
    const one = client.request('one');
    const two = client.request('two');
    await clock.advance(0);
    server.socket.reply(sent('two')[0], 'second');
    server.socket.reply(sent('one')[0], 'first');
    await expect(one).resolves.toBe('first');
    await expect(two).resolves.toBe('second');
  });

  it('gives no id twice, to none of its clients', async () => {
    const ids: string[] = [];
    for (let clients = 0; clients < 2; clients++) {
      const { client, clock, server } = await openWorld({}, (server) => {
        server.answer = (message, socket) => {
          if (message.type === 'tick') socket.reply(message);
          else answerByDefault(server, message, socket);
        };
      });
      for (let i = 0; i < 50; i++) client.send('tick');
      await clock.advance(0);
      ids.push(...server.socket.sent.map(({ id }) => id));
    }
    expect(new Set(ids).size).toBe(102);
    for (const id of ids) expect(id).toMatch(/^\d{16,}\.\d+$/);
  });

  it('rejects with the code, the sentence and the path of the server', async () => {
    const { client, server, clock, sent } = await openWorld();
    const asked = client.request('say');
    await clock.advance(0);
    const error = { code: 'ROOM_FULL', message: 'come back later', path: ['data', 'room'] };
    server.socket.say({ type: 'error', replyTo: sent()[0]?.id, error });
    await expect(asked).rejects.toMatchObject({
      name: 'RequestError',
      code: 'ROOM_FULL',
      message: 'ROOM_FULL: come back later',
      path: ['data', 'room'],
    });
  });

  it('tells what went out and got no answer from what never left', async () => {
    const { client, server, clock } = await openWorld();
    const out = codeOf(client.request('out', undefined, { timeoutMs: 5000 }));
    await clock.advance(5000);
    expect(await out).toBe('NO_ANSWER');
    server.isUp = false;
    server.socket.end();
    const kept = codeOf(client.request('kept', undefined, { timeoutMs: 5000 }));
    await clock.advance(5000);
    expect(await kept).toBe('NOT_SENT');
    expect(client.queued).toBe(0);
  });

  it('fails what was out when the connection breaks, and keeps what may come twice', async () => {
    const { client, server, clock, sent } = await openWorld({ resend: ['once'] });
    const say = codeOf(client.request('say'));
    const once = client.request('once', 7);
    await clock.advance(0);
    const [first] = sent('once');
    server.socket.end();
    expect(await say).toBe('NO_ANSWER');
    await clock.advance(1000);
    expect(server.sockets).toHaveLength(2);
    expect(sent()).toEqual([first]);
    server.socket.reply(first, 'done');
    await expect(once).resolves.toBe('done');
  });

  it('asks again for a message that the server is still handling, and only where that is right', async () => {
    const { client, server, clock, sent } = await openWorld({ resend: ['once'] });
    const once = client.request('once');
    const say = codeOf(client.request('say'));
    await clock.advance(0);
    for (const message of sent()) server.socket.refuse(message, 'IN_PROGRESS');
    expect(await say).toBe('IN_PROGRESS');
    await clock.advance(1000);
    expect(sent('once')).toHaveLength(2);
    expect(sent('once')[1]).toEqual(sent('once')[0]);
    server.socket.reply(sent('once')[1], 'done');
    await expect(once).resolves.toBe('done');
  });

  it('stops waiting when the signal says so', async () => {
    const { client, server, clock, sent } = await openWorld();
    const controller = new AbortController();
    const asked = codeOf(client.request('slow', undefined, { signal: controller.signal }));
    await clock.advance(0);
    controller.abort();
    expect(await asked).toBe('ABORTED');
    server.socket.reply(sent()[0], 'late');
    expect(await codeOf(client.request('never', undefined, { signal: controller.signal }))).toBe('ABORTED');
    expect(sent()).toHaveLength(1);
  });

  it('bounds what waits for a connection, and tells of it', async () => {
    const { client, clock, errors } = createWorld({ maxQueued: 2 }, (server) => {
      server.isUp = false;
    });
    const seen: number[] = [];
    client.onQueue((queued) => seen.push(queued));
    const results = [1, 2, 3].map(() => codeOf(client.request('say', undefined, { timeoutMs: 1000 })));
    client.send('more');
    await clock.advance(1000);
    expect(await Promise.all(results)).toEqual(['NOT_SENT', 'NOT_SENT', 'QUEUE_FULL']);
    expect(errors).toEqual(['QUEUE_FULL']);
    expect(seen).toEqual([1, 2, 1, 0]);
  });

  it('refuses a message that would make the gateway close the connection', async () => {
    const { client, sent, clock } = await openWorld();
    expect(await codeOf(client.request('say', 'ы'.repeat(16_400)))).toBe('PAYLOAD_TOO_LARGE');
    const fits = client.request('say', 'ы'.repeat(16_000));
    void codeOf(fits);
    await clock.advance(0);
    expect(sent()).toHaveLength(1);
  });

  it('hears a broadcast once, however often it arrives, until the listener is taken away', async () => {
    const { client, server } = await openWorld();
    const heard: unknown[] = [];
    const stop = client.on('said', (data, { id }) => heard.push([data, id]));
    const other: unknown[] = [];
    client.on('said', (data) => other.push(data));
    for (const id of ['a', 'a', 'b']) server.socket.say({ type: 'said', data: id, id });
    stop();
    stop();
    server.socket.say({ type: 'said', data: 'c', id: 'c' });
    server.socket.say({ type: '$later', data: 1 });
    server.socket.say('no object');
    expect(heard).toEqual([
      ['a', 'a'],
      ['b', 'b'],
    ]);
    expect(other).toEqual(['a', 'b', 'c']);
  });

  it('tells onError of failures that nobody waits for', async () => {
    const { client, server, clock, sent, errors } = await openWorld();
    client.send('say');
    await clock.advance(0);
    server.socket.refuse(sent()[0], 'INVALID_MESSAGE');
    await clock.advance(0);
    server.socket.refuse(undefined, 'INTERNAL');
    expect(errors).toEqual(['INVALID_MESSAGE', 'INTERNAL']);
  });

  it('closes for good: whatever has no answer fails, and nothing is tried again', async () => {
    const { client, server, clock, states } = await openWorld();
    const out = codeOf(client.request('say'));
    client.close();
    client.close();
    const after = codeOf(client.request('say'));
    expect(await Promise.all([out, after])).toEqual(['NO_ANSWER', 'NOT_SENT']);
    await clock.advance(600_000);
    expect(server.socket.isClosed).toBe(true);
    expect(server.sockets).toHaveLength(1);
    expect(states.at(-1)).toEqual({ state: 'closed', code: 'CLOSED', reason: 'closed' });
    expect(clock.timers).toBe(0);
  });
});

describe('coming back', () => {
  it('waits longer after each failure, up to the limit, and starts anew after a connection that held', async () => {
    const { client, server, clock, states } = createWorld(
      { minDelayMs: 1000, maxDelayMs: 6000 },
      (server) => {
        server.isUp = false;
      },
    );
    const delays: number[] = [];
    client.onState((change) => {
      if (change.state === 'connecting' && change.retryAt !== undefined)
        delays.push(change.retryAt - clock.now());
    });
    for (let i = 0; i < 4; i++) {
      await clock.advance(0);
      server.socket.end(1006);
      await clock.advance(0);
      await clock.advance(delays.at(-1) ?? 0);
    }
    expect(delays).toEqual([1000, 2000, 3000, 3000]);
    server.isUp = true;
    server.socket.open();
    await clock.advance(10_000);
    expect(client.state).toBe('open');
    server.socket.end(1001);
    await clock.advance(0);
    expect(delays.at(-1)).toBe(500);
    expect(states.at(-1)).toEqual({
      state: 'connecting',
      failures: 0,
      reason: 'closed with 1001',
      retryAt: clock.now() + 500,
    });
  });

  it('does not hammer a server that welcomes and closes at once', async () => {
    const { server, clock } = await openWorld({}, (server) => {
      server.answer = (message, socket) => {
        answerByDefault(server, message, socket);
        if (message.type === '$hello')
          setImmediate(() => {
            socket.end();
          });
      };
    });
    await clock.advance(60_000);
    expect(server.sockets.length).toBeLessThan(12);
  });

  it('asks for address and token before every attempt', async () => {
    let asked = 0;
    const { server, clock } = await openWorld({
      url: async () => `wss://gateway.example/ws?attempt=${++asked}`,
      token: async () => `ticket-${asked}`,
      protocols: ['chat'],
    });
    server.socket.end();
    await clock.advance(1000);
    expect(server.sockets.map(({ url }) => url)).toEqual([
      'wss://gateway.example/ws?attempt=1&token=ticket-1',
      'wss://gateway.example/ws?attempt=2&token=ticket-2',
    ]);
    expect(server.socket.protocols).toEqual(['chat']);
  });

  it('takes an address that cannot be had for a failed attempt', async () => {
    let isThere = false;
    const { client, states, clock } = await openWorld({
      url: async () => {
        if (!isThere) throw new Error('who are you?');
        return 'wss://gateway.example/ws';
      },
    });
    expect(states.at(-1)).toMatchObject({ state: 'connecting', failures: 1, reason: 'who are you?' });
    isThere = true;
    await clock.advance(1000);
    expect(client.state).toBe('open');
  });

  it('gives up on a handshake, and on a welcome, that takes too long', async () => {
    const { server, clock, client } = createWorld({}, (server) => {
      server.isUp = false;
    });
    await clock.advance(20_000);
    expect(server.socket.isClosed).toBe(true);
    const { answer } = server;
    server.answer = () => undefined;
    server.isUp = true;
    await clock.advance(1000);
    expect(server.sockets).toHaveLength(2);
    await clock.advance(20_000);
    expect(server.socket.isClosed).toBe(true);
    server.answer = answer;
    await clock.advance(30_000);
    expect(client.state).toBe('open');
  });

  it('is in no hurry when the server says when to come back', async () => {
    const { server, clock, states } = await openWorld();
    server.socket.say({
      type: '$bye',
      data: { code: 4503, reason: 'restarts', reconnect: true, afterMs: 60_000 },
    });
    expect(server.socket.isClosed).toBe(true);
    await clock.advance(60_000);
    expect(server.sockets).toHaveLength(1);
    await clock.advance(60_000);
    expect(server.sockets).toHaveLength(2);
    expect(states.map(({ state }) => state)).toEqual(['open', 'connecting', 'connecting', 'open']);
  });

  it.each([
    [
      'a farewell without return',
      (server: { socket: { say(frame: unknown): void } }) => {
        server.socket.say({ type: '$bye', data: { code: 4403, reason: 'removed', reconnect: false } });
      },
      4403,
    ],
    [
      'a close code of 4000 to 4499',
      (server: { socket: { end(code: number, reason: string): void } }) => {
        server.socket.end(4403, 'removed');
      },
      4403,
    ],
  ])('stops at %s', async (_what, end, code) => {
    const { server, clock, states } = await openWorld();
    end(server);
    await clock.advance(600_000);
    expect(server.sockets).toHaveLength(1);
    expect(states.at(-1)).toEqual({ state: 'closed', code, reason: 'removed' });
  });

  it.each([1000, 1001, 1006, 1009, 1011, 4500, 4999])('comes back after close code %d', async (code) => {
    const { server, clock, client } = await openWorld();
    server.socket.end(code);
    await clock.advance(1000);
    expect(client.state).toBe('open');
  });

  it.each([
    ['UNSUPPORTED_VERSION', 'closed'],
    ['UNKNOWN_TYPE', 'closed'],
    ['STORE_UNAVAILABLE', 'connecting'],
  ])('is, when a hello is refused with %s, %s', async (code, state) => {
    const { client } = await openWorld({}, (server) => {
      server.answer = (message, socket) => {
        socket.refuse(message, code);
      };
    });
    expect(client.state).toBe(state);
  });

  it('leaves a connection that the server does not know any more', async () => {
    const { client, server, clock, sent } = await openWorld();
    const asked = codeOf(client.request('say'));
    await clock.advance(0);
    server.socket.refuse(sent()[0], 'CONNECTION_STALE');
    expect(await asked).toBe('CONNECTION_STALE');
    expect(client.state).toBe('connecting');
    await clock.advance(1000);
    expect(client.state).toBe('open');
  });

  it('tries at once when it is told to', async () => {
    const { client, server, clock } = await openWorld();
    server.socket.end();
    client.retryNow();
    client.retryNow();
    await clock.advance(0);
    expect(client.state).toBe('open');
    expect(server.sockets).toHaveLength(2);
  });
});

describe('options', () => {
  const url = 'wss://gateway.example/ws';
  class WebSocket {
    onopen: unknown;
    onmessage: unknown;
    onclose: unknown;
    onerror: unknown;
    send(): void {}
    close(): void {}
  }
  it.each([
    [{ WebSocket }, 'connect.url: is missing'],
    [{ url, WebSocket, maxQueud: 1 }, 'connect.maxQueud: there is no such option'],
    [{ url, WebSocket, timeoutMs: -1 }, 'connect.timeoutMs: expected a number'],
  ])('refuses %j', (options, message) => {
    expect(() => connect(options as never)).toThrow(`INVALID_OPTIONS: ${message}`);
  });
});
