/** The REST transport against real servers, among them some that misbehave. */
import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect, promisify } from 'node:util';
import { generate } from 'selfsigned';
import { BroadcastError, type Payload, type Transport } from 'yc-broadcast';
import { restTransport, type RestTransportOptions } from 'yc-broadcast/transports/rest';

const IN_TIME = { timeoutMs: 5000 };
const SOON = { timeoutMs: 100 };
const SEND_PATH = '/apigateways/websocket/v1/connections/c1:send';
const TOKEN = 't1.secret-token';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  jest.restoreAllMocks();
  delete process.env['YC_BROADCAST_ENDPOINT'];
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Listens on a free port and counts its sockets. */
async function listen(server: Server, host = '127.0.0.1') {
  const sockets = new Set<Socket>();
  let opened = 0;
  server.on('connection', (socket: Socket) => {
    opened++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, host);
  await once(server, 'listening');
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets, opened: () => opened };
}

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
type Answer = (received: Received, response: ServerResponse, count: number) => void;

const accept: Answer = (_received, response) => {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
};
const status =
  (code: number, body = '', headers: Record<string, string> = {}): Answer =>
  (_received, response) => {
    response.writeHead(code, headers).end(body);
  };

function recording(answer: Answer) {
  const requests: Received[] = [];
  const listener: RequestListener = (request, response) => {
    void (async () => {
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
      const received = { method: request.method, url: request.url, headers: request.headers, body };
      requests.push(received);
      answer(received, response, requests.length);
    })();
  };
  return { requests, listener };
}

function transport(options: RestTransportOptions): Transport {
  const made = restTransport({ token: TOKEN, ...options });
  cleanups.push(() => made.close());
  return made;
}

async function gateway(answer: Answer = accept, options: RestTransportOptions = {}) {
  const { requests, listener } = recording(answer);
  const listening = await listen(createServer({ keepAliveTimeout: 60_000 }, listener));
  const endpoint = `http://127.0.0.1:${listening.port}`;
  return { requests, endpoint, ...listening, rest: transport({ endpoint, ...options }) };
}

const send = (
  rest: Transport,
  payload: Payload = 'hi',
  options: Parameters<Transport['send']>[2] = IN_TIME,
) => rest.send('c1', rest.encode(payload), options);

/** The error, which has to be ours, retryable or not, and silent about the token. */
async function errorOf(promise: Promise<unknown>): Promise<BroadcastError> {
  const error = await promise.then(
    () => new Error('expected an error'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof BroadcastError)) throw error;
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(TOKEN);
  return error;
}

describe('a request', () => {
  it('of send is the documented one', async () => {
    const { requests, rest } = await gateway();
    await send(rest, 'Привет 👋');
    expect(requests).toMatchObject([
      {
        method: 'POST',
        url: SEND_PATH,
        headers: {
          authorization: `Bearer ${TOKEN}`,
          'content-type': 'application/json',
          'content-length': String(requests[0]?.body.length),
        },
      },
    ]);
    const data = Buffer.from('Привет 👋').toString('base64');
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ data, type: 'TEXT' });
  });

  it('carries bytes as they are, also those of a view into something larger', async () => {
    const { requests, rest } = await gateway();
    await send(rest, new Uint8Array([9, 0, 255, 128, 9]).subarray(1, 4));
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ data: 'AP+A', type: 'BINARY' });
  });

  it('of get is the documented one, and its answer is read', async () => {
    const answer = {
      id: 'c1',
      gatewayId: 'd5d',
      identity: { sourceIp: '203.0.113.7', userAgent: 'Mozilla' },
      connectedAt: '2026-11-23T10:00:00Z',
      lastActiveAt: '2026-11-23T10:00:01.123456789Z',
    };
    const { requests, rest } = await gateway(status(200, JSON.stringify(answer)));
    expect(await rest.get('c1', IN_TIME)).toEqual({
      id: 'c1',
      gatewayId: 'd5d',
      sourceIp: '203.0.113.7',
      userAgent: 'Mozilla',
      connectedAt: Date.UTC(2026, 10, 23, 10),
      lastActiveAt: Date.UTC(2026, 10, 23, 10, 0, 1, 123),
    });
    expect(requests).toMatchObject([
      { method: 'GET', url: '/apigateways/websocket/v1/connections/c1', body: '' },
    ]);
    expect(requests[0]?.headers['content-type']).toBeUndefined();
  });

  it.each(['', '{}', '[]', '<html>', '{"id":"c1","connectedAt":"yesterday","lastActiveAt":"today"}'])(
    'of get fails clearly with the answer %p',
    async (body) => {
      const { rest } = await gateway(status(200, body));
      expect((await errorOf(rest.get('c1', IN_TIME))).message).toContain('described the connection');
    },
  );

  it('of disconnect is the documented one', async () => {
    const { requests, rest } = await gateway();
    await rest.disconnect('c1', IN_TIME);
    expect(requests).toMatchObject([
      { method: 'DELETE', url: '/apigateways/websocket/v1/connections/c1', body: '' },
    ]);
  });

  it.each(['a/b', 'a?b=c#d', 'a b+c', '%2F', 'идентификатор', 'a:send', '👋'])(
    'encodes the id %p so that the gateway reads the same one',
    async (id) => {
      const { requests, rest } = await gateway();
      await rest.send(id, rest.encode('x'), IN_TIME);
      const [, encoded = ''] = /connections\/([^/]*):send$/.exec(requests[0]?.url ?? '') ?? [];
      expect(decodeURIComponent(encoded)).toBe(id);
    },
  );

  it.each([[''], ['x'.repeat(51)], ['\ud800']])('is not made for the malformed id %p', async (id) => {
    const { requests, rest } = await gateway();
    for (const call of [
      rest.send(id, rest.encode('x'), IN_TIME),
      rest.get(id, IN_TIME),
      rest.disconnect(id, IN_TIME),
    ])
      expect((await errorOf(call)).code).toBe('INVALID_REQUEST');
    expect(requests).toEqual([]);
  });

  it('is made for an id of 50 characters', async () => {
    const { rest } = await gateway();
    await rest.send('x'.repeat(50), rest.encode('x'), IN_TIME);
  });
});

