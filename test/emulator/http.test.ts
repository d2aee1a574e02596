/** The plain HTTP paths of a specification: events, answers, and what they have in common with sockets. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { startEmulator, type Emulator, type EmulatorOptions } from 'yc-broadcast/emulator';

type Event = Record<string, unknown>;

const running: Emulator[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((emulator) => emulator.stop()));
});

const INTEGRATION = 'x-yc-apigateway-integration';

/** A gateway with one operation, and the events that its function got. */
async function start(
  operation: { readonly integration?: object; readonly [field: string]: unknown } = {},
  answer: unknown = { statusCode: 200 },
  options: Partial<EmulatorOptions> = {},
) {
  const events: Event[] = [];
  const { integration, ...rest } = operation;
  const post = { ...rest, [INTEGRATION]: { type: 'cloud_functions', function_id: 'f', ...integration } };
  const emulator = await startEmulator({
    spec: { paths: { '/rooms/{room}': { post } } },
    functions: (event: Event) => {
      events.push(event);
      return answer;
    },
    ...options,
  });
  running.push(emulator);
  const call = (path = '/rooms/a%20b?x=1&x=2', init: RequestInit = {}): Promise<Response> =>
    fetch(`${emulator.url}${path}`, { method: 'POST', ...init });
  return { emulator, events, call };
}

describe('events of HTTP requests', () => {
  const json = { headers: { 'content-type': 'application/json', cookie: 'sid=1' }, body: '{"a":1}' };
  const parameters = [
    { name: 'room', in: 'path' },
    { name: 'x', in: 'query' },
  ];

  it('have format 0.1 by default', async () => {
    const { events, call } = await start({ parameters });
    await call(undefined, json);
    expect(events[0]).toMatchObject({
      url: '/rooms/a%20b',
      path: '/rooms/{room}',
      pathParams: { room: 'a b' },
      params: { room: 'a b', x: '2' },
      multiValueParams: { x: ['1', '2'] },
      httpMethod: 'POST',
      headers: { Cookie: 'sid=1', 'Content-Type': 'application/json' },
      multiValueHeaders: { Cookie: ['sid=1'] },
      queryStringParameters: { x: '2' },
      multiValueQueryStringParameters: { x: ['1', '2'] },
      requestContext: { httpMethod: 'POST', identity: { sourceIp: '127.0.0.1' } },
      body: '{"a":1}',
      isBase64Encoded: false,
    });
    expect(events[0]).not.toHaveProperty('resource');
    expect(events[0]).not.toHaveProperty('version');
  });

  it('carry headers of any name, also those that every object has', async () => {
    const { events, emulator } = await start();
    const request =
      'POST /rooms/a HTTP/1.1\r\nhost: localhost\r\n__proto__: x\r\nconstructor: x\r\nconnection: close\r\n\r\n';
    const socket = connect({ port: Number(new URL(emulator.url).port), host: '127.0.0.1' });
    socket.write(request);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
    expect(events[0]).toMatchObject({ headers: { Constructor: 'x' } });
  });

  it('have format 1.0 where it is asked for', async () => {
    const integration = { payload_format_version: '1.0', context: { room: '{room}' } };
    const { events, call } = await start({ parameters, operationId: 'say', integration });
    await call(undefined, json);
    expect(events[0]).toMatchObject({
      version: '1.0',
      resource: '/rooms/{room}',
      path: '/rooms/a%20b',
      pathParameters: { room: 'a b' },
      parameters: { room: 'a b', x: '2' },
      operationId: 'say',
      requestContext: { apiGateway: { operationContext: { room: 'a b' } } },
    });
    expect(events[0]).not.toHaveProperty('url');
  });

  it('have format 2.0 where it is asked for', async () => {
    const { events, call } = await start({ integration: { payload_format_version: '2.0' } });
    await call(undefined, json);
    expect(events[0]).toMatchObject({
      version: '2.0',
      rawPath: '/rooms/a%20b',
      rawQueryString: 'x=1&x=2',
      queryStringParameters: { x: '1,2' },
      requestContext: {
        http: { method: 'POST', path: '/rooms/a%20b', sourceIp: '127.0.0.1' },
        authorizer: {},
      },
    });
    const { timeEpoch } = events[0]?.['requestContext'] as { timeEpoch: number };
    expect(Math.abs(timeEpoch * 1000 - Date.now())).toBeLessThan(5000);
  });

  it.each<[string, RequestInit, string]>([
    ['text', { headers: { 'content-type': 'text/plain' }, body: 'hi' }, 'aGk='],
    [
      'JSON with a charset',
      { headers: { 'content-type': 'application/json; charset=utf-8' }, body: '1' },
      'MQ==',
    ],
    ['nothing', {}, ''],
  ])('carry %s as base64', async (_what, init, body) => {
    const { events, call } = await start();
    await call(undefined, init);
    expect(events[0]).toMatchObject({ body, isBase64Encoded: true });
  });

  it('do not carry the Authorization header, and the log says so once', async () => {
    const { emulator, events, call } = await start();
    await call(undefined, { headers: { authorization: 'Bearer secret' } });
    await call(undefined, { headers: { authorization: 'Bearer secret' } });
    expect(JSON.stringify(events)).not.toMatch(/secret|"Authorization"/);
    const notices = emulator.timeline().filter(({ type }) => type === 'notice');
    expect(notices).toMatchObject([
      { reason: expect.stringContaining('the Authorization header'), level: 'warning' },
    ]);
  });
});

