import { afterEach, describe, expect, it } from '@jest/globals';
import { connect as connectTcp } from 'node:net';
import { networkInterfaces } from 'node:os';
import { until } from '../support/until.js';
import { startEmulator, type Emulator, type EmulatorOptions } from 'yc-broadcast/emulator';

type Event = Record<string, unknown> & {
  requestContext: Record<string, unknown>;
  headers: Record<string, string>;
};
interface Context {
  readonly token?: { readonly access_token: string };
  getRemainingTimeInMillis(): number;
  getPayload(): unknown;
}
type Handler = (event: Event, context: Context) => unknown;

/** A busy machine takes long. In milliseconds. */
const PATIENCE_MS = 30_000;

const running: Emulator[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((emulator) => emulator.stop()));
});

async function start(handler: Handler, options: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  const emulator = await startEmulator({ routes: { '/ws': handler }, ...options });
  running.push(emulator);
  return emulator;
}

const accept = (): unknown => ({ statusCode: 200 });

/** Answers each message with what `reply` makes of it, and remembers all events. */
function recorder(reply: (event: Event) => unknown = accept) {
  const events: Event[] = [];
  const handler: Handler = (event) => {
    events.push(event);
    return event.requestContext['eventType'] === 'MESSAGE' ? reply(event) : { statusCode: 200 };
  };
  const kinds = (): unknown[] => events.map((event) => event.requestContext['eventType']);
  return { events, handler, kinds };
}

function text(body: string, contentType = 'text/plain'): unknown {
  return { statusCode: 200, headers: { 'Content-Type': contentType }, body };
}