describe('a payload', () => {
  it.each<[string, Payload, number]>([
    ['98,304 bytes', 'x'.repeat(98_304), 98_304],
    ['98,304 bytes of binary', new Uint8Array(98_304), 98_304],
    ['49,152 characters of two bytes', 'ф'.repeat(49_152), 98_304],
    ['one byte', 'x', 1],
  ])('may have %s', async (_name, payload, bytes) => {
    const { requests, rest } = await gateway();
    const encoded = rest.encode(payload);
    expect(encoded.bytes).toBe(bytes);
    await rest.send('c1', encoded, IN_TIME);
    const { data } = JSON.parse(requests[0]?.body ?? '') as { data: string };
    expect(Buffer.from(data, 'base64').equals(Buffer.from(payload))).toBe(true);
    expect(data.length).toBeLessThanOrEqual(131_072);
  });

  it.each<[string, Payload, string]>([
    ['98,305 bytes', 'x'.repeat(98_305), 'PAYLOAD_TOO_LARGE'],
    ['98,306 bytes in 49,153 characters', 'ф'.repeat(49_153), 'PAYLOAD_TOO_LARGE'],
    ['no text', '', 'INVALID_OPTIONS'],
    ['no bytes', new Uint8Array(0), 'INVALID_OPTIONS'],
  ])('may not have %s', (_name, payload, code) => {
    const rest = transport({});
    expect(rest.maxPayloadBytes).toBe(98_304);
    expect(() => rest.encode(payload)).toThrow(expect.objectContaining({ code }));
  });

  it('is encoded once for all its recipients', async () => {
    const { requests, rest } = await gateway();
    const encoded = rest.encode('x');
    await Promise.all(['a', 'b', 'c'].map((id) => rest.send(id, encoded, IN_TIME)));
    expect(new Set(requests.map(({ body }) => body)).size).toBe(1);
    expect(requests.map(({ url }) => url?.at(-6))).toEqual(expect.arrayContaining(['a', 'b', 'c']));
  });
});

