import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { startEmulator, type Emulator, type Fault, type TestClient } from 'yc-broadcast/emulator';

let emulator: Emulator;
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(): Promise<TestClient> {
  emulator = await startEmulator({
    routes: { '/ws': () => ({ statusCode: 200 }) },
    tls: true,
    grpcErrors: 'trailers',
  });
  cleanups.push(() => emulator.stop());
  return emulator.connect('/ws');
}

function sendOverRest(id: string, signal?: AbortSignal): Promise<Response> {
  return fetch(`${emulator.endpoint}/apigateways/websocket/v1/connections/${id}:send`, {
    method: 'POST',
    headers: { authorization: 'Bearer x' },
    body: '{"data":"aGk=","type":"TEXT"}',
    signal: signal ?? null,
  });
}

/** A send of `hi` as text, by hand. */
function beginOverGrpc(id: string) {
  const session = connectHttp2(emulator.tls?.endpoint ?? '', { ca: emulator.tls?.ca });
  cleanups.push(() => {
    session.destroy();
  });
  const stream = session.request({
    ':method': 'POST',
    ':path': '/yandex.cloud.serverless.apigateway.websocket.v1.ConnectionService/Send',
    'content-type': 'application/grpc',
    authorization: 'Bearer x',
  });
  const message = Buffer.from([0x0a, id.length, ...Buffer.from(id), 0x12, 2, 0x68, 0x69, 0x18, 2]);
  stream.end(Buffer.from([0, 0, 0, 0, message.length, ...message]));
  return stream;
}

async function sendOverGrpc(id: string): Promise<IncomingHttpHeaders> {
  const [headers] = (await once(beginOverGrpc(id), 'response')) as [IncomingHttpHeaders];
  return headers;
}

const statusOverRest = async (id: string): Promise<number> => (await sendOverRest(id)).status;

describe('a fault of sends', () => {
  it.each([
    [400, 3],
    [401, 16],
    [403, 7],
    [404, 5],
    [429, 8],
    [500, 13],
    [502, 14],
    [503, 14],
    [504, 4],
    [418, 2],
  ])('with status %d is answered over REST, and over gRPC with the code %d', async (status, code) => {
    const client = await start();
    emulator.faults.add({ on: 'send', status });
    const response = await sendOverRest(client.id);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code, message: expect.any(String), details: [] });
    expect(response.headers.get('retry-after')).toBeNull();
    const headers = await sendOverGrpc(client.id);
    expect(headers['grpc-status']).toBe(String(code));
    expect(headers['grpc-retry-pushback-ms']).toBeUndefined();
    expect(emulator.timeline().filter(({ type }) => type === 'send')).toMatchObject([
      { via: 'REST', status, reason: 'an injected fault' },
      { via: 'gRPC', status, reason: 'an injected fault' },
    ]);
    emulator.faults.clear();
    expect(await statusOverRest(client.id)).toBe(200);
    expect(await client.next()).toBe('hi');
    expect(client.received()).toBe(1);
  });

  it('may ask to wait', async () => {
    const client = await start();
    emulator.faults.add({ on: 'send', status: 429, retryAfterSeconds: 7 });
    expect((await sendOverRest(client.id)).headers.get('retry-after')).toBe('7');
    expect((await sendOverGrpc(client.id))['grpc-retry-pushback-ms']).toBe('7000');
  });

  it('strikes as often as it is told to, and only whom it is told to', async () => {
    const client = await start();
    const other = await emulator.connect('/ws');
    emulator.faults.add({ on: 'send', connection: client.id, status: 503, times: 2 });
    const statuses = [];
    for (const id of [client.id, other.id, client.id, client.id]) statuses.push(await statusOverRest(id));
    expect(statuses).toEqual([503, 200, 503, 200]);
  });

  it('comes after those that were added before it', async () => {
    const client = await start();
    emulator.faults.add({ on: 'send', status: 503, times: 1 });
    emulator.faults.add({ on: 'send', status: 429, times: 1 });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push(await statusOverRest(client.id));
    expect(statuses).toEqual([503, 429, 200]);
  });

  it('does not strike what is refused anyway', async () => {
    const client = await start();
    emulator.faults.add({ on: 'send', status: 503, times: 1 });
    expect(await statusOverRest('x'.repeat(51))).toBe(400);
    expect(await statusOverRest(client.id)).toBe(503);
  });

  it('can hang, which does not keep the gateway from being idle or from stopping', async () => {
    const client = await start();
    emulator.faults.add({ on: 'send', connection: client.id, status: 'hang', times: 2 });
    const controller = new AbortController();
    const overRest = sendOverRest(client.id, controller.signal).then(
      () => 'answered',
      () => 'cut off',
    );
    const stream = beginOverGrpc(client.id);
    const overGrpc = Promise.race([
      once(stream, 'response').then(() => 'answered'),
      once(stream, 'close').then(() => 'cut off'),
    ]).catch(() => 'cut off');
    while (emulator.timeline().filter(({ type }) => type === 'send').length < 2)
      await new Promise((resolve) => setImmediate(resolve));
    await emulator.idle();
    expect(emulator.timeline().at(-1)).toMatchObject({
      type: 'send',
      reason: expect.stringContaining('hang'),
    });
    expect(emulator.timeline().at(-1)?.status).toBeUndefined();
    // Positive control: the next one is answered.
    expect(await statusOverRest(client.id)).toBe(200);
    await emulator.stop();
    expect([await overRest, await overGrpc]).toEqual(['cut off', 'cut off']);
  });

  it('can cut requests off, over HTTP/2 without harm to their neighbours', async () => {
    const client = await start();
    emulator.faults.add({ on: 'send', status: 'reset', times: 2 });
    await expect(sendOverRest(client.id)).rejects.toThrow('fetch failed');
    const stream = beginOverGrpc(client.id);
    const { session } = stream;
    await expect(once(stream, 'response')).rejects.toMatchObject({ code: 'ERR_HTTP2_STREAM_ERROR' });
    expect(session?.destroyed).toBe(false);
    await sendOverGrpc(client.id);
    expect(await client.next()).toBe('hi');
    expect(client.received()).toBe(1);
  });

  it.each<[unknown, RegExp]>([
    [{ on: 'get', status: 503 }, /faults\.add\.on/],
    [{ on: 'send' }, /faults\.add\.status/],
    [{ on: 'send', status: 200 }, /faults\.add\.status/],
    [{ on: 'send', status: 'slow' }, /faults\.add\.status/],
    [{ on: 'send', status: 503, times: 0 }, /faults\.add\.times/],
    [{ on: 'send', status: 503, tmes: 1 }, /Unrecognized key: "tmes"/],
  ])('is refused as %j', async (fault, message) => {
    await start();
    expect(() => {
      emulator.faults.add(fault as Fault);
    }).toThrow(message);
  });
});