describe('events', () => {
  it('have one request id for a connection, if that is wanted', async () => {
    const { events, handler } = recorder();
    const emulator = await start(handler, { requestIds: 'connection' });
    for (const client of [await emulator.connect('/ws'), await emulator.connect('/ws')]) client.send('x');
    await until(() => events.length === 4);
    const ids = events.map(({ requestContext }) => requestContext['requestId']);
    expect(new Set(ids).size).toBe(2);
  });

  it('have the fields, units and casing of the published samples', async () => {
    const { events, handler } = recorder();
    const emulator = await start(handler, { routes: { '/ws/{room}': handler } });
    const client = await emulator.connect('/ws/lobby%201?token=a&token=b', {
      headers: { cookie: 'sid=1', 'x-my-header': 'v' },
    });
    client.send('not json');
    await emulator.idle();
    client.close(4001, 'bye');
    await client.closed;
    await emulator.idle();
    const [connect, message, disconnect] = events as [Event, Event, Event];

    const common = [
      'resource',
      'path',
      'pathParameters',
      'headers',
      'multiValueHeaders',
      'requestContext',
      'parameters',
      'multiValueParameters',
      'operationId',
    ];
    expect(Object.keys(connect).sort()).toEqual(
      [...common, 'httpMethod', 'queryStringParameters', 'multiValueQueryStringParameters'].sort(),
    );
    expect(Object.keys(message).sort()).toEqual([...common, 'body', 'isBase64Encoded'].sort());
    expect(Object.keys(disconnect).sort()).toEqual([...common].sort());

    expect(connect).toMatchObject({
      httpMethod: 'GET',
      resource: '/ws/{room}',
      path: '/ws/lobby%201',
      pathParameters: { room: 'lobby 1' },
      queryStringParameters: { token: 'b' },
      multiValueQueryStringParameters: { token: ['a', 'b'] },
      requestContext: { httpMethod: 'GET', eventType: 'CONNECT', connectionId: client.id },
      headers: { Cookie: 'sid=1', 'X-My-Header': 'v', 'X-Yc-Apigateway-Websocket-Event-Type': 'CONNECT' },
    });
    expect(client.id).toMatch(/^d[0-9a-v]{32}$/);
    expect(connect.headers).toMatchObject({
      'X-Envoy-External-Address': '127.0.0.1',
      'Uber-Trace-Id': expect.stringMatching(/^[0-9a-f]{16}:[0-9a-f]{16}:0:1$/),
    });
    expect(Object.keys(connect.headers).filter((name) => name.startsWith('Sec-Websocket-'))).toEqual([]);
    expect(connect.headers['Upgrade']).toBeUndefined();

    const { requestTimeEpoch, connectedAt, requestTime } = connect.requestContext as Record<string, number>;
    expect(Math.abs(Number(requestTimeEpoch) * 1000 - Date.now())).toBeLessThan(5000);
    expect(Math.abs(Number(connectedAt) - Date.now())).toBeLessThan(5000);
    expect(String(requestTime)).toMatch(/^\d{1,2}\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);

    expect(message).toMatchObject({
      body: 'not json',
      isBase64Encoded: false,
      headers: { Cookie: 'sid=1', 'Content-Type': 'application/json', 'Content-Length': '8' },
      requestContext: { httpMethod: 'POST', eventType: 'MESSAGE', connectedAt },
    });
    expect(disconnect).toMatchObject({
      headers: { Cookie: 'sid=1' },
      requestContext: {
        httpMethod: 'DELETE',
        disconnectStatusCode: 4001,
        disconnectReason: 'bye',
        connectedAt,
      },
    });
  });

  it('carry binary messages as base64', async () => {
    const { events, handler } = recorder();
    const emulator = await start(handler);
    const client = await emulator.connect('/ws');
    client.send(new Uint8Array([0, 255]));
    await emulator.idle();
    expect(events[1]).toMatchObject({
      body: 'AP8=',
      isBase64Encoded: true,
      headers: { 'Content-Type': 'application/octet-stream' },
    });
  });

  it('number messages so that the order of ids is the order in time', async () => {
    const { events, handler } = recorder();
    const emulator = await start(handler);
    const client = await emulator.connect('/ws');
    for (let i = 0; i < 40; i++) client.send(String(i));
    await emulator.idle();
    const messages = events.slice(1);
    const byId = [...messages].sort((a, b) =>
      String(a.requestContext['messageId']) < String(b.requestContext['messageId']) ? -1 : 1,
    );
    expect(byId.map(({ body }) => body)).toEqual(Array.from({ length: 40 }, (_, i) => String(i)));
  });

  it('give each call a context with its remaining time, payload and token', async () => {
    const contexts: Context[] = [];
    const emulator = await start(
      (_event, context) => {
        contexts.push(context);
        return { statusCode: 200 };
      },
      { timeoutMs: 5000, token: 't1.secret', clock: 'manual' },
    );
    await emulator.connect('/ws');
    const [context] = contexts as [Context];
    expect(context.getRemainingTimeInMillis()).toBe(5000);
    await emulator.clock.advance('2s');
    expect(context.getRemainingTimeInMillis()).toBe(3000);
    expect(context).toMatchObject({
      memoryLimitInMB: '128',
      token: { access_token: 't1.secret', token_type: 'Bearer' },
    });
    expect(context.getPayload()).toMatchObject({ requestContext: { eventType: 'CONNECT' } });
  });

  it('give no token to a function without a service account', async () => {
    let token: unknown = 'unset';
    const emulator = await start((_event, context) => ((token = context.token), { statusCode: 200 }), {
      serviceAccount: false,
    });
    await emulator.connect('/ws');
    expect(token).toBeUndefined();
  });
});

