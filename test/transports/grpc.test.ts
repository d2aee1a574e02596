import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createSecureServer, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { BroadcastError, createBroadcaster, type Transport } from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { grpcTransport, type GrpcTransportOptions } from 'yc-broadcast/transports/grpc';
import { localCertificate, type Certificate } from '../support/certificate.js';
import { grpcGateway, type GrpcBehaviour, type GrpcRefusal } from '../support/grpc-gateway.js';
import { fillRoom } from '../support/people.js';

let certificate: Certificate;
const cleanups: (() => void | Promise<void>)[] = [];
const IN_TIME = { timeoutMs: 5000 };

beforeAll(async () => {
  certificate = await localCertificate();
});

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** A gateway, and a transport that trusts it. */
async function connected(behaviour?: GrpcBehaviour, options: GrpcTransportOptions = {}) {
  const gateway = await grpcGateway(certificate, behaviour);
  cleanups.push(gateway.close);
  return { gateway, transport: transportTo(gateway.endpoint, options) };
}

function transportTo(endpoint: string, options: GrpcTransportOptions = {}): Transport {
  const transport = grpcTransport({ endpoint, ca: certificate.cert, token: 'good', ...options });
  cleanups.push(transport.close);
  return transport;
}

function send(transport: Transport, payload: string | Uint8Array = 'hello', id = 'c1'): Promise<void> {
  return transport.send(id, transport.encode(payload), IN_TIME);
}

async function errorOf(promise: Promise<unknown>): Promise<BroadcastError> {
  const reason = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (reason instanceof BroadcastError) return reason;
  throw new Error('expected a BroadcastError', { cause: reason });
}

async function listening(server: Server | Http2Server): Promise<number> {
  server.listen(0, 'localhost');
  cleanups.push(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A server that answers every gRPC request with these headers and, if there are any, trailers. */
async function fixedServer(
  headers: Record<string, string>,
  trailers?: Record<string, string>,
): Promise<string> {
  const server = createSecureServer({ key: certificate.key, cert: certificate.cert });
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond(headers, trailers === undefined ? { endStream: true } : { waitForTrailers: true });
    stream.on('wantTrailers', () => {
      stream.sendTrailers(trailers ?? {});
    });
    if (trailers !== undefined) stream.end();
  });
  return `https://localhost:${await listening(server)}`;
}

