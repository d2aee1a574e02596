import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { runCli, startCli, temporaryProject, type RunningCli } from '../support/cli.js';

const cleanUps: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const ROOM = `
import { createApp, type FunctionContext } from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { greeting } from './greeting.js';

const app = createApp({ store: memoryStore(), origins: process.env['YC_BROADCAST_LOCAL_ORIGINS']!.split(',') });
app.onConnect(async ({ join }) => { await join('room'); });
app.onMessage(async ({ body, connection, to, context }) => {
  await to('room').except(connection).sendRaw(body);
  return greeting + context.memoryLimitInMB;
});
export const handler = app.handler;
export const notAFunction = 1;
`;
const GREETING = `export const greeting: string = 'handled with ';\n`;

function project(files: Readonly<Record<string, string>>): string {
  const { path, remove } = temporaryProject(files);
  cleanUps.push(remove);
  return path;
}

async function startDev(
  file: string,
  ...args: string[]
): Promise<RunningCli & { readonly port: number; readonly url: string }> {
  const cli = startCli(['dev', file, '--port', '0', '--instances', '1', ...args]);
  cleanUps.push(async () => {
    cli.signal('SIGKILL');
    await cli.exited;
  });
  const [, port] = await cli.printed(
    /(?:localhost|127\.0\.0\.1):(\d+)[\s\S]*(?:Ctrl-C|"ready")|"ready".*:(\d+)"/,
  );
  return { ...cli, port: Number(port), url: `http://127.0.0.1:${port ?? ''}` };
}

async function connect(port: number, headers: Readonly<Record<string, string>> = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers });
  const frames: string[] = [];
  let id = '';
  socket.on('upgrade', ({ headers: answer }) => {
    id = String(answer['x-yc-apigateway-websocket-connection-id']);
  });
  const messages = (count: number): Promise<string[]> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (frames.length >= count) resolve(frames);
      };
      socket.on('message', check);
      check();
    });
  socket.on('message', (data: Buffer) => frames.push(data.toString()));
  await once(socket, 'open');
  cleanUps.push(() => {
    socket.terminate();
  });
  return { socket, messages, id };
}