describe('the handshake', () => {
  it('tells the connection id in the 101', async () => {
    const emulator = await start(accept);
    const client = await emulator.connect('/ws');
    expect(client.handshake.status).toBe(101);
    expect(emulator.connections()).toEqual([client.id]);
  });

  it('is refused with the status and the body of the function', async () => {
    const emulator = await start(() => ({
      statusCode: 403,
      headers: { 'Content-Type': 'text/plain' },
      body: 'no',
    }));
    const client = await emulator.connect('/ws');
    expect(client.handshake).toMatchObject({
      status: 403,
      body: 'no',
      headers: { 'content-type': 'text/plain' },
    });
    expect(emulator.connections()).toEqual([]);
    expect(emulator.timeline()).toMatchObject([{ type: 'connect', status: 403, reason: 'no' }]);
  });

  it.each<[string, () => unknown, number]>([
    [
      'throws',
      () => {
        throw new Error('boom');
      },
      502,
    ],
    ['answers with something malformed', () => 'hello', 502],
    ['answers with nothing', () => undefined, 502],
  ])('fails with %s', async (_name, handler, status) => {
    const emulator = await start(handler);
    const { handshake } = await emulator.connect('/ws');
    expect(handshake.status).toBe(status);
    expect(handshake.body).not.toContain('boom');
    expect(emulator.timeline()[0]?.level).toBe('error');
  });

  it('fails with 504 when the function takes too long', async () => {
    const emulator = await start(() => new Promise(() => undefined), { timeoutMs: 30 });
    expect((await emulator.connect('/ws')).handshake.status).toBe(504);
  });

  it('brings the body of the connect response as the first message', async () => {
    const emulator = await start(() => text('welcome'));
    const client = await emulator.connect('/ws');
    expect(await client.next()).toBe('welcome');
  });

  it('answers with the subprotocol that the function chose, and with none otherwise', async () => {
    const choosing = await start(() => ({ statusCode: 200, headers: { 'Sec-Websocket-Protocol': 'b' } }));
    expect((await choosing.connect('/ws', { subprotocols: ['a', 'b'] })).subprotocol).toBe('b');
    const silent = await start(accept);
    await expect(silent.connect('/ws', { subprotocols: ['a'] })).rejects.toThrow(/subprotocol/);
  });

  it('is a 404 that lists the paths when there is no such path', async () => {
    const emulator = await start(accept, { routes: { '/ws': accept, '/rooms/{room}': accept } });
    const { handshake } = await emulator.connect('/wss');
    expect(handshake.status).toBe(404);
    expect(handshake.body).toContain('/ws, /rooms/{room}');
  });

  it('prefers literal paths to parameters, and those to greedy ones', async () => {
    const emulator = await start(accept, {
      routes: {
        '/{rest+}': () => text('greedy'),
        '/a/{x}': () => text('parameter'),
        '/a/b': () => text('literal'),
      },
    });
    const first = async (path: string): Promise<unknown> => (await emulator.connect(path)).next();
    expect([await first('/a/b'), await first('/a/c'), await first('/a/c/d')]).toEqual([
      'literal',
      'parameter',
      'greedy',
    ]);
  });

  it('ends with a disconnect event when the client does not wait for it', async () => {
    const kinds: unknown[] = [];
    let proceed: () => void = () => undefined;
    const emulator = await start(async (event) => {
      kinds.push(event.requestContext['eventType']);
      if (kinds.length === 1) await new Promise<void>((resolve) => (proceed = resolve));
      return { statusCode: 200 };
    });
    const socket = connectTcp(emulator.port, '127.0.0.1');
    socket.write(
      'GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    while (kinds.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await new Promise<void>((resolve) =>
      socket
        .on('close', () => {
          resolve();
        })
        .destroy(),
    );
    proceed();
    while (kinds.length === 1) await new Promise((resolve) => setImmediate(resolve));
    expect(kinds).toEqual(['CONNECT', 'DISCONNECT']);
  });
});