describe('answers to HTTP requests', () => {
  it('have the status, the headers and the body of the function', async () => {
    const { emulator, call } = await start(
      {},
      {
        statusCode: 201,
        headers: { 'content-type': 'text/plain', 'x-one': 1, 'content-length': '999' },
        multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'] },
        body: 'aGVsbG8=',
        isBase64Encoded: true,
      },
    );
    const response = await call();
    expect(response.status).toBe(201);
    expect(await response.text()).toBe('hello');
    expect(response.headers.get('x-one')).toBe('1');
    expect(response.headers.get('content-type')).toBe('text/plain');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(emulator.timeline()).toMatchObject([
      { type: 'http', method: 'POST', path: '/rooms/a%20b', status: 201, replyBytes: 5 },
    ]);
  });

  it('are 502 with the error, and without the stack, when the function fails', async () => {
    const failing = (): never => {
      throw new Error('boom');
    };
    const { call } = await start({}, undefined, { functions: failing });
    const response = await call();
    expect([response.status, await response.json()]).toEqual([502, { errorMessage: 'Error: boom' }]);
    expect(response.headers.get('x-function-error')).toBe('true');
  });

  it('are 405 for another method, 413 beyond 2.5 MB, 404 elsewhere', async () => {
    const { events, call } = await start();
    expect((await call(undefined, { method: 'PUT' })).status).toBe(405);
    expect((await call(undefined, { body: Buffer.alloc(2_621_441) })).status).toBe(413);
    expect((await call('/nowhere')).status).toBe(404);
    expect(events).toEqual([]);
    expect((await call(undefined, { body: Buffer.alloc(2_621_440) })).status).toBe(200);
  });

  it('come from dummy integrations and for any method, too', async () => {
    const emulator = await startEmulator({
      spec: {
        paths: {
          '/{rest+}': {
            'x-yc-apigateway-any-method': {
              parameters: [{ name: 'rest', in: 'path' }],
              [INTEGRATION]: {
                type: 'dummy',
                http_code: 202,
                http_headers: { 'X-Dummy': 'yes' },
                content: { 'text/plain': 'at {rest}, not {other}' },
              },
            },
          },
        },
      },
    });
    running.push(emulator);
    const response = await fetch(`${emulator.url}/a/b`, { method: 'DELETE' });
    expect([response.status, response.headers.get('x-dummy'), await response.text()]).toEqual([
      202,
      'yes',
      'at a/b, not {other}',
    ]);
  });
});