describe('messages', () => {
  it('sends text as text and bytes as bytes', async () => {
    const { gateway, transport } = await connected();
    await send(transport, 'Привет', 'text');
    await send(transport, Uint8Array.of(0, 255, 1), 'bytes');
    expect(gateway.sent.map(({ connectionId, data, type }) => [connectionId, [...data], type])).toEqual([
      ['text', [...Buffer.from('Привет')], 2],
      ['bytes', [0, 255, 1], 1],
    ]);
  });

  it.each([1, 126, 127, 128, 16_383, 16_384, 65_535, 131_072])('sends %i bytes unchanged', async (length) => {
    const { gateway, transport } = await connected();
    const bytes = Buffer.from(Array.from({ length }, (_, index) => (index * 31) % 251));
    await send(transport, bytes);
    expect(Buffer.compare(gateway.sent[0]?.data ?? Buffer.alloc(0), bytes)).toBe(0);
  });

  it('names connections of every length, in any script', async () => {
    const { gateway, transport } = await connected();
    const ids = ['x', 'y'.repeat(50), 'ж'.repeat(50), '鍵'.repeat(50)];
    for (const id of ids) await send(transport, 'hello', id);
    expect(gateway.sent.map(({ connectionId }) => connectionId)).toEqual(ids);
  });

  it('encodes a payload once for any number of recipients', async () => {
    const { gateway, transport } = await connected();
    const payload = transport.encode('same');
    await Promise.all(
      Array.from({ length: 300 }, (_, index) => transport.send(`c${index}`, payload, IN_TIME)),
    );
    expect(new Set(gateway.sent.map(({ connectionId }) => connectionId)).size).toBe(300);
    expect(new Set(gateway.sent.map(({ data }) => data.toString()))).toEqual(new Set(['same']));
  });

  it('refuses before sending what the gateway would refuse', async () => {
    const { gateway, transport } = await connected();
    expect(transport.maxPayloadBytes).toBe(131_072);
    expect(() => transport.encode('x'.repeat(131_073))).toThrow(/^PAYLOAD_TOO_LARGE: .*131073 bytes.*131072/);
    expect(() => transport.encode('')).toThrow(/^INVALID_OPTIONS: payload: is empty/);
    expect((await errorOf(send(transport, 'x', ''))).code).toBe('INVALID_REQUEST');
    expect((await errorOf(send(transport, 'x', 'x'.repeat(51)))).code).toBe('INVALID_REQUEST');
    expect(gateway.sent).toEqual([]);
  });

  it('tells what the gateway knows of a connection', async () => {
    const { transport } = await connected();
    expect(await transport.get('c1', IN_TIME)).toEqual({
      id: 'c1',
      gatewayId: 'd5dsample',
      sourceIp: '203.0.113.7',
      userAgent: 'Mozilla/5.0',
      connectedAt: 1_700_000_000_123,
      lastActiveAt: 1_700_000_100_000,
    });
  });

  it('disconnects', async () => {
    const { gateway, transport } = await connected();
    await transport.disconnect('c1', IN_TIME);
    expect(gateway.disconnected).toEqual(['c1']);
  });

  it('carries a whole broadcast', async () => {
    const gone = new Set(['p00003', 'p00007']);
    const { gateway, transport } = await connected((id) =>
      gone.has(id) ? { code: 5, details: 'no such connection' } : undefined,
    );
    const store = memoryStore();
    await fillRoom(store, 'room', 500);
    const report = await createBroadcaster({ store, transport }).to('room').send('news', { n: 1 });
    expect(report).toMatchObject({ recipients: 500, delivered: 498, stale: 2, removed: 2, failed: 0 });
    expect(new Set(gateway.sent.map(({ connectionId }) => connectionId)).size).toBe(498);
  });
});

describe('refusals', () => {
  it.each([
    [1, 'NO_ANSWER'],
    [3, 'INVALID_REQUEST'],
    [4, 'NO_ANSWER'],
    [5, 'CONNECTION_STALE'],
    [7, 'FORBIDDEN'],
    [8, 'RATE_LIMITED'],
    [13, 'GATEWAY_UNAVAILABLE'],
    [14, 'GATEWAY_UNAVAILABLE'],
    [15, 'UNKNOWN'],
    [16, 'UNAUTHENTICATED'],
  ])('understands status %i, alone or behind headers', async (code, expected) => {
    for (const headersFirst of [false, true]) {
      const { transport } = await connected(() => ({ code, details: 'its words', headersFirst }));
      const error = await errorOf(send(transport));
      expect(error.code).toBe(expected);
      expect(error.message).toMatch(/: its words$/);
    }
  });

  it('reads messages in any script, and keeps the beginning of long ones', async () => {
    let details = 'соединение 100% закрыто\n';
    const { transport } = await connected(() => ({ code: 5, details }));
    expect((await errorOf(send(transport))).message).toBe(
      `CONNECTION_STALE: the gateway answered NOT_FOUND: ${details}`,
    );
    details = 'as before '.repeat(500);
    expect((await errorOf(send(transport))).message).toHaveLength(
      'CONNECTION_STALE: the gateway answered NOT_FOUND: '.length + 200,
    );
  });

  it.each<[Record<string, string>, number | undefined]>([
    [{ 'grpc-retry-pushback-ms': '1500' }, 1500],
    [{ 'grpc-retry-pushback-ms': '-1' }, undefined],
    [{ 'retry-after': '2' }, 2000],
    [{ 'grpc-retry-pushback-ms': '10', 'retry-after': '2' }, 10],
    [{}, undefined],
  ])('hears how long to wait: %j', async (trailers, expected) => {
    const refusal: GrpcRefusal = { code: 8, details: 'too many', trailers };
    const { transport } = await connected(() => refusal);
    expect((await errorOf(send(transport))).retryAfterMs).toBe(expected);
  });

  it.each([
    ['404', 'INVALID_REQUEST'],
    ['410', 'INVALID_REQUEST'],
    ['403', 'FORBIDDEN'],
    ['429', 'RATE_LIMITED'],
    ['503', 'GATEWAY_UNAVAILABLE'],
    ['504', 'NO_ANSWER'],
    ['200', 'UNKNOWN'],
  ])(
    'takes HTTP status %s without a gRPC status for an answer from something on the way',
    async (status, expected) => {
      const transport = transportTo(await fixedServer({ ':status': status }));
      const error = await errorOf(send(transport));
      expect(error.message).toBe(`${expected}: the answer has HTTP status ${status} and no gRPC status`);
    },
  );

  it('believes trailers more than headers', async () => {
    const endpoint = await fixedServer({ ':status': '200', 'grpc-status': '0' }, { 'grpc-status': '5' });
    expect((await errorOf(send(transportTo(endpoint)))).code).toBe('CONNECTION_STALE');
  });

  it.each([['abc'], ['99'], ['-1']])('does not guess what status "%s" means', async (status) => {
    const transport = transportTo(await fixedServer({ ':status': '200', 'grpc-status': status }));
    expect((await errorOf(send(transport))).code).toBe('UNKNOWN');
  });
});