describe('dev', () => {
  it('runs a TypeScript handler of several files behind the gateway, over the real path', async () => {
    const folder = project({ 'room.ts': ROOM, 'greeting.ts': GREETING });
    const { port, printed } = await startDev(join(folder, 'room.ts'), '--memory', '256');
    const speaker = await connect(port, { origin: `http://localhost:${port}` });
    const listener = await connect(port);
    speaker.socket.send('good morning');
    expect(await listener.messages(1)).toEqual(['good morning']);
    expect(await speaker.messages(1)).toEqual(['handled with 256']);
    await printed(/← SEND .*200.*12 B text/);
    await printed(/→ MESSAGE .*200.*12 B text {2}reply 16 B/);
  });

  it('prints every address, a line for each event with its outcome and reason, and fits 80 columns', async () => {
    const folder = project({ 'room.ts': ROOM, 'greeting.ts': GREETING });
    const { port, output, printed } = await startDev(join(folder, 'room.ts'));
    expect(output()).toContain(`ws://localhost:${port}/ws`);
    expect(output()).toContain(`http://localhost:${port}/apigateways/websocket/v1/connections/{id}`);
    const { socket } = await connect(port);
    socket.close(4000);
    await printed(/✖ CLOSE .*4000 .*by the client/);
    await printed(/→ DISCONNECT .*200/);
    await expect(connect(port, { origin: 'https://evil.example' })).rejects.toThrow('403');
    await printed(/→ CONNECT .*403 .*FORBIDDEN_ORIGIN/);
    const banner = output().split('\n').slice(0, 9);
    expect(banner.filter((line) => line.length > 80 && !line.includes(folder.slice(-6)))).toEqual([]);
  });

  it('answers the management API as the cloud does', async () => {
    const folder = project({ 'room.ts': ROOM, 'greeting.ts': GREETING });
    const { port, url } = await startDev(join(folder, 'room.ts'));
    const { id, messages } = await connect(port);
    const send = (to: string, data: string, headers: Record<string, string>) =>
      fetch(`${url}/apigateways/websocket/v1/connections/${to}:send`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ data, type: 'TEXT' }),
      });
    const authorized = { Authorization: 'Bearer x' };

    expect((await send(id, 'aGk=', authorized)).status).toBe(200);
    expect(await messages(1)).toEqual(['hi']);
    const unknown = await send('d0000000000000000000000000000000', 'aGk=', authorized);
    expect([unknown.status, await unknown.json()]).toEqual([404, expect.objectContaining({ code: 5 })]);
    expect((await send(id, 'aGk=', {})).status).toBe(401);
    const large = await send(id, Buffer.alloc(131_073).toString('base64'), authorized);
    expect([large.status, await large.json()]).toEqual([400, expect.objectContaining({ code: 3 })]);
  });

  it('serves pages beside the gateway', async () => {
    const folder = project({ 'room.ts': ROOM, 'greeting.ts': GREETING, 'index.html': '<h1>Hello</h1>' });
    const { url } = await startDev(join(folder, 'room.ts'), '--static', folder);
    expect(await (await fetch(url)).text()).toBe('<h1>Hello</h1>');
  });

  it('ends with Ctrl-C although sockets are open, closing them', async () => {
    const folder = project({ 'room.ts': ROOM, 'greeting.ts': GREETING });
    const { port, signal, exited, output } = await startDev(join(folder, 'room.ts'));
    const { socket } = await connect(port);
    const closed = once(socket, 'close');
    signal('SIGINT');
    expect(await exited).toBe(0);
    await closed;
    expect(output()).not.toContain('Error');
  });

  it('ends with Ctrl-C although the handler holds something open', async () => {
    const folder = project({
      'f.mjs': `setInterval(() => undefined, 1000);\nexport const handler = () => ({ statusCode: 200 });`,
    });
    const { signal, exited } = await startDev(join(folder, 'f.mjs'));
    signal('SIGINT');
    expect(await exited).toBe(0);
  });

  it('prints JSON only with --format json', async () => {
    const folder = project({ 'room.ts': ROOM, 'greeting.ts': GREETING });
    const cli = startCli([
      'dev',
      join(folder, 'room.ts'),
      '--port',
      '0',
      '--instances',
      '1',
      '--format',
      'json',
    ]);
    const [, port] = await cli.printed(/"url":"http:\/\/127\.0\.0\.1:(\d+)"/);
    await connect(Number(port));
    await cli.printed(/"type":"connect"/);
    cli.signal('SIGTERM');
    expect(await cli.exited).toBe(0);
    const lines = cli.output().trim().split('\n');
    const types = lines.map((line) => (JSON.parse(line) as { type: string }).type);
    expect(types.slice(0, 2)).toEqual(['ready', 'connect']);
  });

  it('takes the paths from a specification, and says what it does not emulate', async () => {
    const integration = 'x-yc-apigateway-integration: { type: cloud_functions, function_id: d4e }';
    const folder = project({
      'room.ts': ROOM,
      'greeting.ts': GREETING,
      'gateway.yaml': `paths:\n  /live/{id}:\n    x-yc-apigateway-websocket-message:\n      ${integration}\n  /login:\n    get: {}\n`,
    });
    const { port, output } = await startDev(join(folder, 'room.ts'), '--spec', join(folder, 'gateway.yaml'));
    expect(output()).toContain(`ws://localhost:${port}/live/{id}`);
    expect(output()).toContain('/login.get: has no x-yc-apigateway-integration, so it is not served');
  });

  it('runs the function of each id in a specification', async () => {
    const integration = (id: string) =>
      `x-yc-apigateway-integration: { type: cloud_functions, function_id: ${id} }`;
    const handler = (word: string): string =>
      `export const handler = () => ({ statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body: '${word}' });`;
    const folder = project({
      'a.mjs': handler('from a'),
      'b.mjs': handler('from b'),
      'gateway.yaml': `paths:\n  /a:\n    get: { ${integration('d4ea')} }\n  /b:\n    get: { ${integration('d4eb')} }\n`,
    });
    const cli = startCli([
      ...['dev', '--port', '0', '--spec', join(folder, 'gateway.yaml'), '--instances', '1'],
      ...['--function', `d4ea=${join(folder, 'a.mjs')}`, '--function', `d4eb=${join(folder, 'b.mjs')}`],
    ]);
    cleanUps.push(() => {
      cli.signal('SIGTERM');
    });
    const [, port] = await cli.printed(/http:\/\/localhost:(\d+)\/b/);
    const texts = ['a', 'b'].map(async (path) => (await fetch(`http://localhost:${port}/${path}`)).text());
    expect(await Promise.all(texts)).toEqual(['from a', 'from b']);
  });

  it('needs no function for a specification of dummies alone', async () => {
    const folder = project({
      'gateway.yaml':
        "paths:\n  /hi:\n    get:\n      x-yc-apigateway-integration: { type: dummy, content: { '*': hello } }\n",
    });
    const cli = startCli(['dev', '--port', '0', '--spec', join(folder, 'gateway.yaml')]);
    cleanUps.push(() => {
      cli.signal('SIGTERM');
    });
    const [, port] = await cli.printed(/http:\/\/localhost:(\d+)\/hi/);
    expect(await (await fetch(`http://localhost:${port}/hi`)).text()).toBe('hello');
  });

  it('passes a handler on by the name of its export', async () => {
    const folder = project({ 'f.mjs': `export const other = () => ({ statusCode: 418, body: 'teapot' });` });
    const { port } = await startDev(`${join(folder, 'f.mjs')}#other`);
    await expect(connect(port)).rejects.toThrow('418');
  });

  it('loads CommonJS', async () => {
    const folder = project({ 'f.cjs': `exports.handler = async () => ({ statusCode: 418 });` });
    const { port } = await startDev(join(folder, 'f.cjs'));
    await expect(connect(port)).rejects.toThrow('418');
  });

  it('points at the line of the source when a handler throws', async () => {
    const folder = project({
      'f.ts': `interface Nothing { readonly a?: number }\nexport const handler = (_event: Nothing) => {\n  throw new Error('boom');\n};\n`,
    });
    const { port, printed } = await startDev(join(folder, 'f.ts'));
    await expect(connect(port)).rejects.toThrow('502');
    await printed(/→ CONNECT .*502[\s\S]*boom[\s\S]*f\.ts:3:9/);
  });
});

