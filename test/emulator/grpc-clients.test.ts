/**
 * gRPC clients that we did not write, against the local gateway: both majors of the official SDK, and grpc-js
 * with a .proto.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { sdk2 } from '../support/official-sdk.js';
import { fileURLToPath } from 'node:url';
import * as sdk3 from 'yandex-cloud-sdk-3';
import { connectionService } from 'yandex-cloud-sdk-3/serverless-apigateway-websocket-v1';
import { startEmulator, type Emulator, type EmulatorOptions, type TestClient } from 'yc-broadcast/emulator';

let emulator: Emulator;
let client: TestClient;

async function start(options: Partial<EmulatorOptions> = {}): Promise<void> {
  emulator = await startEmulator({ routes: { '/ws': () => ({ statusCode: 200 }) }, tls: true, ...options });
  client = await emulator.connect('/ws', { headers: { 'user-agent': 'test' } });
}

afterEach(() => emulator.stop());

/** `localhost:<port>`, as gRPC clients want it, and the authority to trust. */
function access(): { target: string; ca: Buffer } {
  if (emulator.tls === undefined) throw new Error('no TLS');
  return { target: `localhost:${emulator.tls.port}`, ca: Buffer.from(emulator.tls.ca) };
}

/** What the tests need of an SDK, whichever its version. */
interface SdkClient {
  send(id: string, data: Buffer | string, type?: 'TEXT' | 'BINARY'): Promise<unknown>;
  get(id: string): Promise<{ id: string; gatewayId: string; identity?: unknown; connectedAt?: Date }>;
  disconnect(id: string): Promise<unknown>;
}

const { apigateway_connection_service: service2 } = sdk2.cloudApi.serverless;

function version2(): SdkClient {
  const { target, ca } = access();
  const session = new sdk2.Session({ iamToken: 't1.right', ssl: { rootCerts: ca } });
  const stub = session.client(sdk2.serviceClients.WebSocketConnectionServiceClient, target);
  const { SendToConnectionRequest, SendToConnectionRequest_DataType: DataType } = service2;
  return {
    send: (connectionId, data, type = 'TEXT') =>
      stub.send(
        // The string is what people pass, although the types forbid it.
        SendToConnectionRequest.fromPartial({ connectionId, data: data as Buffer, type: DataType[type] }),
      ),
    get: (connectionId) => stub.get(service2.GetConnectionRequest.fromPartial({ connectionId })),
    disconnect: (connectionId) => stub.disconnect(service2.DisconnectRequest.fromPartial({ connectionId })),
  };
}

function version3(): SdkClient {
  const { target, ca } = access();
  const session = new sdk3.Session({ iamToken: 't1.right', ssl: { rootCerts: ca } });
  const stub = session.client(connectionService.ConnectionServiceClient, target);
  const { SendToConnectionRequest, SendToConnectionRequest_DataType: DataType } = connectionService;
  return {
    send: (connectionId, data, type = 'TEXT') =>
      stub.send(
        SendToConnectionRequest.fromPartial({ connectionId, data: data as Buffer, type: DataType[type] }),
      ),
    get: (connectionId) => stub.get(connectionService.GetConnectionRequest.fromPartial({ connectionId })),
    disconnect: (connectionId) =>
      stub.disconnect(connectionService.DisconnectRequest.fromPartial({ connectionId })),
  };
}

async function errorOf(promise: Promise<unknown>): Promise<Error & { code?: unknown }> {
  return promise.then(
    () => {
      throw new Error('expected an error');
    },
    (error: unknown) => error as Error,
  );
}