describe('replies', () => {
  it.each<[string, unknown, unknown]>([
    ['application/json', text('{"a":1}', 'application/json'), '{"a":1}'],
    ['text/plain', text('hi'), 'hi'],
    ['application/json with a charset', text('{}', 'application/json; charset=utf-8'), Buffer.from('{}')],
    ['an empty type', text('hi', ''), Buffer.from('hi')],
    ['no type', { statusCode: 200, body: 'hi' }, Buffer.from('hi')],
    [
      'bytes',
      {
        statusCode: 200,
        headers: { 'content-type': 'application/octet-stream' },
        body: 'AQI=',
        isBase64Encoded: true,
      },
      Buffer.from([1, 2]),
    ],
  ])('with %s', async (_name, response, frame) => {
    const emulator = await start(recorder(() => response).handler);
    const client = await emulator.connect('/ws');
    client.send('x');
    expect(await client.next()).toEqual(frame);
  });

  it.each<[string, () => unknown]>([
    ['an empty body', accept],
    ['a status other than 200', () => ({ statusCode: 400, body: 'bad' })],
    [
      'an exception',
      () => {
        throw new Error('boom');
      },
    ],
  ])('send nothing for %s, and the socket stays open', async (_name, reply) => {
    const emulator = await start(recorder(reply).handler);
    const client = await emulator.connect('/ws');
    client.send('x');
    await emulator.idle();
    expect(client.received()).toBe(0);
    expect(emulator.connections()).toEqual([client.id]);
  });

  it('never swallow what went wrong', async () => {
    const emulator = await start(
      recorder(() => {
        throw new Error('boom');
      }).handler,
    );
    const client = await emulator.connect('/ws');
    client.send('x');
    await emulator.idle();
    expect(emulator.timeline().at(-1)).toMatchObject({ type: 'message', status: 502, level: 'error' });
    expect(emulator.timeline().at(-1)?.reason).toContain('boom');
  });

  it('of a slow call do not hold up those of a quick one', async () => {
    let release: () => void = () => undefined;
    const { handler } = recorder(async ({ body }) => {
      if (body === 'slow') await new Promise<void>((resolve) => (release = resolve));
      return text(String(body));
    });
    const emulator = await start(handler);
    const client = await emulator.connect('/ws');
    client.send('slow');
    client.send('fast');
    expect(await client.next()).toBe('fast');
    release();
    expect(await client.next()).toBe('slow');
  });

  it('wait for one another, if they are to come one by one', async () => {
    const releases: (() => void)[] = [];
    const { handler, events } = recorder(async ({ body }) => {
      await new Promise<void>((resolve) => releases.push(resolve));
      return text(String(body));
    });
    const emulator = await start(handler, { messageOrder: 'serial' });
    const [client, other] = [await emulator.connect('/ws'), await emulator.connect('/ws')];
    client.send('first');
    client.send('second');
    await until(() => releases.length === 1);
    // Other clients do not wait.
    other.send('third');
    await until(() => releases.length === 2);
    expect(events.map(({ body }) => body).filter(Boolean)).toEqual(['first', 'third']);
    releases.forEach((release) => {
      release();
    });
    expect(await client.next()).toBe('first');
    await until(() => releases.length === 3);
    releases[2]?.();
    expect(await client.next()).toBe('second');
  });

  it('that wait for many others slow their client down, and none is lost', async () => {
    const { handler } = recorder(({ body }) => text(String(body)));
    const emulator = await start(handler, { messageOrder: 'serial' });
    const client = await emulator.connect('/ws');
    const sent = Array.from({ length: 500 }, (_none, index) => String(index));
    for (const message of sent) client.send(message);
    const received: unknown[] = [];
    for (const _message of sent) received.push(await client.next(PATIENCE_MS));
    expect(received).toEqual(sent);
  });
});