describe('connections', () => {
  it('are kept alive: one after another needs one, many at once as many', async () => {
    const { rest, opened } = await gateway();
    for (let i = 0; i < 10; i++) await send(rest);
    expect(opened()).toBe(1);
    for (let round = 0; round < 3; round++) await Promise.all(Array.from({ length: 8 }, () => send(rest)));
    expect(opened()).toBeLessThanOrEqual(8);
    expect(opened()).toBeGreaterThan(1);
  });

  it('are 128 at most; what exceeds that waits, and is told apart from what was sent', async () => {
    const waiting: ServerResponse[] = [];
    const { rest, requests, opened } = await gateway((_received, response) => waiting.push(response));
    const first = Array.from({ length: 128 }, () => send(rest));
    while (waiting.length < 128) await new Promise((resolve) => setImmediate(resolve));
    expect((await errorOf(send(rest, 'queued', SOON))).code).toBe('GATEWAY_UNAVAILABLE');
    const last = send(rest, 'handed on', { timeoutMs: 2000 });
    for (const response of waiting.splice(0)) response.end('{}');
    await Promise.all(first);
    // It got a connection that had been used, and then no answer.
    expect((await errorOf(last)).code).toBe('NO_ANSWER');
    expect([requests.length, opened()]).toEqual([129, 128]);
  });

  it('that the gateway closed are opened anew', async () => {
    const { rest, sockets, opened } = await gateway();
    await send(rest);
    await Promise.all([...sockets].map((socket) => once(socket.destroy(), 'close')));
    await send(rest).catch((error: unknown) => {
      // The news of the close may arrive together with the next request.
      expect(error).toMatchObject({ code: 'NO_ANSWER' });
    });
    await send(rest);
    expect(opened()).toBe(2);
  });

  it('are not trusted after a pause of the instance, in which they may have died without a word', async () => {
    const { rest, opened } = await gateway();
    await send(rest);
    const { now } = Date;
    jest.spyOn(Date, 'now').mockImplementation(() => now() + 11_000);
    await send(rest);
    expect(opened()).toBe(2);
    await send(rest);
    expect(opened()).toBe(2);
  });

  it('that turn out to be dead cost one attempt, not one each', async () => {
    // Answers the first request of each socket and is silent from then on, until it is told to recover.
    let isDead = false;
    const { listener } = recording(accept);
    const http = createServer(listener);
    const proxied = await listen(
      createTcpServer((socket) => {
        const wasBorn = isDead;
        socket.on('data', () => {
          if (isDead && !wasBorn) socket.removeAllListeners('data').pause();
        });
        if (!isDead || wasBorn) http.emit('connection', socket);
      }),
    );
    const rest = transport({ endpoint: `http://127.0.0.1:${proxied.port}` });
    await Promise.all([send(rest), send(rest), send(rest)]);
    expect(proxied.opened()).toBe(3);
    isDead = true;
    for (const socket of proxied.sockets) {
      socket.removeAllListeners('data');
      socket.pause();
    }
    expect((await errorOf(send(rest, 'x', SOON))).code).toBe('NO_ANSWER');
    await send(rest);
    expect(proxied.opened()).toBe(4);
  });

  it('in an idle transport do not keep the process alive', async () => {
    const { endpoint, requests } = await gateway();
    const directory = mkdtempSync(join(tmpdir(), 'idle-'));
    cleanups.push(() => {
      rmSync(directory, { recursive: true });
    });
    const outfile = join(directory, 'main.mjs');
    await build({
      stdin: {
        contents: `
          import { restTransport } from './src/transports/rest.ts';
          const rest = restTransport({ endpoint: '${endpoint}', token: 'x' });
          await rest.send('c1', rest.encode('hi'), { timeoutMs: 5000 });
          console.log('sent');`,
        resolveDir: process.cwd(),
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile,
    });
    const { stdout } = await promisify(execFile)(process.execPath, [outfile], { timeout: 20_000 });
    expect(stdout).toBe('sent\n');
    expect(requests).toHaveLength(1);
  });
});

describe('an attempt that fails', () => {
  it.each<[number, string]>([
    [400, 'INVALID_REQUEST'],
    [401, 'UNAUTHENTICATED'],
    [403, 'FORBIDDEN'],
    [404, 'CONNECTION_STALE'],
    [410, 'CONNECTION_STALE'],
    [429, 'RATE_LIMITED'],
    [500, 'GATEWAY_UNAVAILABLE'],
    [503, 'GATEWAY_UNAVAILABLE'],
    [504, 'NO_ANSWER'],
  ])('with %d is %s and tells what the gateway said', async (code, expected) => {
    const { rest } = await gateway(
      status(code, '{"code":2,"message":"its words","details":[]}', { 'Retry-After': '2' }),
    );
    const error = await errorOf(send(rest));
    // 400 alone does not tell, so the gRPC code in the body is asked.
    expect(error.code).toBe(code === 400 ? 'UNKNOWN' : expected);
    expect(error.message).toContain(`${code}: its words`);
    expect(error.retryAfterMs).toBe(2000);
  });

  it('with a page of somebody else says that the endpoint is wrong', async () => {
    const { rest } = await gateway(status(404, '<h1>Not Found</h1>', { 'Content-Type': 'text/html' }));
    expect((await errorOf(send(rest))).message).toContain('INVALID_OPTIONS: endpoint:');
  });

  it('with an answer that came before the request was read is judged by that answer', async () => {
    const { port } = await listen(
      createTcpServer((socket) => {
        socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      }),
    );
    const rest = transport({ endpoint: `http://127.0.0.1:${port}` });
    expect((await errorOf(send(rest, 'x'.repeat(98_304)))).code).toBe('GATEWAY_UNAVAILABLE');
  });

  it.each<[string, (socket: Socket) => void]>([
    ['closes without an answer', (socket) => socket.destroy()],
    ['resets', (socket) => socket.resetAndDestroy()],
    ['answers nonsense', (socket) => socket.end('hello there\r\n\r\n')],
    ['answers half', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}')],
    ['never answers', () => undefined],
    ['never ends its answer', (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}')],
  ])('since the gateway %s is NO_ANSWER: it may have been carried out', async (_name, misbehave) => {
    const { port } = await listen(
      createTcpServer((socket) => {
        socket.once('data', () => {
          misbehave(socket);
        });
      }),
    );
    const rest = transport({ endpoint: `http://127.0.0.1:${port}` });
    const error = await errorOf(send(rest, 'x', { timeoutMs: 300 }));
    expect(error).toMatchObject({ code: 'NO_ANSWER', retryable: true });
  });

  it('by switching protocols is UNKNOWN', async () => {
    const { port } = await listen(
      createTcpServer((socket) => {
        socket.once('data', () => {
          socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n');
        });
      }),
    );
    const rest = transport({ endpoint: `http://127.0.0.1:${port}` });
    expect((await errorOf(send(rest))).code).toBe('UNKNOWN');
  });

  it('since nobody listens is GATEWAY_UNAVAILABLE', async () => {
    const { endpoint, rest } = await gateway();
    await Promise.all(cleanups.splice(0).map((cleanup) => cleanup()));
    const error = await errorOf(send(transport({ endpoint })));
    expect(error.code).toBe('GATEWAY_UNAVAILABLE');
    expect(error.message).toContain('ECONNREFUSED');
    await rest.close();
  });

  it('since the name cannot be resolved is GATEWAY_UNAVAILABLE', async () => {
    const rest = transport({ endpoint: 'http://gateway.invalid' });
    expect((await errorOf(send(rest))).code).toBe('GATEWAY_UNAVAILABLE');
  });

  it('since the TLS handshake does not end is GATEWAY_UNAVAILABLE: nothing was sent', async () => {
    const { port, opened } = await listen(createTcpServer(() => undefined));
    const rest = transport({ endpoint: `https://127.0.0.1:${port}` });
    expect((await errorOf(send(rest, 'x', SOON))).code).toBe('GATEWAY_UNAVAILABLE');
    expect(opened()).toBe(1);
  });

  it('since its time was over before it began is GATEWAY_UNAVAILABLE', async () => {
    const { port } = await listen(createTcpServer(() => undefined));
    const rest = transport({ endpoint: `https://127.0.0.1:${port}` });
    expect((await errorOf(send(rest, 'x', { timeoutMs: -5 }))).message).not.toContain('-');
  });
});

describe('TLS', () => {
  let pem: { cert: string; private: string };

  beforeAll(async () => {
    pem = await generate([{ name: 'commonName', value: 'localhost' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    });
  });

  async function secure() {
    const { requests, listener } = recording(accept);
    const { port, opened } = await listen(createHttpsServer({ cert: pem.cert, key: pem.private }, listener));
    return { requests, opened, port };
  }

  it('carries requests, over one connection, when the certificate is trusted', async () => {
    const { requests, opened, port } = await secure();
    const rest = transport({ endpoint: `https://localhost:${port}`, ca: pem.cert });
    for (let i = 0; i < 3; i++) await send(rest);
    expect(requests).toHaveLength(3);
    expect(opened()).toBe(1);
  });

  it('trusts the file that YC_BROADCAST_CA adds, when there is no option', async () => {
    const { requests, port } = await secure();
    const directory = mkdtempSync(join(tmpdir(), 'ca-'));
    cleanups.push(() => {
      rmSync(directory, { recursive: true });
      delete process.env['YC_BROADCAST_CA'];
    });
    process.env['YC_BROADCAST_CA'] = join(directory, 'ca.pem');
    const rest = transport({ endpoint: `https://localhost:${port}` });
    expect(await errorOf(send(rest))).toMatchObject({ code: 'INVALID_OPTIONS' });
    writeFileSync(join(directory, 'ca.pem'), pem.cert);
    await send(rest);
    expect(requests).toHaveLength(1);
  });

  it('refuses a certificate that is not trusted, and says so', async () => {
    const { requests, port } = await secure();
    const error = await errorOf(send(transport({ endpoint: `https://localhost:${port}` })));
    expect(error.code).toBe('GATEWAY_UNAVAILABLE');
    expect(error.message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(requests).toEqual([]);
  });

  it('refuses a certificate for another name', async () => {
    const { requests, port } = await secure();
    const rest = transport({ endpoint: `https://127.0.0.1:${port}`, ca: pem.cert });
    expect((await errorOf(send(rest))).message).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(requests).toEqual([]);
  });

  it('to a server that speaks none is GATEWAY_UNAVAILABLE', async () => {
    const { port } = await gateway();
    expect((await errorOf(send(transport({ endpoint: `https://127.0.0.1:${port}` })))).code).toBe(
      'GATEWAY_UNAVAILABLE',
    );
  });
});

describe('a signal', () => {
  it('that is aborted already prevents the request', async () => {
    const { rest, opened } = await gateway();
    const error = await errorOf(send(rest, 'x', { ...IN_TIME, signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ code: 'ABORTED', retryable: false });
    expect(opened()).toBe(0);
  });

  it('ends a request that waits for its answer, and closes its connection', async () => {
    const controller = new AbortController();
    const { rest, sockets } = await gateway(() => {
      controller.abort();
    });
    expect((await errorOf(send(rest, 'x', { ...IN_TIME, signal: controller.signal }))).code).toBe('ABORTED');
    await Promise.all([...sockets].map((socket) => once(socket, 'close')));
  });

  it('ends the wait for a token', async () => {
    const controller = new AbortController();
    const { rest, requests } = await gateway(accept, {
      token: () => {
        setImmediate(() => {
          controller.abort();
        });
        return new Promise(() => undefined);
      },
    });
    expect((await errorOf(send(rest, 'x', { ...IN_TIME, signal: controller.signal }))).code).toBe('ABORTED');
    expect(requests).toEqual([]);
  });

  it('may serve any number of attempts and keeps no listener', async () => {
    const { rest } = await gateway();
    const { signal } = new AbortController();
    const added = jest.spyOn(signal, 'addEventListener');
    const removed = jest.spyOn(signal, 'removeEventListener');
    await Promise.all(Array.from({ length: 9 }, () => send(rest, 'x', { ...IN_TIME, signal })));
    await new Promise((resolve) => setImmediate(resolve));
    expect(added.mock.calls.length).toBeGreaterThan(0);
    expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
  });
});

describe('a token', () => {
  /** Accepts one token only. */
  const only =
    (token: string): Answer =>
    (received, response, count) => {
      const isRight = received.headers.authorization === `Bearer ${token}`;
      (isRight ? accept : status(401, '{"code":16,"message":"no"}'))(received, response, count);
    };

  it('that is refused gives way to a fresh one, once', async () => {
    let count = 0;
    const { rest, requests } = await gateway(only('t2'), { token: () => `t${++count}` });
    await send(rest);
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer t1', 'Bearer t2']);
  });

  it('is asked for no third time', async () => {
    let count = 0;
    const { rest, requests } = await gateway(only('t3'), { token: () => `t${++count}` });
    expect((await errorOf(send(rest))).code).toBe('UNAUTHENTICATED');
    expect(requests).toHaveLength(2);
  });

  it('that is constant is tried once', async () => {
    const { rest, requests } = await gateway(only('another'));
    expect((await errorOf(send(rest))).code).toBe('UNAUTHENTICATED');
    expect(requests).toHaveLength(1);
  });

  it('of the call that is refused leads to what the gateway said, when there is no other', async () => {
    const { port } = await gateway();
    const { endpoint } = await gateway(status(401, '{"code":16,"message":"token has expired"}'));
    const rest = restTransport({ endpoint, metadataUrl: `http://127.0.0.1:${port}` });
    rest.onInvocation?.({ token: 't1.of-the-call' });
    expect((await errorOf(send(rest))).message).toContain('token has expired');
    await rest.close();
  });

  it('that does not come in time is GATEWAY_UNAVAILABLE: nothing was sent', async () => {
    const { rest, requests } = await gateway(accept, { token: () => new Promise(() => undefined) });
    const error = await errorOf(send(rest, 'x', SOON));
    expect(error).toMatchObject({ code: 'GATEWAY_UNAVAILABLE' });
    expect(error.message).toContain('token');
    expect(requests).toEqual([]);
  });

  it('that took its time leaves less of it to the request', async () => {
    const { rest } = await gateway(() => undefined, {
      token: () => new Promise((resolve) => setTimeout(resolve, 700, 't')),
    });
    const startedAt = performance.now();
    expect((await errorOf(send(rest, 'x', { timeoutMs: 1000 }))).code).toBe('NO_ANSWER');
    expect(performance.now() - startedAt).toBeLessThan(1600);
  });

  it('whose function fails is UNAUTHENTICATED', async () => {
    const token = (): string => {
      throw new TypeError('oops');
    };
    const { rest, requests } = await gateway(accept, { token });
    expect((await errorOf(send(rest))).code).toBe('UNAUTHENTICATED');
    expect(requests).toEqual([]);
  });
});

describe('the endpoint', () => {
  it('may be a function, which is asked before every attempt', async () => {
    const [one, two] = [await gateway(), await gateway()];
    const addresses = [one.endpoint, two.endpoint, one.endpoint];
    const rest = transport({ endpoint: () => addresses.shift() ?? '' });
    for (let i = 0; i < 3; i++) await send(rest);
    expect([one.requests.length, two.requests.length]).toEqual([2, 1]);
    expect((await errorOf(send(rest))).code).toBe('INVALID_OPTIONS');
  });

  it('comes from YC_BROADCAST_ENDPOINT when there is no option, at the time of the attempt', async () => {
    const { endpoint, requests } = await gateway();
    const rest = transport({});
    process.env['YC_BROADCAST_ENDPOINT'] = endpoint;
    await send(rest);
    expect(requests).toHaveLength(1);
  });

  it('may have an IPv6 address', async () => {
    const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
      all?.some(({ address }) => address === '::1'),
    );
    if (!hasIPv6) return;
    const { requests, listener } = recording(accept);
    const { port } = await listen(createServer(listener), '::1');
    await send(transport({ endpoint: `http://[::1]:${port}/` }));
    expect(requests).toHaveLength(1);
  });

  it.each([
    '',
    'gateway',
    'ftp://host',
    'https://',
    'https://host/path',
    'https://host?x',
    'https://me:secret@host',
  ])('%p is refused at once, without repeating it', (endpoint) => {
    let thrown: unknown;
    try {
      restTransport({ endpoint });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'INVALID_OPTIONS', path: ['endpoint'] });
    expect(String(thrown)).toContain('endpoint: expected an address such as https://host');
    expect(String(thrown)).not.toContain('secret');
  });

  it('whose function fails is INVALID_OPTIONS', async () => {
    const endpoint = (): string => {
      throw new TypeError('oops');
    };
    expect(await errorOf(send(transport({ endpoint })))).toMatchObject({
      code: 'INVALID_OPTIONS',
      cause: expect.any(TypeError),
    });
  });

  it('and every other option is checked', () => {
    expect(() => restTransport({ endpont: 'x' } as RestTransportOptions)).toThrow(
      'INVALID_OPTIONS: restTransport: Unrecognized key: "endpont"',
    );
  });
});

describe('close()', () => {
  it('closes sockets, may be called twice, and further calls are refused', async () => {
    const { rest, sockets } = await gateway();
    await send(rest);
    const gone = Promise.all([...sockets].map((socket) => once(socket, 'close')));
    await rest.close();
    await rest.close();
    await gone;
    for (const call of [send(rest), rest.get('c1', IN_TIME), rest.disconnect('c1', IN_TIME)])
      expect((await errorOf(call)).message).toContain('the transport was closed');
  });

  it('ends what is under way', async () => {
    const { rest } = await gateway(() => void rest.close());
    expect((await errorOf(send(rest))).code).toBe('NO_ANSWER');
  });
});
