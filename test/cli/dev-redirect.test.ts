/** `yc-broadcast dev` runs handlers that are written for the cloud. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { startCli, temporaryProject, type RunningCli } from '../support/cli.js';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Nothing in it says that it does not run in the cloud. */
const WITH_SDK = `
import { Session } from 'yandex-cloud-sdk-3';
import { connectionService as service } from 'yandex-cloud-sdk-3/serverless-apigateway-websocket-v1';
const client = new Session().client(service.ConnectionServiceClient);
const type = service.SendToConnectionRequest_DataType.TEXT;
export const handler = async ({ requestContext: { eventType, connectionId }, body }) => {
  if (eventType !== 'MESSAGE') return { statusCode: 200 };
  const data = Buffer.from('sent: ' + body);
  await client.send(service.SendToConnectionRequest.fromPartial({ connectionId, data, type }));
  return { statusCode: 200 };
};
`;
const OWN = `
import { createApp } from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
const app = createApp({ store: memoryStore(), origins: 'any' });
app.onMessage(async ({ body, toAll }) => { await toAll().sendRaw('sent: ' + body); });
export const { handler } = app;
`;

function project(handler: string): string {
  const { path, remove } = temporaryProject({ 'handler.mjs': handler, 'package.json': '{}' });
  cleanups.push(remove);
  return path;
}

interface Ready {
  readonly url: string;
  readonly tls?: string;
  readonly ca?: string;
}

async function startDev(folder: string, ...args: readonly string[]): Promise<RunningCli & Ready> {
  const cli = startCli(['dev', join(folder, 'handler.mjs'), '--port', '0', '--format', 'json', ...args]);
  cleanups.push(async () => {
    cli.signal('SIGKILL');
    await cli.exited;
  });
  const [line] = await cli.printed(/^\{"type":"ready".*$/m);
  return { ...cli, ...(JSON.parse(line) as Ready) };
}

async function answerOf({ url }: Ready, message: string): Promise<string> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`);
  cleanups.push(() => {
    socket.terminate();
  });
  await once(socket, 'open');
  socket.send(message);
  const [data] = (await once(socket, 'message')) as [Buffer];
  return data.toString();
}

describe('dev', () => {
  it('runs the official SDK as it is, for two gateways in one project at once', async () => {
    const folder = project(WITH_SDK);
    const gateways = [await startDev(folder), await startDev(folder)];
    for (const gateway of gateways) expect(await answerOf(gateway, 'hello')).toBe('sent: hello');
    const files = gateways.map(({ ca = '' }) => ca);
    expect(new Set(files).size).toBe(2);
    expect(files.map(existsSync)).toEqual([true, true]);
    const [first, second] = gateways;
    first?.signal('SIGINT');
    expect(await first?.exited).toBe(0);
    expect(files.map(existsSync)).toEqual([false, true]);
    if (second !== undefined) expect(await answerOf(second, 'still here')).toBe('sent: still here');
    await second?.printed(/"type":"send".*"via":"gRPC".*"status":200/);
  });

  it('hands the default transport the TLS port, or with --no-redirect the plain one', async () => {
    const folder = project(OWN);
    const args = ['--instances', '1'];
    const [redirected, plain] = [
      await startDev(folder, ...args),
      await startDev(folder, ...args, '--no-redirect'),
    ];
    expect(await answerOf(redirected, 'hello')).toBe('sent: hello');
    await redirected.printed(/"type":"send".*"via":"gRPC"/);
    expect(await answerOf(plain, 'hello')).toBe('sent: hello');
    await plain.printed(/"type":"send".*"via":"REST"/);
    expect([plain.tls, plain.ca]).toEqual([undefined, undefined]);
    for (const { output } of [redirected, plain]) expect(output()).not.toContain('"type":"unawaited"');
  });

  it('says which option chooses another TLS port', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const handler = join(project(OWN), 'handler.mjs');
    const cli = startCli(['dev', handler, '--port', '0', '--tls-port', String(port)]);
    expect(await cli.exited).toBe(1);
    expect(cli.output()).toBe(
      `yc-broadcast: port ${port} is taken; choose another with --tls-port, or --tls-port 0 for any\n`,
    );
  });
});