describe.each([
  ['2.8', version2],
  ['3.2', version3],
])('the official SDK %s', (_version, open) => {
  it('sends, gets and disconnects', async () => {
    await start();
    const stub = open();
    await stub.send(client.id, Buffer.from('Привет'));
    expect(await client.next()).toBe('Привет');
    await stub.send(client.id, Buffer.from([0, 255]), 'BINARY');
    expect(await client.next()).toEqual(Buffer.from([0, 255]));
    const told = await stub.get(client.id);
    expect(told).toMatchObject({ id: client.id, identity: { sourceIp: '127.0.0.1', userAgent: 'test' } });
    expect(told.gatewayId).toMatch(/^d5d/);
    expect(Math.abs(Number(told.connectedAt) - Date.now())).toBeLessThan(30_000);
    await stub.disconnect(client.id);
    expect((await client.closed).code).toBe(1000);
    expect(emulator.timeline().filter(({ via }) => via === 'gRPC')).toHaveLength(4);
  });

  it.each<[EmulatorOptions['grpcErrors'], string, number | undefined]>([
    ['headers', 'ApiError', undefined],
    ['trailers', 'ClientError', 5],
  ])('throws, of an error with %s, an %s', async (grpcErrors, name, code) => {
    await start({ grpcErrors });
    const error = await errorOf(open().get('nobody:50%'));
    expect(error.name).toBe(name);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/Get NOT_FOUND: Connection nobody:50% not found$/);
  });

  it('learns that its token is not the right one', async () => {
    await start({ token: 't1.other', grpcErrors: 'trailers' });
    expect((await errorOf(open().send(client.id, Buffer.from('x')))).code).toBe(16);
  });

  it('has 200 sends under way at once', async () => {
    await start();
    const stub = open();
    await Promise.all(Array.from({ length: 200 }, (_, i) => stub.send(client.id, Buffer.from(String(i)))));
    const received = new Set<unknown>();
    for (let i = 0; i < 200; i++) received.add(await client.next());
    expect(received.size).toBe(200);
  });

  it.each([
    ['/////w==', 4, /^TEXT that is not UTF-8\. .*give it a Buffer/],
    ['hello there', 7, /^TEXT that is not UTF-8/],
    ['AAECAwQF', 6, /^TEXT with control characters\. .*give it a Buffer/],
  ])('is warned of when it took the string %s for base64', async (data, bytes, reason) => {
    await start();
    await open().send(client.id, data);
    expect(emulator.timeline().find(({ type }) => type === 'send')).toMatchObject({
      level: 'warning',
      bytes,
      reason: expect.stringMatching(reason),
    });
  });

  it('is not warned of text with tabs and line breaks in it', async () => {
    await start();
    await open().send(client.id, Buffer.from('one\n\ttwo\r\n'));
    expect(emulator.timeline().find(({ type }) => type === 'send')).toMatchObject({ level: 'info' });
  });
});

describe('a generic client made from a .proto', () => {
  type Call = (
    request: object,
    metadata: Metadata,
    done: (error: ServiceError | null, answer: unknown) => void,
  ) => unknown;
  type Stub = Record<'Send' | 'Get' | 'Disconnect', Call> & { close(): void };
  let stub: Stub;

  const call = (method: 'Send' | 'Get' | 'Disconnect', request: object): Promise<unknown> => {
    const metadata = new Metadata();
    metadata.set('authorization', 'Bearer x');
    return new Promise((resolve, reject) => {
      stub[method](request, metadata, (error, answer) => {
        if (error === null) resolve(answer);
        else reject(error);
      });
    });
  };

  beforeEach(async () => {
    await start({ grpcErrors: 'mixed' });
    const proto = fileURLToPath(new URL('../support/connection-service.proto', import.meta.url));
    let node: unknown = loadPackageDefinition(loadSync(proto, { keepCase: true, longs: Number }));
    for (const name of 'yandex.cloud.serverless.apigateway.websocket.v1.ConnectionService'.split('.'))
      node = Reflect.get(node as object, name);
    const { target, ca } = access();
    stub = new (node as new (...args: unknown[]) => Stub)(target, credentials.createSsl(ca));
  });

  afterEach(() => {
    stub.close();
  });

  it('sends, gets and disconnects', async () => {
    await call('Send', { connection_id: client.id, data: Buffer.from('hi'), type: 'TEXT' });
    expect(await client.next()).toBe('hi');
    const told = (await call('Get', { connection_id: client.id })) as Record<
      string,
      { seconds: number; nanos: number }
    >;
    expect(told).toMatchObject({ id: client.id, identity: { source_ip: '127.0.0.1', user_agent: 'test' } });
    const { seconds = 0, nanos = 0 } = told['connected_at'] ?? {};
    expect(Math.abs(seconds * 1000 + nanos / 1e6 - Date.now())).toBeLessThan(30_000);
    await call('Disconnect', { connection_id: client.id });
    expect((await client.closed).code).toBe(1000);
  });

  it.each([1, 2])('gets code and details of an error, in form %d', async (form) => {
    for (let i = 0; i < form; i++) {
      await expect(call('Get', { connection_id: 'nobody' })).rejects.toMatchObject({
        code: 5,
        details: 'Connection nobody not found',
      });
    }
  });
});