describe('tokens', () => {
  const onlyGood: GrpcBehaviour = (_id, token) =>
    token === 'good' ? undefined : { code: 16, details: 'no' };

  it('gives a refused token a second chance with a fresh one', async () => {
    const tokens = ['revoked', 'good', 'good'];
    const { gateway, transport } = await connected(onlyGood, { token: () => tokens.shift() ?? 'none' });
    await send(transport);
    expect(gateway.sent).toHaveLength(1);
    await send(transport);
    expect(tokens).toEqual([]);
  });

  it('does not ask twice with the same token, and never shows it', async () => {
    let asked = 0;
    const { transport } = await connected(
      () => {
        asked++;
        return { code: 16, details: 'no' };
      },
      { token: 'the-secret' },
    );
    const error = await errorOf(send(transport));
    expect(error.code).toBe('UNAUTHENTICATED');
    expect(asked).toBe(1);
    expect(JSON.stringify(error) + String(error.stack)).not.toContain('the-secret');
  });

  it('uses the token of the call', async () => {
    const { gateway, transport } = await connected(onlyGood, { token: undefined });
    transport.onInvocation?.({ token: { access_token: 'good', expires_in: 3600 } });
    await send(transport);
    expect(gateway.sent).toHaveLength(1);
  });

  it('refuses what cannot be a token', async () => {
    const tokens = ['ключ', 'x'.repeat(20_000), 'good'];
    const { transport } = await connected(undefined, { token: () => tokens.shift() ?? 'none' });
    for (let i = 0; i < 2; i++) {
      expect((await errorOf(send(transport))).message).toMatch(/^(INVALID_OPTIONS|UNAUTHENTICATED): .*token/);
    }
    await send(transport);
  });

  it('follows tokens that change, also when they fill the header table', async () => {
    let count = 0;
    const { gateway, transport } = await connected(undefined, {
      token: () => `${count++}`.padStart(900, 't'),
    });
    for (let i = 0; i < 12; i++) await send(transport);
    expect(gateway.sent).toHaveLength(12);
  });
});

