/** The chat example runs unchanged on every store: one environment variable says which. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { protocolsOf } from '../support/chat.js';
import { startCli } from '../support/cli.js';
import { startDynalite } from '../support/dynalite.js';
import { describeWithPostgres } from '../support/postgres-server.js';
import { describeWithRedis, startRedis } from '../support/redis-server.js';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startChat(storeUrl: string | undefined, ...more: readonly string[]): Promise<number> {
  const args = ['dev', 'examples/chat/handler.ts', '--port', '0', '--format', 'json', ...more];
  const cli = startCli(args, storeUrl === undefined ? {} : { STORE_URL: storeUrl });
  cleanUps.push(async () => {
    cli.signal('SIGTERM');
    await cli.exited;
  });
  const [, port] = await cli.printed(/"url":"http:\/\/127\.0\.0\.1:(\d+)"/);
  return Number(port);
}

interface Frame {
  readonly type: string;
  readonly replyTo?: string;
  readonly data?: Record<string, unknown>;
}

/** Somebody in the lobby. */
async function enter(port: number, name: string) {
  const protocols = protocolsOf(`${name}-0123456789abcdef`);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws?name=${name}`, protocols);
  const frames: Frame[] = [];
  socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString()) as Frame));
  cleanUps.push(() => {
    socket.terminate();
  });
  await once(socket, 'open');

  async function heard(wanted: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = frames.find(wanted);
      if (found !== undefined) return found;
      await once(socket, 'message');
    }
  }

  function ask(type: string, data: object): Promise<Frame> {
    const id = `${type}-${name}`;
    socket.send(JSON.stringify({ type, data, id }));
    return heard(({ replyTo }) => replyTo === id);
  }

  await ask('join', { room: 'lobby' });
  return { socket, ask, heard };
}

/** Two people talk, and one leaves. */
async function talk(storeUrl: string | undefined, ...more: readonly string[]): Promise<void> {
  const port = await startChat(storeUrl, ...more);
  const anna = await enter(port, 'Anna');
  const boris = await enter(port, 'Boris');
  expect(await anna.ask('say', { room: 'lobby', text: 'hello' })).toMatchObject({
    type: 'reply',
    data: { recipients: 1, delivered: 1 },
  });
  expect(await boris.heard(({ type }) => type === 'said')).toMatchObject({
    data: { text: 'hello', from: { name: 'Anna' } },
  });
  await anna.heard(({ type, data }) => type === 'here' && data?.['count'] === 2);
  boris.socket.close();
  await anna.heard(({ type, data }) => type === 'here' && data?.['count'] === 1);
}

describe('the chat example', () => {
  it('runs in the memory of one instance', () => talk(undefined, '--instances', '1'));

  it('runs in several instances on the store of the gateway', () => talk(undefined, '--store'));

  it('runs on YDB', async () => {
    const server = await startDynalite();
    cleanUps.push(server.close);
    await talk(server.endpoint.replace('http://', 'http://local:local-secret@'));
  });

  it('says what a store may be', async () => {
    const cli = startCli(['dev', 'examples/chat/handler.ts', '--port', '0'], { STORE_URL: 'mysql://x' });
    expect(await cli.exited).toBe(1);
    expect(cli.output()).toContain('STORE_URL: expected redis://, postgresql://, or https:// for YDB');
  });
});

describeWithRedis('the chat example', () => {
  it('runs on Redis', async () => {
    const server = await startRedis();
    cleanUps.push(server.close);
    await talk(server.url);
  });
});

describeWithPostgres('the chat example', (server) => {
  it('runs on PostgreSQL', () => talk(server().url));
});