describe('limits', () => {
  /** A masked text message in frames of the given sizes, since clients choose their frames themselves. */
  function frames(sizes: readonly number[]): Buffer {
    return Buffer.concat(
      sizes.map((size, index) => {
        const isLast = index === sizes.length - 1;
        const header = Buffer.alloc(14);
        header[0] = (isLast ? 0x80 : 0) | (index === 0 ? 0x1 : 0x0);
        header[1] = 0x80 | 127;
        header.writeBigUInt64BE(BigInt(size), 2);
        return Buffer.concat([header, Buffer.alloc(size, 0x61)]);
      }),
    );
  }

  async function closeCodeAfter(emulator: Emulator, sizes: readonly number[]): Promise<unknown> {
    const socket = connectTcp(emulator.port, '127.0.0.1');
    socket.on('error', () => undefined);
    const answers: Buffer[] = [];
    socket.on('data', (chunk) => answers.push(chunk));
    socket.write(
      'GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    const received = (): Buffer => Buffer.concat(answers);
    while (!received().includes('\r\n\r\n')) await new Promise((resolve) => setImmediate(resolve));
    const start = received().indexOf('\r\n\r\n') + 4;
    socket.write(frames(sizes));
    while (received().length < start + 4) await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    const frame = received().subarray(start);
    return frame[0] === 0x88 ? frame.readUInt16BE(2) : frame.subarray(2).toString('utf8');
  }

  it.each<[string, number[], unknown]>([
    ['a frame of 32,768 bytes', [32_768], 'ok'],
    ['a frame of 32,769 bytes', [32_769], 1009],
    ['a message of 131,072 bytes', [32_768, 32_768, 32_768, 32_768], 'ok'],
    ['a message of 131,073 bytes', [32_768, 32_768, 32_768, 32_768, 1], 1009],
    ['a second message after a large one', [100, 100], 'ok'],
  ])('%s', async (_name, sizes, outcome) => {
    const { handler, kinds } = recorder(() => text('ok'));
    const emulator = await start(handler);
    expect(await closeCodeAfter(emulator, sizes)).toBe(outcome);
    await emulator.idle();
    expect(kinds().filter((kind) => kind === 'MESSAGE')).toHaveLength(outcome === 'ok' ? 1 : 0);
  });

  it('closes a connection that was silent for 10 minutes', async () => {
    const { handler, events } = recorder();
    const emulator = await start(handler, { clock: 'manual' });
    const client = await emulator.connect('/ws');
    await emulator.clock.advance('9m59s');
    expect(emulator.connections()).toEqual([client.id]);
    await emulator.clock.advance('2s');
    expect(emulator.connections()).toEqual([]);
    await client.closed;
    await emulator.idle();
    expect(events.at(-1)?.requestContext['eventType']).toBe('DISCONNECT');
    expect(emulator.timeline().find(({ type }) => type === 'close')?.reason).toContain(
      'silent for 10 minutes',
    );
  });

  it('takes messages and pings of the client for activity, but not what it is sent', async () => {
    const emulator = await start(accept, { clock: 'manual' });
    const [talking, pinging, listening] = [
      await emulator.connect('/ws'),
      await emulator.connect('/ws'),
      await emulator.connect('/ws'),
    ];
    await emulator.clock.advance('9m');
    talking.send('still here');
    pinging.ping();
    await sendTo(emulator, listening.id, 'news');
    await listening.next();
    await emulator.clock.advance('2m');
    expect([...emulator.connections()].sort()).toEqual([talking.id, pinging.id].sort());
  });

  it('closes every connection after 60 minutes, however busy', async () => {
    const emulator = await start(accept, { clock: 'manual' });
    const client = await emulator.connect('/ws');
    for (let i = 0; i < 11; i++) {
      await emulator.clock.advance('5m');
      client.send('busy');
      await emulator.idle();
    }
    await emulator.clock.advance('4m59s');
    expect(emulator.connections()).toEqual([client.id]);
    await emulator.clock.advance('2s');
    expect(emulator.connections()).toEqual([]);
    await client.closed;
  });
});

async function sendTo(
  emulator: Emulator,
  id: string,
  data: string,
  headers: Record<string, string> = { authorization: 'Bearer x' },
) {
  return fetch(`${emulator.endpoint}/apigateways/websocket/v1/connections/${id}:send`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ data: Buffer.from(data).toString('base64'), type: 'TEXT' }),
  });
}