describe('connections', () => {
  it('opens one for any number of sends', async () => {
    let opened = 0;
    const server = createServer();
    server.on('session', () => opened++);
    server.on('stream', (stream: ServerHttp2Stream) => {
      stream.respond({ ':status': 200, 'grpc-status': '0' }, { endStream: true });
    });
    const transport = transportTo(`http://localhost:${await listening(server)}`, { ca: undefined });
    const payload = transport.encode('x');
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        Array.from({ length: 50 }, (_, index) => transport.send(`c${index}`, payload, IN_TIME)),
      );
    }
    expect(opened).toBe(1);
  });

  it('says that nothing was carried out when nobody is there', async () => {
    const server = createTcpServer();
    const port = await listening(server);
    server.close();
    const error = await errorOf(send(transportTo(`https://localhost:${port}`)));
    expect(error.message).toBe('GATEWAY_UNAVAILABLE: no connection to the gateway: ECONNREFUSED');
  });

  it('says who is not trusted, and what can be done', async () => {
    const { gateway } = await connected();
    const error = await errorOf(send(transportTo(gateway.endpoint, { ca: undefined })));
    expect(error.message).toMatch(
      /^GATEWAY_UNAVAILABLE: no connection to the gateway: .*SELF_SIGNED.*; the option `ca` or YC_BROADCAST_CA adds/,
    );
  });

  it('trusts the authority that YC_BROADCAST_CA adds', async () => {
    const { gateway } = await connected();
    const directory = mkdtempSync(join(tmpdir(), 'ca-'));
    const file = join(directory, 'ca.pem');
    writeFileSync(file, certificate.cert);
    process.env['YC_BROADCAST_CA'] = file;
    cleanups.push(() => {
      delete process.env['YC_BROADCAST_CA'];
      rmSync(directory, { recursive: true });
    });
    await send(transportTo(gateway.endpoint, { ca: undefined }));
    process.env['YC_BROADCAST_CA'] = join(directory, 'missing.pem');
    const error = await errorOf(send(transportTo(gateway.endpoint, { ca: undefined })));
    expect(error.message).toMatch(/^INVALID_OPTIONS: YC_BROADCAST_CA: .*missing\.pem cannot be read/);
  });

  it.each([[['http/1.1']], [[]]])(
    'recommends another transport where only %j is spoken',
    async (ALPNProtocols) => {
      const server = createHttpsServer({ key: certificate.key, cert: certificate.cert, ALPNProtocols });
      const error = await errorOf(send(transportTo(`https://localhost:${await listening(server)}`)));
      expect(error.message).toMatch(/^GATEWAY_UNAVAILABLE: .*does not speak HTTP\/2.*restTransport\(\)/);
    },
  );

  it('does not know what became of a request that is never answered', async () => {
    const { transport } = await connected(() => 'never');
    const error = await errorOf(transport.send('c1', transport.encode('x'), { timeoutMs: 300 }));
    expect(error.message).toBe('NO_ANSWER: no answer within the time limit of the attempt');
  });

  it('refuses everything after it was closed, and fails what was under way', async () => {
    let arrived: () => void = () => undefined;
    const arrival = new Promise<void>((resolve) => (arrived = resolve));
    const { transport } = await connected(() => {
      arrived();
      return 'never';
    });
    const underWay = errorOf(send(transport));
    await arrival;
    await transport.close();
    await transport.close();
    expect((await underWay).message).toBe('NO_ANSWER: the transport was closed');
    expect((await errorOf(send(transport))).message).toBe('INVALID_OPTIONS: the transport was closed');
  });

  it('asks for the endpoint before every attempt', async () => {
    const gateways = [await connected(), await connected()].map(({ gateway }) => gateway);
    let turn = 0;
    const transport = transportTo('', { endpoint: () => gateways[turn++ % 2]?.endpoint ?? '' });
    for (let i = 0; i < 4; i++) await send(transport);
    expect(gateways.map(({ sent }) => sent.length)).toEqual([2, 2]);
  });

  it('do not keep a process alive when they are idle', async () => {
    const { gateway } = await connected();
    const directory = mkdtempSync(join(tmpdir(), 'idle-'));
    cleanups.push(() => {
      rmSync(directory, { recursive: true });
    });
    const outfile = join(directory, 'main.mjs');
    const contents = `
      import { grpcTransport } from './src/transports/grpc.ts';
      const transport = grpcTransport({ token: 'x', ca: process.env.CA });
      await transport.send('c1', transport.encode('hi'), { timeoutMs: 60000 });
      console.log('sent');`;
    await build({
      stdin: { contents, resolveDir: process.cwd() },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile,
    });
    const env = { ...process.env, CA: certificate.cert, YC_BROADCAST_ENDPOINT: gateway.endpoint };
    const { stdout } = await promisify(execFile)(process.execPath, [outfile], { env, timeout: 20_000 });
    expect(stdout).toBe('sent\n');
    expect(gateway.sent).toHaveLength(1);
  });
});

