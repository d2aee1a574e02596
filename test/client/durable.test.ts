/** Small promises of the client that hold in odd circumstances. */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { connect } from 'yc-broadcast/client';
import { systemClock } from '../../src/client/base/clock.js';
import { openWorld } from '../support/client-world.js';
import { createFakeServer } from '../support/fake-server.js';

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (error as { code: string }).code,
  );

describe('room.joined', () => {
  it('settles when the handle leaves, and when the client closes, before the server has answered', async () => {
    const { client } = await openWorld();
    const [left, closed] = [client.join('a'), client.join('b')];
    left.leave();
    expect(await codeOf(left.joined)).toBe('LEFT');
    client.close();
    expect(await codeOf(closed.joined)).toBe('CLOSED');
    expect(await codeOf(client.join('c').joined)).toBe('CLOSED');
  });
});

describe('a listener', () => {
  it('may listen anew while it is called', async () => {
    const { client, server } = await openWorld();
    let calls = 0;
    const listen = (): void => {
      const stop = client.on('said', () => {
        calls++;
        stop();
        listen();
      });
    };
    listen();
    server.socket.say({ type: 'said', data: 1, id: 'a' });
    server.socket.say({ type: 'said', data: 1, id: 'b' });
    expect(calls).toBe(2);
  });
});

describe('with a real clock', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('a time-out that no timer can hold is not over at once', async () => {
    jest.useFakeTimers();
    const { WebSocket } = createFakeServer();
    const client = connect({ url: 'wss://gateway.example/ws', WebSocket, timeoutMs: Infinity });
    let outcome: unknown = 'waits';
    void codeOf(client.request('ask')).then((code) => (outcome = code));
    await jest.advanceTimersByTimeAsync(60_000);
    expect(outcome).toBe('waits');
    client.close();
  });

  it('durations are right when the clock is set back', () => {
    jest.useFakeTimers();
    const before = systemClock.now();
    jest.setSystemTime(Date.now() - 3_600_000);
    jest.advanceTimersByTime(1000);
    expect(Math.round(systemClock.now() - before)).toBe(1000);
  });
});

describe('JSON of which no text and no number can be made', () => {
  const odd = { toString: 1, valueOf: 1 };

  it.each([
    ['the code of an error', { type: 'error', error: { code: odd, message: 'no' } }],
    ['the message of an error', { type: 'error', error: { code: 'INTERNAL', message: odd } }],
    ['the time of a farewell', { type: '$bye', data: { code: 4503, reconnect: true, afterMs: odd } }],
    ['the reason of a farewell', { type: '$bye', data: { code: 4503, reason: odd, reconnect: true } }],
  ])('does no harm as %s', async (_what, frame) => {
    const { client, server, clock } = await openWorld();
    expect(() => {
      server.socket.say(frame);
    }).not.toThrow();
    await clock.advance(5000);
    expect(client.state).toBe('open');
  });
});

describe('a server that gives a connection no time', () => {
  it('is not asked for the next one over and over', async () => {
    const { server, clock } = await openWorld({}, (server) => {
      server.welcome = { lifetimeMs: 0, keepAliveMs: 0 };
    });
    await clock.advance(60_000);
    expect(server.sockets.length).toBeLessThan(10);
  });
});