describe('dev says in one line what is wrong', () => {
  it('when the port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUps.push(() => {
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const folder = project({ 'room.ts': ROOM, 'greeting.ts': GREETING });
    const { code, output } = await runCli('dev', join(folder, 'room.ts'), '--port', String(port));
    expect(output).toBe(
      `yc-broadcast: port ${port} is taken; choose another with --port, or --port 0 for any\n`,
    );
    expect(code).toBe(1);
  });

  it.each<[string, string[], number, string]>([
    ['there is no such file', ['dev', 'nothing.ts'], 1, "there is no file 'nothing.ts'"],
    ['no file is named', ['dev'], 2, 'missing <entry>; try: yc-broadcast dev handler.ts'],
    [
      'two files are named',
      ['dev', 'package.json', 'b.ts'],
      2,
      "expected one entry; unexpected argument 'b.ts'",
    ],
    [
      'an option is misspelt',
      ['dev', 'package.json', '--prot', '1'],
      2,
      "unknown option '--prot'; see --help",
    ],
    ['a port is none', ['dev', 'package.json', '--port', 'x'], 2, "--port: expected a whole number, got 'x'"],
    [
      'a time is none',
      ['dev', 'package.json', '--timeout', 'soon'],
      2,
      "--timeout: expected a time such as 500ms, 10s or 1m, got 'soon'",
    ],
    [
      'a format is none',
      ['dev', 'package.json', '--format', 'xml'],
      2,
      "--format: expected text or json, got 'xml'",
    ],
    [
      'paths are given twice',
      ['dev', 'package.json', '--spec', 'a', '--path', '/b'],
      2,
      '--spec defines the paths; omit --path',
    ],
    [
      'a specification is none',
      ['dev', 'package.json', '--spec', 'no.yaml', '--port', '0'],
      1,
      'spec: no.yaml: cannot be read',
    ],
    ['a folder is none', ['dev', 'package.json', '--static', 'no'], 1, "--static: there is no folder 'no'"],
    ['there is no such command', ['deploy'], 2, "there is no command 'deploy'; see yc-broadcast --help"],
  ])('when %s', async (_when, args, exitCode, message) => {
    const { code, output } = await runCli(...args);
    expect(output).toBe(`yc-broadcast: ${message}\n`);
    expect(code).toBe(exitCode);
  });

  it.each<[string, Record<string, string>, string, RegExp]>([
    [
      'does not compile',
      { 'f.ts': 'export const handler = ;' },
      'f.ts',
      /f\.ts cannot be compiled:\n.*Unexpected ";"/,
    ],
    [
      'imports what is not there',
      { 'f.ts': "import './gone.js';" },
      'f.ts',
      /Could not resolve ".\/gone.js"/,
    ],
    [
      'throws on import',
      { 'f.ts': "throw new Error('no config');" },
      'f.ts',
      /f\.ts failed to load:\nError: no config/,
    ],
    [
      'has no such export',
      { 'f.ts': 'export const a = 1, b = 2;' },
      'f.ts',
      /f\.ts has no export 'handler'; it exports a, b: choose one with file#name\n$/,
    ],
    [
      'exports something else',
      { 'f.ts': 'export const handler = 1;' },
      'f.ts',
      /exports 'handler', which is of the type number and not a function: write: export const handler = /,
    ],
    ['exports nothing', { 'f.ts': '' }, 'f.ts', /it exports nothing: write: export const handler = …\n$/],
    [
      'is a default export',
      { 'f.ts': 'export default () => 1;' },
      'f.ts',
      /no export 'handler'; it exports a default export: write: export const handler = …\n$/,
    ],
    [
      'is assigned to module.exports in an ES module',
      { 'package.json': '{ "type": "module" }', 'f.js': 'module.exports = { handler: () => 1 };' },
      'f.js',
      /f\.js failed to load: it is an ES module, which has no module\.exports: write export const …/,
    ],
    [
      'stands where nothing can be written',
      { 'package.json': '{}', 'f.ts': 'export const handler = () => 1;', '.yc-broadcast': 'a file' },
      'f.ts',
      /^yc-broadcast: E\w+: .*\.yc-broadcast'; choose a folder that you may write to, .*\n$/,
    ],
  ])('when the handler %s', async (_when, files, file, message) => {
    const folder = project(files);
    const { code, output } = await runCli('dev', join(folder, file), '--port', '0');
    expect(output).toMatch(message);
    expect(output).not.toContain('ready in');
    expect(code).toBe(1);
  });
});

describe('a function that is never loaded', () => {
  it('is named after a while, and the first Ctrl-C ends dev and leaves nothing behind', async () => {
    const folder = project({
      'package.json': '{}',
      'f.mjs': 'await new Promise(() => undefined); export const handler = () => 1;',
    });
    const cli = startCli(['dev', join(folder, 'f.mjs'), '--port', '0', '--no-redirect']);
    await cli.printed(/f\.mjs is still being loaded after 5 s: an await at its top level/);
    cli.signal('SIGINT');
    expect(await cli.exited).toBe(0);
    expect(readdirSync(join(folder, '.yc-broadcast'))).toEqual([]);
  });
});

describe('help', () => {
  it.each([[[]], [['--help']], [['dev', '--help']], [['dev', '-h']]])('%j fits 80 columns', async (args) => {
    const { code, output } = await runCli(...args);
    expect(code).toBe(0);
    expect(output).toContain('dev <entry>');
    expect(output.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('tells the version', async () => {
    const { output } = await runCli('--version');
    expect(output).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