describe('options', () => {
  it.each<[object, RegExp]>([
    [{ endpont: 'https://x' }, /^INVALID_OPTIONS: grpcTransport: .*endpont/],
    [{ ca: '/path/to/ca.pem' }, /^INVALID_OPTIONS: grpcTransport\.ca: expected certificates in PEM/],
    [{ token: '' }, /^INVALID_OPTIONS: credentials\.token/],
  ])('refuses %j', (options, problem) => {
    expect(() => grpcTransport(options as GrpcTransportOptions)).toThrow(problem);
  });

  it.each(['localhost:4510', 'ftp://x', 'https://'])('refuses the endpoint "%s"', async (endpoint) => {
    expect(() => grpcTransport({ endpoint })).toThrow(
      /^INVALID_OPTIONS: endpoint: expected an address such as/,
    );
    const asked = transportTo('', { endpoint: () => endpoint });
    expect((await errorOf(send(asked))).message).toMatch(/^INVALID_OPTIONS: endpoint: expected an address/);
  });
});

describe('the default transport', () => {
  it('speaks gRPC to https://, and REST to http://', async () => {
    const { gateway } = await connected();
    const paths: string[] = [];
    const rest = createHttpServer((request, response) => {
      paths.push(String(request.url));
      response.end('{}');
    });
    const plain = `http://localhost:${await listening(rest)}`;
    setEnvironment(gateway.endpoint);
    process.env['YC_TOKEN'] = 'good';
    const store = memoryStore();
    await fillRoom(store, 'room', 1);
    const broadcaster = createBroadcaster({ store });
    cleanups.push(broadcaster.transport.close);
    expect(broadcaster.transport).toMatchObject({ name: 'grpc', maxPayloadBytes: 131_072 });
    expect(await broadcaster.to('room').send('x', 1)).toMatchObject({ delivered: 1 });
    process.env['YC_BROADCAST_ENDPOINT'] = plain;
    expect(broadcaster.transport).toMatchObject({ name: 'rest', maxPayloadBytes: 98_304 });
    expect(await broadcaster.to('room').send('x', 1)).toMatchObject({ delivered: 1 });
    expect(gateway.sent).toHaveLength(1);
    expect(paths).toEqual(['/apigateways/websocket/v1/connections/p00000:send']);
  });

  it('takes the token from the call', async () => {
    const { gateway } = await connected((_id, token) =>
      token === 'token-of-the-call' ? undefined : { code: 7, details: 'another' },
    );
    setEnvironment(gateway.endpoint);
    const store = memoryStore();
    await fillRoom(store, 'room', 1);
    const broadcaster = createBroadcaster({ store });
    cleanups.push(broadcaster.transport.close);
    const call = { token: { access_token: 'token-of-the-call', expires_in: 3600 } };
    expect(await broadcaster.during(call).to('room').send('x', 1)).toMatchObject({ delivered: 1 });
  });

  it('tells and disconnects', async () => {
    const { gateway } = await connected();
    setEnvironment(gateway.endpoint);
    process.env['YC_TOKEN'] = 'good';
    const { transport } = createBroadcaster({ store: memoryStore() });
    cleanups.push(transport.close);
    expect(await transport.get('c1', IN_TIME)).toMatchObject({ id: 'c1' });
    await transport.disconnect('c1', IN_TIME);
    expect(gateway.disconnected).toEqual(['c1']);
  });
});

/** What the default transport reads from the environment, until the end of the test. */
function setEnvironment(endpoint: string): void {
  const directory = mkdtempSync(join(tmpdir(), 'ca-'));
  writeFileSync(join(directory, 'ca.pem'), certificate.cert);
  process.env['YC_BROADCAST_CA'] = join(directory, 'ca.pem');
  process.env['YC_BROADCAST_ENDPOINT'] = endpoint;
  cleanups.push(() => {
    delete process.env['YC_BROADCAST_CA'];
    delete process.env['YC_BROADCAST_ENDPOINT'];
    delete process.env['YC_TOKEN'];
    rmSync(directory, { recursive: true });
  });
}
