/**
 * Attempts to connect that end in unusual ways: each ends in time, and none leaves `open` without a socket.
 */
import { describe, expect, it } from '@jest/globals';
import { createWorld, openWorld, type ClientWorld } from '../support/client-world.js';
import { answerByDefault, type FakeSocket } from '../support/fake-server.js';

/** A server whose first welcome comes together with something else. */
function openWith(extra: (socket: FakeSocket) => void): Promise<ClientWorld> {
  return openWorld({}, (server) => {
    server.answer = (message, socket) => {
      answerByDefault(server, message, socket);
      if (message.type === '$hello' && server.sockets.length === 1) extra(socket);
    };
  });
}

describe('an attempt', () => {
  it('ends at once when the socket tells of an error and of nothing else', async () => {
    const { client, server, clock, states } = createWorld({}, (server) => {
      server.isUp = false;
    });
    await clock.advance(0);
    server.socket.fail();
    server.isUp = true;
    await clock.advance(0);
    expect(states.at(-1)).toMatchObject({ state: 'connecting', failures: 1 });
    await clock.advance(1000);
    expect(server.sockets).toHaveLength(2);
    expect(client.state).toBe('open');
  });

  it('fails when the farewell comes together with the welcome, and comes back when it is told to', async () => {
    const { client, server, clock } = await openWith((socket) => {
      socket.say({
        type: '$bye',
        data: { code: 4503, reason: 'restarts', reconnect: true, afterMs: 60_000 },
      });
    });
    expect(client.state).toBe('connecting');
    await clock.advance(59_000);
    expect(server.sockets).toHaveLength(1);
    await clock.advance(31_000);
    expect(client.state).toBe('open');
    await expect(client.request('$ping' as never)).resolves.toBeUndefined();
  });

  it('is the last when a farewell for good comes together with the welcome', async () => {
    const { client, server, clock } = await openWith((socket) => {
      socket.say({ type: '$bye', data: { code: 4403, reason: 'removed', reconnect: false } });
    });
    await clock.advance(600_000);
    expect(client.state).toBe('closed');
    expect(server.sockets).toHaveLength(1);
  });

  it('fails when the close comes together with the welcome', async () => {
    const { client, server, clock } = await openWith((socket) => {
      socket.end(1006);
    });
    expect(client.state).toBe('connecting');
    await clock.advance(2000);
    expect(client.state).toBe('open');
    expect(server.socket.isClosed).toBe(false);
  });

  it.each(['url', 'token'] as const)('includes the time that %s takes, be it for ever', async (name) => {
    let asked = 0;
    const given = { url: 'wss://gateway.example/ws', token: 'ticket' };
    const { client, clock } = await openWorld({
      [name]: () => (++asked === 1 ? new Promise(() => undefined) : given[name]),
    });
    client.retryNow();
    await clock.advance(21_000);
    expect(client.state).toBe('open');
    expect(asked).toBe(2);
  });

  it('has a delay even if its limit is infinite', async () => {
    const { server, clock } = await openWorld({ maxDelayMs: Infinity, minDelayMs: 0 }, (server) => {
      server.answer = () => undefined;
    });
    await clock.advance(600_000);
    expect(server.sockets.length).toBeLessThanOrEqual(31);
  });
});
