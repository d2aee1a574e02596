import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmulator, type Emulator, type EmulatorOptions } from 'yc-broadcast/emulator';
import { temporaryProject } from '../support/cli.js';

type Event = Record<string, unknown> & { readonly requestContext: Record<string, unknown> };

const running: Emulator[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((emulator) => emulator.stop()));
});

async function start(options: EmulatorOptions): Promise<Emulator> {
  const emulator = await startEmulator(options);
  running.push(emulator);
  return emulator;
}

const folder = fileURLToPath(new URL('../artefacts', import.meta.url));
mkdirSync(folder, { recursive: true });

const INTEGRATION = 'x-yc-apigateway-integration';
const CONNECT = 'x-yc-apigateway-websocket-connect';
const MESSAGE = 'x-yc-apigateway-websocket-message';
const DISCONNECT = 'x-yc-apigateway-websocket-disconnect';

/** A document with these paths. */
function spec(paths: Record<string, unknown>, extension: object = {}): Record<string, unknown> {
  return { openapi: '3.0.0', info: { title: 't', version: '1' }, 'x-yc-apigateway': extension, paths };
}

function functionOperation(functionId: string, more: object = {}, integration: object = {}): object {
  return { ...more, [INTEGRATION]: { type: 'cloud_functions', function_id: functionId, ...integration } };
}

function recorder() {
  const events: Event[] = [];
  const handler = (event: Event): unknown => {
    events.push(event);
    return { statusCode: 200 };
  };
  return { events, handler };
}

