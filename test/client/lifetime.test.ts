/** Staying alive within the gateway's limits, and changing connections before they end, unnoticed. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { openWorld } from '../support/client-world.js';
import { answerByDefault, type FakeServer } from '../support/fake-server.js';

const MINUTE = 60_000;
const said = (id: string): unknown => ({ type: 'said', data: id, id });

describe('keeping alive', () => {
  it('pings when nothing was sent for as long as the server says, and not otherwise', async () => {
    const { client, server, clock, sent } = await openWorld();
    await clock.advance(8 * MINUTE);
    expect(sent('$ping')).toHaveLength(0);
    client.send('say');
    await clock.advance(8 * MINUTE);
    expect(sent('$ping')).toHaveLength(0);
    await clock.advance(MINUTE);
    expect(sent('$ping')).toHaveLength(1);
    await clock.advance(27 * MINUTE);
    expect(sent('$ping')).toHaveLength(4);
    expect(server.sockets).toHaveLength(1);
  });

  it('leaves a connection on which a ping is not answered', async () => {
    const { client, server, clock } = await openWorld({}, (server) => {
      server.answer = (message, socket) => {
        if (message.type !== '$ping') answerByDefault(server, message, socket);
      };
    });
    await clock.advance(9 * MINUTE + 10_000);
    expect(server.socket.isClosed).toBe(true);
    expect(client.state).toBe('connecting');
    await clock.advance(500);
    expect(client.state).toBe('open');
  });

  it('keeps a connection on which a ping fails for another reason', async () => {
    const { client, server, clock } = await openWorld({}, (server) => {
      server.answer = (message, socket) => {
        if (message.type === '$ping') socket.refuse(message, 'RATE_LIMITED');
        else answerByDefault(server, message, socket);
      };
    });
    await clock.advance(30 * MINUTE);
    expect(client.state).toBe('open');
    expect(server.sockets).toHaveLength(1);
  });

  it('asks for a sign of life when the machine has slept', async () => {
    const { clock, sent } = await openWorld();
    await clock.advance(1000);
    clock.sleep(2 * MINUTE);
    expect(sent('$ping')).toHaveLength(0);
    await clock.advance(0);
    expect(sent('$ping')).toHaveLength(1);
  });
});

describe('in a browser', () => {
  const page = globalThis as {
    addEventListener?: unknown;
    removeEventListener?: unknown;
    document?: unknown;
  };
  afterEach(() => {
    delete page.addEventListener;
    delete page.removeEventListener;
    delete page.document;
  });

  function makePage(): { window: EventTarget; document: EventTarget & { hidden: boolean } } {
    const window = new EventTarget();
    const document = Object.assign(new EventTarget(), { hidden: false });
    page.addEventListener = window.addEventListener.bind(window);
    page.removeEventListener = window.removeEventListener.bind(window);
    page.document = document;
    return { window, document };
  }

  it('drops the connection when the network goes, and is back at once when it comes', async () => {
    const { window } = makePage();
    const { client, server, clock } = await openWorld();
    server.isUp = false;
    window.dispatchEvent(new Event('offline'));
    expect(client.state).toBe('connecting');
    await clock.advance(40_000);
    const attempts = server.sockets.length;
    server.isUp = true;
    window.dispatchEvent(new Event('online'));
    await clock.advance(0);
    expect(server.sockets.length).toBeLessThanOrEqual(attempts + 1);
    server.socket.open();
    await clock.advance(0);
    expect(client.state).toBe('open');
  });

  it('asks for a sign of life when the tab is looked at again, and listens to nothing after close', async () => {
    const { document } = makePage();
    const { client, clock, sent } = await openWorld();
    document.hidden = true;
    document.dispatchEvent(new Event('visibilitychange'));
    document.hidden = false;
    document.dispatchEvent(new Event('visibilitychange'));
    await clock.advance(0);
    expect(sent('$ping')).toHaveLength(1);
    client.close();
    document.dispatchEvent(new Event('visibilitychange'));
    await clock.advance(MINUTE);
    expect(sent('$ping')).toHaveLength(1);
  });
});

describe('before the gateway closes the connection', () => {
  it.each([
    [0, 51],
    [0.5, 54],
    [0.999, 56.994],
  ])('opens the next one, spread by chance: %d', async (random, minutes) => {
    const { server, clock } = await openWorld({ random: () => random });
    await clock.advance(minutes * MINUTE - 1);
    expect(server.sockets).toHaveLength(1);
    await clock.advance(1);
    expect(server.sockets).toHaveLength(2);
  });

  it('changes over without a change of state, and closes the old one', async () => {
    const { client, server, clock, states } = await openWorld();
    const connections: unknown[] = [];
    client.onConnection((connection) => connections.push(connection));
    await clock.advance(54 * MINUTE);
    const [old, next] = server.sockets;
    expect(next?.sent.map(({ type }) => type)).toEqual(['$hello']);
    expect(old?.isClosed).toBe(false);
    await clock.advance(2000);
    expect(old?.isClosed).toBe(true);
    expect(next?.isClosed).toBe(false);
    expect(states.map(({ state }) => state)).toEqual(['open']);
    expect(connections).toEqual([{ isReplacement: true }]);
    await clock.advance(54 * MINUTE);
    expect(server.sockets).toHaveLength(3);
  });

  it('reads both meanwhile, and tells each broadcast once', async () => {
    const { client, server, clock } = await openWorld();
    const heard: unknown[] = [];
    client.on('said', (data) => heard.push(data));
    await clock.advance(54 * MINUTE);
    const [old, next] = server.sockets;
    for (const id of ['a', 'b']) for (const socket of [old, next]) socket?.say(said(id));
    old?.say(said('only old'));
    next?.say(said('only new'));
    expect(heard).toEqual(['a', 'b', 'only old', 'only new']);
  });

  it('does not hear itself on the old one: what it says goes out on the new one, which is all it reads from then', async () => {
    const { client, server, clock } = await openWorld();
    const heard: unknown[] = [];
    client.on('said', (data) => heard.push(data));
    await clock.advance(54 * MINUTE);
    const [old, next] = server.sockets;
    client.send('say');
    expect(next?.sent.at(-1)).toMatchObject({ type: 'say' });
    old?.say(said('echo'));
    expect(heard).toEqual([]);
  });

  it('waits with the hello for answers on the old one, and with new messages for the welcome', async () => {
    const { client, server, clock } = await openWorld({}, stalling);
    await clock.advance(54 * MINUTE - 1);
    const slow = client.request('slow');
    await clock.advance(1000);
    const [old, next] = server.sockets;
    expect(next?.sent).toEqual([]);
    const say = client.request('say');
    await clock.advance(0);
    expect(old?.sent.filter(({ type }) => type === 'say')).toEqual([]);
    old?.reply(
      old.sent.find(({ type }) => type === 'slow'),
      1,
    );
    await clock.advance(50);
    expect(next?.sent.map(({ type }) => type)).toEqual(['$hello', 'say']);
    next?.reply(next.sent[1], 2);
    expect(await Promise.all([slow, say])).toEqual([1, 2]);
  });

  it('gives an answer that takes longer than the change time to come', async () => {
    const { client, server, clock } = await openWorld({}, stalling);
    await clock.advance(54 * MINUTE - 1);
    const slow = client.request('slow');
    await clock.advance(10_000);
    const [old] = server.sockets;
    expect(old?.isClosed).toBe(false);
    old?.reply(
      old.sent.find(({ type }) => type === 'slow'),
      1,
    );
    expect(await slow).toBe(1);
    await clock.advance(2000);
    expect(old?.isClosed).toBe(true);
  });

  it('tries again when the next one fails, while the old one goes on', async () => {
    const { client, server, clock, states } = await openWorld();
    server.isUp = false;
    await clock.advance(54 * MINUTE);
    server.socket.end(1006);
    client.send('say');
    const [old] = server.sockets;
    expect(old?.sent.at(-1)).toMatchObject({ type: 'say' });
    old?.reply(old.sent.at(-1));
    server.isUp = true;
    await clock.advance(2000);
    expect(server.sockets).toHaveLength(3);
    await clock.advance(2000);
    expect(server.sockets.map(({ isClosed }) => isClosed)).toEqual([true, true, false]);
    expect(states.map(({ state }) => state)).toEqual(['open']);
  });

  it('tells of it when the old one ends before the next one is there', async () => {
    const { client, server, clock, states } = await openWorld();
    server.isUp = false;
    await clock.advance(54 * MINUTE);
    server.sockets[0]?.end(1001);
    expect(client.state).toBe('connecting');
    server.socket.open();
    await clock.advance(0);
    expect(states.map(({ state }) => state)).toEqual(['open', 'connecting', 'open']);
    expect(server.sockets).toHaveLength(2);
  });

  it('does not take its own successor for a stranger', async () => {
    const { client, server, clock } = await openWorld();
    await clock.advance(54 * MINUTE);
    const data = { code: 4001, reason: 'one device at a time', reconnect: false };
    server.sockets[0]?.say({ type: '$bye', data });
    expect(client.state).toBe('open');
    server.socket.say({ type: '$bye', data });
    expect(client.state).toBe('closed');
  });

  it('leaves no socket and no timer behind when it is closed in the middle', async () => {
    const { client, server, clock } = await openWorld();
    await clock.advance(54 * MINUTE);
    client.close();
    expect(server.sockets.map(({ isClosed }) => isClosed)).toEqual([true, true]);
    await clock.advance(2000);
    expect(clock.timers).toBe(0);
  });
});

/** Answers of the protocol only. */
function stalling(server: FakeServer): void {
  server.answer = (message, socket) => {
    if (message.type.startsWith('$')) answerByDefault(server, message, socket);
  };
}