describe('the management API', () => {
  async function connected(options: Partial<EmulatorOptions> = {}) {
    const emulator = await start(accept, options);
    const client = await emulator.connect('/ws', { headers: { 'user-agent': 'test' } });
    const call = async (method: string, path: string, body?: string, authorization = 'Bearer x') => {
      const response = await fetch(`${emulator.endpoint}${path}`, {
        method,
        headers: authorization === '' ? {} : { authorization },
        ...(body === undefined ? {} : { body }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    const path = `/apigateways/websocket/v1/connections/${client.id}`;
    return { emulator, client, call, path };
  }

  it('puts a text frame on the socket', async () => {
    const { client, call, path } = await connected();
    expect(await call('POST', `${path}:send`, '{"data":"aGk=","type":"TEXT"}')).toEqual({
      status: 200,
      body: {},
    });
    expect(await client.next()).toBe('hi');
  });

  it('puts a binary frame on the socket', async () => {
    const { client, call, path } = await connected();
    await call('POST', `${path}:send`, '{"data":"AAE=","type":"BINARY"}');
    expect(await client.next()).toEqual(Buffer.from([0, 1]));
  });

  it('tells about a connection', async () => {
    const { client, call, path } = await connected();
    expect(await call('GET', path)).toMatchObject({
      status: 200,
      body: {
        id: client.id,
        gatewayId: expect.any(String),
        identity: { userAgent: 'test' },
        connectedAt: expect.stringMatching(/Z$/),
      },
    });
  });

  it('closes a connection, which is unknown from then on', async () => {
    const { client, call, path } = await connected();
    expect(await call('DELETE', path)).toEqual({ status: 200, body: {} });
    expect(await call('GET', path)).toMatchObject({ status: 404, body: { code: 5 } });
    expect(await client.closed).toEqual({ code: 1000, reason: '' });
  });

  it.each<[string, number, number, string, string, string?]>([
    [
      'an unknown connection',
      404,
      5,
      '/apigateways/websocket/v1/connections/nobody:send',
      '{"data":"aGk=","type":"TEXT"}',
    ],
    [
      'an id of 51 characters',
      400,
      3,
      `/apigateways/websocket/v1/connections/${'x'.repeat(51)}:send`,
      '{"data":"aGk=","type":"TEXT"}',
    ],
    ['no token', 401, 16, 'ID:send', '{"data":"aGk=","type":"TEXT"}', ''],
    ['no bearer token', 401, 16, 'ID:send', '{"data":"aGk=","type":"TEXT"}', 'Api-Key x'],
    ['no data', 400, 3, 'ID:send', '{"type":"TEXT"}'],
    ['empty data', 400, 3, 'ID:send', '{"data":"","type":"TEXT"}'],
    ['data that is not base64', 400, 3, 'ID:send', '{"data":"###","type":"TEXT"}'],
    [
      '131,073 bytes',
      400,
      3,
      'ID:send',
      JSON.stringify({ data: Buffer.alloc(131_073).toString('base64'), type: 'TEXT' }),
    ],
    [
      '98,305 bytes',
      400,
      3,
      'ID:send',
      JSON.stringify({ data: Buffer.alloc(98_305).toString('base64'), type: 'TEXT' }),
    ],
    ['an unknown type', 400, 3, 'ID:send', '{"data":"aGk=","type":"JSON"}'],
    ['no JSON', 400, 3, 'ID:send', 'hello'],
    ['an invented path', 404, 5, '/apigateways/d5d/connections/x', '{}'],
  ])('refuses %s with %d', async (_name, status, code, target, body, ...[authorization]) => {
    const { client, emulator, call, path } = await connected();
    const answer = await call('POST', target.replace(/^ID/, path), body, authorization);
    expect(answer).toMatchObject({ status, body: { code, message: expect.any(String), details: [] } });
    await emulator.idle();
    expect(client.received()).toBe(0);
  });

  it('takes a payload of 98,304 bytes', async () => {
    const { client, emulator } = await connected();
    expect((await sendTo(emulator, client.id, 'x'.repeat(98_304))).status).toBe(200);
    expect(String(await client.next())).toHaveLength(98_304);
  });

  it('takes no other token than the configured one', async () => {
    const { client, emulator } = await connected({ token: 't1.right' });
    expect((await sendTo(emulator, client.id, 'x', { authorization: 'Bearer t1.wrong' })).status).toBe(401);
    expect((await sendTo(emulator, client.id, 'x', { authorization: 'Bearer t1.right' })).status).toBe(200);
    expect(JSON.stringify(emulator.timeline())).not.toContain('t1.');
  });

  it('names the right path to those who call a wrong one', async () => {
    const { call } = await connected();
    const { body } = await call('POST', '/apigateways/d5d/connections/x', '{}');
    expect(body['message']).toContain('/apigateways/websocket/v1/connections/{connectionId}');
  });

  it('does not know a connection before its handshake is complete', async () => {
    let statusDuringConnect = 0;
    const emulator: Emulator = await start(async (event) => {
      const { eventType, connectionId } = event.requestContext;
      if (eventType === 'CONNECT')
        statusDuringConnect = (await sendTo(emulator, String(connectionId), 'too early')).status;
      return { statusCode: 200 };
    });
    await emulator.connect('/ws');
    expect(statusDuringConnect).toBe(404);
  });
});

describe('startEmulator', () => {
  it.each([
    [{ routes: {} }, /startEmulator\.routes: needs at least one path/],
    [{ routes: { ws: accept } }, /startEmulator\.routes/],
    [{ prot: 1 }, /startEmulator: Unrecognized key: "prot"/],
    [{ clock: 'fast' }, /startEmulator\.clock/],
  ])('refuses %p', async (wrong, message) => {
    await expect(startEmulator({ routes: { '/ws': accept }, ...wrong } as EmulatorOptions)).rejects.toThrow(
      message,
    );
  });

  it('says that a port is taken', async () => {
    const { port } = await start(accept);
    await expect(startEmulator({ routes: { '/ws': accept }, port })).rejects.toThrow(
      `port: ${port} is taken`,
    );
  });

  it('binds to the loopback address only', async () => {
    const { url, port } = await start(accept);
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    const others = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    const outside = others.filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const address of ['127.0.0.2', ...outside.map((other) => other.address)]) {
      await expect(fetch(`http://${address}:${port}/`)).rejects.toThrow();
    }
  });

  it('can be stopped twice, with sockets open, and disposes of itself', async () => {
    const stopped = await startEmulator({ routes: { '/ws': accept } });
    {
      await using emulator = stopped;
      const client = await emulator.connect('/ws');
      await emulator.stop();
      expect((await client.closed).code).toBe(1006);
    }
    await expect(fetch(stopped.url)).rejects.toThrow();
  });

  it('leaves nobody waiting when it is stopped during a handshake', async () => {
    let tellCalled: () => void = () => undefined;
    const called = new Promise<void>((resolve) => (tellCalled = resolve));
    const never = (): Promise<unknown> => {
      tellCalled();
      return new Promise(() => undefined);
    };
    const emulator = await startEmulator({ routes: { '/ws': never }, timeoutMs: 600_000 });
    const connecting = emulator.connect('/ws');
    await called;
    const quiet = emulator.idle();
    await emulator.stop();
    await quiet;
    await expect(connecting).rejects.toThrow();
  });

  it('runs many at once without mixing them up', async () => {
    const emulators = await Promise.all(Array.from({ length: 20 }, (_, i) => start(() => text(String(i)))));
    const first = await Promise.all(
      emulators.map(async (emulator) => (await emulator.connect('/ws')).next()),
    );
    expect(first).toEqual(emulators.map((_, i) => String(i)));
  });
});
