/** Clients that leave at the wrong moment, or all at once: what functions hear of it. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import {
  startEmulator,
  type Emulator,
  type EmulatorOptions,
  type TimelineEntry,
} from 'yc-broadcast/emulator';
import { temporaryProject } from '../support/cli.js';
import { until } from '../support/until.js';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(options: EmulatorOptions): Promise<Emulator> {
  const emulator = await startEmulator(options);
  cleanUps.push(() => emulator.stop());
  return emulator;
}

const HANDSHAKE = [
  'GET /ws HTTP/1.1',
  'Host: localhost',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  '\r\n',
].join('\r\n');

describe('a client that leaves while the function thinks about its handshake', () => {
  it.each(['end', 'destroy', 'resetAndDestroy'] as const)('by %s is told to be gone', async (how) => {
    const events: unknown[] = [];
    let answer: (response: unknown) => void = () => undefined;
    const handler = ({ requestContext }: { requestContext: Record<string, unknown> }): unknown => {
      events.push([requestContext['eventType'], requestContext['disconnectStatusCode']]);
      if (requestContext['eventType'] === 'CONNECT') return new Promise((resolve) => (answer = resolve));
      return { statusCode: 200 };
    };
    const emulator = await start({ routes: { '/ws': handler } });
    const socket = connect(emulator.port, '127.0.0.1').on('error', () => undefined);
    socket.write(HANDSHAKE);
    await until(() => events.length === 1);
    const closed = once(socket, 'close');
    socket[how]();
    if (how !== 'end') await closed;
    // What the client did has to have arrived; a request on another socket comes after it.
    await fetch(emulator.url);
    answer({ statusCode: 200 });
    await emulator.idle();
    expect(events).toEqual([
      ['CONNECT', undefined],
      ['DISCONNECT', 1006],
    ]);
    expect(emulator.connections()).toEqual([]);
  });
});

describe('clients that leave all at once', () => {
  /** Two connections of a function that takes one call at a time and is a while at each disconnect event. */
  async function massLeave(options: Partial<EmulatorOptions>) {
    const { path, remove } = temporaryProject({
      'ws.mjs': `export const handler = async ({ requestContext: { eventType } }) => {
        if (eventType === 'DISCONNECT') await new Promise((resolve) => setTimeout(resolve, 200));
        return { statusCode: 200 };
      };`,
    });
    cleanUps.push(remove);
    const entry = join(path, 'ws.mjs');
    const emulator = await start({
      routes: { '/ws': { entry, instances: 1, requestsLimit: 1 } },
      clock: 'manual',
      ...options,
    });
    const clients = [await emulator.connect('/ws'), await emulator.connect('/ws')];
    for (const client of clients) client.close();
    await Promise.all(clients.map(({ closed }) => closed));
    await until(() => emulator.instances.list()[0]?.served === 3);
    return emulator;
  }

  const disconnects = (emulator: Emulator): readonly TimelineEntry[] =>
    emulator.timeline({ type: 'disconnect' });

  it('lose the events for which there is no free call, and the log says what that leaves behind', async () => {
    const emulator = await massLeave({});
    const [lost, delivered] = disconnects(emulator);
    expect(lost).toMatchObject({ status: 429, reason: expect.stringContaining('stays in the store') });
    expect(delivered).toMatchObject({ status: 200 });
  });

  it('lose none when events are tried again', async () => {
    const emulator = await massLeave({ disconnectAttempts: 2 });
    await emulator.clock.advance('1s');
    await until(() => disconnects(emulator).length === 2);
    expect(disconnects(emulator).map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe('connections over HTTP', () => {
  it('are not kept by the hundred for another request', async () => {
    const emulator = await start({ routes: { '/ws': () => ({ statusCode: 200 }) }, store: true });
    const agent = new Agent({ keepAlive: true, maxFreeSockets: Infinity });
    cleanUps.push(() => {
      agent.destroy();
    });
    const ask = (): Promise<void> =>
      new Promise((resolve, reject) => {
        const asked = request(emulator.url, { agent }, (response) => response.resume().on('end', resolve));
        asked.on('error', reject).end();
      });
    await Promise.all(Array.from({ length: 200 }, ask));
    await until(() => Object.values(agent.sockets).flat().length === 0);
    const free = Object.values(agent.freeSockets)
      .flat()
      .filter((socket) => socket?.destroyed === false);
    expect(free.length).toBeLessThanOrEqual(64);
    await ask();
  });
});