describe('a specification', () => {
  it('is read from a YAML file, with its variables', async () => {
    const file = join(folder, 'gateway.yaml');
    writeFileSync(
      file,
      `openapi: 3.0.0
x-yc-apigateway:
  variables:
    fn: { default: d4edefault, enum: [d4edefault, d4eother] }
paths:
  /ws/{room}:
    ${CONNECT}: { ${INTEGRATION}: &fn { type: cloud_functions, function_id: "\${var.fn}" } }
    ${MESSAGE}: { ${INTEGRATION}: *fn }
`,
    );
    const functions = {
      d4edefault: () => ({ statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body: 'default' }),
      d4eother: () => ({ statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body: 'other' }),
    };
    const first = await start({ spec: file, functions });
    expect(await (await first.connect('/ws/lobby')).next()).toBe('default');
    const second = await start({ spec: file, functions, variables: { fn: 'd4eother' } });
    expect(await (await second.connect('/ws/lobby')).next()).toBe('other');
  });

  it('sends each event to the function of its operation', async () => {
    const [onConnect, onMessage, onDisconnect] = [recorder(), recorder(), recorder()];
    const emulator = await start({
      spec: spec({
        '/ws': {
          [CONNECT]: functionOperation('c'),
          [MESSAGE]: functionOperation('m'),
          [DISCONNECT]: functionOperation('d'),
        },
      }),
      functions: { c: onConnect.handler, m: onMessage.handler, d: onDisconnect.handler },
    });
    const client = await emulator.connect('/ws');
    client.send('x');
    await emulator.idle();
    client.close();
    await client.closed;
    await emulator.idle();
    const kinds = [onConnect, onMessage, onDisconnect].map(({ events }) =>
      events.map(({ requestContext }) => requestContext['eventType']),
    );
    expect(kinds).toEqual([['CONNECT'], ['MESSAGE'], ['DISCONNECT']]);
  });

  it('names its function to the function: in the context and in a header', async () => {
    const seen: unknown[] = [];
    const handler = (
      event: { headers: Record<string, string> },
      context: { functionName: string },
    ): unknown => {
      seen.push([context.functionName, event.headers['X-Api-Gateway-Function-Id']]);
      return { statusCode: 200 };
    };
    const document = spec({
      '/ws': { [CONNECT]: functionOperation('d4econnect'), [MESSAGE]: functionOperation('d4emessage') },
      '/login': { get: functionOperation('d4elogin') },
    });
    // One function that stands for all, as with `dev`, is called by their names all the same.
    const emulator = await start({ spec: document, functions: handler });
    const client = await emulator.connect('/ws');
    client.send('x');
    await emulator.idle();
    await fetch(`${emulator.url}/login`);
    expect(seen).toEqual([
      ['d4econnect', 'd4econnect'],
      ['d4emessage', 'd4emessage'],
      ['d4elogin', 'd4elogin'],
    ]);
  });

  it('names it in instances, too', async () => {
    const { path, remove } = temporaryProject({
      'f.mjs': `export const handler = (event, context) => ({ statusCode: 200,
        headers: { 'Content-Type': 'text/plain' }, body: context.functionName });`,
    });
    const functions = { d4e1: { entry: join(path, 'f.mjs'), instances: 1 } };
    const emulator = await start({ spec: spec({ '/hi': { get: functionOperation('d4e1') } }), functions });
    expect(await (await fetch(`${emulator.url}/hi`)).text()).toBe('d4e1');
    remove();
  });

  it('without a connect operation accepts by itself, without a disconnect operation tells nobody', async () => {
    const { events, handler } = recorder();
    const emulator = await start({
      spec: spec({ '/ws': { [MESSAGE]: functionOperation('m') } }),
      functions: handler,
    });
    const client = await emulator.connect('/ws');
    expect(client.handshake.status).toBe(101);
    client.send('x');
    await emulator.idle();
    client.close();
    await client.closed;
    await emulator.idle();
    expect(events.map(({ requestContext }) => requestContext['eventType'])).toEqual(['MESSAGE']);
  });

  it('without a message operation takes sockets where there is a connect operation, and says so', async () => {
    const { events, handler } = recorder();
    const emulator = await start({
      spec: spec({
        '/push': { [CONNECT]: functionOperation('m') },
        '/login': { post: functionOperation('m') },
      }),
      functions: handler,
    });
    const client = await emulator.connect('/push');
    expect(client.handshake.status).toBe(101);
    client.send('x');
    await emulator.idle();
    expect(events.map(({ requestContext }) => requestContext['eventType'])).toEqual(['CONNECT']);
    expect((await fetch(`${emulator.url}/login`, { method: 'POST' })).status).toBe(200);
    expect(emulator.warnings).toEqual([
      expect.stringContaining(`/push has no ${MESSAGE} operation, which is documented as mandatory`),
    ]);
  });

  it('gives events the declared parameters, the context, the operation id and the payload format', async () => {
    const { events, handler } = recorder();
    const parameters = [
      { name: 'room', in: 'path', required: true },
      { name: 'lang', in: 'query' },
      { name: 'X-Team', in: 'header' },
      { name: 'sid', in: 'cookie' },
    ];
    const emulator = await start({
      spec: spec({
        '/v1/{room}': {
          [CONNECT]: functionOperation(
            'f',
            { operationId: 'wsConnect', parameters },
            { payload_format_version: '1.0', context: { room: '{room}', stage: '{stage}', n: 1 } },
          ),
          [MESSAGE]: functionOperation('f', { parameters }, { payload_format_version: '0.1' }),
        },
      }),
      functions: handler,
    });
    const client = await emulator.connect('/v1/a%20b?lang=ru&lang=en&other=1', {
      headers: { 'x-team': 'red', cookie: 'sid=7' },
    });
    client.send('x');
    await emulator.idle();
    const [connect, message] = events as [Event, Event];
    expect(connect).toMatchObject({
      version: '1.0',
      resource: '/v1/{room}',
      path: '/v1/a%20b',
      operationId: 'wsConnect',
      parameters: { room: 'a b', lang: 'en', 'X-Team': 'red', sid: '7' },
      multiValueParameters: { lang: ['ru', 'en'] },
      requestContext: { apiGateway: { operationContext: { room: 'a b', stage: '{stage}', n: 1 } } },
    });
    expect(connect['parameters']).not.toHaveProperty('other');
    expect(message).toMatchObject({
      url: '/v1/a%20b',
      path: '/v1/{room}',
      pathParams: { room: 'a b' },
      params: { room: 'a b', 'X-Team': 'red', sid: '7' },
    });
    expect(message).not.toHaveProperty('resource');
    expect(message['operationId']).toMatch(/^[0-9a-f]{64}$/);
  });

  it('runs dummy integrations, which can name the connection', async () => {
    const dummy = (content: object, more: object = {}): object => ({
      parameters: [{ name: 'room', in: 'path' }],
      [INTEGRATION]: { type: 'dummy', content, ...more },
    });
    const emulator = await start({
      spec: spec({
        '/ws/{room}': {
          [CONNECT]: dummy({ 'text/plain': 'you are {X-Yc-Apigateway-Websocket-Connection-Id} in {room}' }),
          [MESSAGE]: dummy({ 'application/json': '{"ok":true}' }),
        },
        '/closed': { [CONNECT]: dummy({}, { http_code: 403 }), [MESSAGE]: dummy({}) },
      }),
    });
    const client = await emulator.connect('/ws/lobby');
    expect(await client.next()).toBe(`you are ${client.id} in lobby`);
    client.send('x');
    expect(await client.nextJson()).toEqual({ ok: true });
    expect((await emulator.connect('/closed')).handshake.status).toBe(403);
  });

  it('says what it accepts and does not emulate, with the place', async () => {
    const document = spec(
      {
        '/ws': {
          [CONNECT]: { [INTEGRATION]: { type: 'http', url: 'https://example.com' } },
          [MESSAGE]: functionOperation(
            'f',
            { 'x-yc-apigateway-rate-limit': {} },
            { payload_format_version: '2.0' },
          ),
        },
        '/file': { get: { [INTEGRATION]: { type: 'object_storage', bucket: 'b', object: 'o' } } },
      },
      { cors: { origin: '*' }, service_account_id: 'aje' },
    );
    const emulator = await start({ spec: document, functions: () => ({ statusCode: 200 }) });
    expect(emulator.warnings).toEqual([
      'x-yc-apigateway.cors is not emulated',
      `/ws.${CONNECT}: the integration http is not run here; it answers 501`,
      `/ws.${MESSAGE}: x-yc-apigateway-rate-limit is not emulated`,
      `/ws.${MESSAGE}: the format 2.0 of WebSocket events is not documented; events have the format of the samples`,
      '/file.get: the integration object_storage is not run here; it answers 501',
    ]);
    expect((await emulator.connect('/ws')).handshake.status).toBe(501);
    expect((await fetch(`${emulator.url}/file`)).status).toBe(501);
  });

  const message = { [MESSAGE]: functionOperation('f') };
  it.each<[string, Partial<EmulatorOptions>, string]>([
    ['neither routes nor a specification', {}, 'expected either routes or spec'],
    [
      'both',
      { spec: spec({ '/ws': message }), routes: { '/ws': () => null } },
      'expected either routes or spec',
    ],
    ['a file that is not there', { spec: 'no.yaml' }, 'spec: no.yaml: cannot be read'],
    ['no websocket path', { spec: spec({}) }, `spec: no path has an ${MESSAGE} operation`],
    [
      'a misspelt event',
      { spec: spec({ '/ws': { 'x-yc-apigateway-websocket-mesage': functionOperation('f') } }) },
      `/ws: there is no x-yc-apigateway-websocket-mesage; write ${CONNECT}, ${MESSAGE}, ${DISCONNECT}`,
    ],
    ['a path without a slash', { spec: spec({ ws: message }) }, "spec: paths.ws: a path begins with '/'"],
    ['a path without a slash', { routes: { ws: () => null } }, "routes.ws: a path begins with '/'"],
    ['no paths at all', { spec: {} }, 'spec: paths: '],
    [
      'an unknown function',
      { spec: spec({ '/ws': message }), functions: {} },
      `spec: /ws.${MESSAGE}: no function 'f'; add functions: { 'f': handler }`,
    ],
    [
      'an integration that there is not',
      { spec: spec({ '/ws': { [MESSAGE]: { [INTEGRATION]: { type: 'lambda' } } } }) },
      `spec: /ws.${MESSAGE}.${INTEGRATION}.type: Invalid`,
    ],
    [
      'a security scheme that there is not',
      { spec: spec({ '/ws': { [MESSAGE]: functionOperation('f', { security: [{ key: [] }] }) } }) },
      `spec: /ws.${MESSAGE}.security: no 'key' in components.securitySchemes`,
    ],
    [
      'a variable that is not declared',
      { spec: spec({ '/ws': { [MESSAGE]: functionOperation('${var.fn}') } }) },
      "spec: variable 'fn': is used, but not declared in x-yc-apigateway.variables",
    ],
    [
      'a value for a variable that is not declared',
      { spec: spec({ '/ws': message }), variables: { x: '1' } },
      "spec: variable 'x': the specification declares no such variable",
    ],
    [
      'a value that is not allowed',
      {
        spec: spec(
          { '/ws': { [MESSAGE]: functionOperation('${var.fn}') } },
          { variables: { fn: { enum: ['a', 'b'] } } },
        ),
        variables: { fn: 'c' },
      },
      "spec: variable 'fn': 'c' is not among a, b",
    ],
    [
      'a variable without a value',
      { spec: spec({ '/ws': { [MESSAGE]: functionOperation('${var.fn}') } }, { variables: { fn: {} } }) },
      "spec: variable 'fn': has neither a value nor a default",
    ],
  ])('is refused with %s', async (_what, options, problem) => {
    await expect(start({ functions: () => ({ statusCode: 200 }), ...options })).rejects.toThrow(problem);
  });

  it('is refused with what is wrong with its JSON', async () => {
    const file = join(folder, 'broken.json');
    writeFileSync(file, '{ "paths": {\n  "/ws": 1,\n} }');
    await expect(start({ spec: file })).rejects.toThrow(
      /spec: .*broken\.json: is not JSON: .*JSON at position 25/,
    );
  });

  it('is refused with the line of a mistake in the YAML', async () => {
    const file = join(folder, 'broken.yaml');
    writeFileSync(file, 'paths:\n  /ws: [1,\n');
    await expect(start({ spec: file })).rejects.toThrow(/spec: .*broken\.yaml: .*line [23]/);
  });
});
