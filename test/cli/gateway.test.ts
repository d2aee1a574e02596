/** Commands that drive a gateway which runs in another process. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, readFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { runCli, startCli, temporaryProject, type RunningCli } from '../support/cli.js';
import { requireProgram } from '../support/servers.js';

const ECHO = `
export const handler = async ({ body, requestContext: { eventType } }) => {
  if (body === 'boom') throw new Error('boom');
  if (eventType !== 'MESSAGE') return { statusCode: 200 };
  return { statusCode: body === 'refused' ? 403 : 200, headers: { 'Content-Type': 'text/plain' }, body: 'got ' + body };
};
`;

const withTerminal =
  requireProgram('script', 'apt-get install bsdutils') === undefined ? describe.skip : describe;
const root = fileURLToPath(new URL('../..', import.meta.url));
const project = temporaryProject({ 'echo.mjs': ECHO, 'bytes.bin': 'bytes' });
const entry = join(project.path, 'echo.mjs');
const sockets: WebSocket[] = [];
let dev: RunningCli;
let port: string;

beforeAll(async () => {
  dev = startCli([
    'dev',
    entry,
    '--port',
    '0',
    '--instances',
    '1',
    '--path',
    '/ws',
    '--path',
    '/rooms/{room}',
  ]);
  const [, found = ''] = await dev.printed(/localhost:(\d+)[\s\S]*Ctrl-C/);
  port = found;
});

afterEach(async () => {
  const open = sockets.splice(0).filter(({ readyState }) => readyState !== WebSocket.CLOSED);
  const closed = open.map((socket) => once(socket, 'close'));
  if (closed.length > 0) await run('kick', 'all', '--drop');
  await Promise.all(closed);
});

afterAll(async () => {
  dev.signal('SIGKILL');
  await dev.exited;
  project.remove();
});

const run = (...args: string[]) => runCli(...args, '--port', port);

async function connect(path = '/ws') {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  sockets.push(socket);
  let id = '';
  socket.on('upgrade', ({ headers }) => {
    id = String(headers['x-yc-apigateway-websocket-connection-id']);
  });
  await once(socket, 'open');
  const next = async (): Promise<{ data: string; isBinary: boolean }> => {
    const [data, isBinary] = (await once(socket, 'message')) as [Buffer, boolean];
    return { data: data.toString(), isBinary };
  };
  const closed = once(socket, 'close').then(([code]) => code as number);
  return { id, next, closed };
}

describe('ls', () => {
  it('lists connections in 80 columns, or as JSON', async () => {
    expect(await run('ls')).toEqual({ code: 0, output: 'no connections\n' });
    const [one, other] = [await connect(), await connect('/rooms/tea')];
    const { output } = await run('ls', '--sort', 'oldest');
    const [heading = '', first = '', second = '', end] = output.split('\n');
    expect(heading).toMatch(/^ID +PATH +AGE +SILENT +IN +OUT +ROOMS$/);
    expect([first, second]).toEqual([
      expect.stringMatching(`^${one.id}  /ws +0:\\d\\d  0:\\d\\d    0   0$`),
      expect.stringMatching(`^${other.id}  /rooms/tea  `),
    ]);
    expect(end).toBe('');
    expect(Math.max(...output.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
    const json = await run('ls', '--format', 'json', '--target', 'path:/rooms/{room}');
    expect(JSON.parse(json.output)).toMatchObject({ total: 1, connections: [{ id: other.id }] });
    expect((await run('ls', '--limit', '1')).output).toContain('1 more; see --limit');
  });
});

describe('send', () => {
  it('puts frames on sockets, text and binary', async () => {
    const { id, next } = await connect();
    const [text, sent] = [next(), await run('send', id.slice(-5), 'hello')];
    expect([sent, await text]).toEqual([
      { code: 0, output: 'put on 1 connection\n' },
      { data: 'hello', isBinary: false },
    ]);
    const bytes = next();
    await run('send', 'all', '--binary', '--file', join(project.path, 'bytes.bin'));
    expect(await bytes).toEqual({ data: 'bytes', isBinary: true });
  });

  it('speaks for the client', async () => {
    const { id, next } = await connect();
    const reply = next();
    expect((await run('send', id, 'hi', '--as-client')).output).toBe('taken from 1 connection\n');
    expect((await reply).data).toBe('got hi');
  });

  it('fails when nobody is there', async () => {
    expect(await run('send', 'all', 'x')).toEqual({
      code: 1,
      output: 'yc-broadcast: no connection matches all\n',
    });
    const { code, output } = await run('send', 'b04b', 'x');
    expect([code, output]).toEqual([
      1,
      expect.stringContaining("no open connection 'b04b'; a target is all, path:/ws"),
    ]);
  });
});

describe('kick', () => {
  it('closes with a code, or cuts the connection', async () => {
    const [polite, rude] = [await connect(), await connect()];
    expect(await run('kick', polite.id, '--code', '1012')).toEqual({ code: 0, output: 'closed 1\n' });
    expect(await polite.closed).toBe(1012);
    expect((await run('kick', rude.id, '--drop')).output).toBe('dropped 1\n');
    expect(await rude.closed).toBe(1006);
  });
});

describe('invoke', () => {
  it('calls the function without a socket, and says how it ended', async () => {
    const { code, output } = await run('invoke', 'message', '--data', 'hi');
    expect(code).toBe(0);
    expect(JSON.parse(output)).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'text/plain' },
      body: 'got hi',
      frame: 'text',
    });
    expect((await run('invoke', 'message', '--data', 'refused')).code).toBe(1);
    const failed = await run('invoke', 'message', '--data', 'boom');
    expect([failed.code, failed.output]).toEqual([
      1,
      expect.stringContaining('the function failed (502): Error: boom'),
    ]);
  });

  it('prints an event that can be edited and given back', async () => {
    const { output } = await run('invoke', 'message', '--path', '/rooms/tea', '--data', 'hi', '--print');
    const event = JSON.parse(output) as Record<string, unknown>;
    expect(event).toMatchObject({ path: '/rooms/tea', body: 'hi', requestContext: { eventType: 'MESSAGE' } });
    const edited = temporaryProject({ 'event.json': JSON.stringify({ ...event, body: 'edited' }) });
    const answer = await run('invoke', 'message', '--file', join(edited.path, 'event.json'));
    edited.remove();
    expect(JSON.parse(answer.output)).toMatchObject({ body: 'got edited' });
  });
});

describe('fault', () => {
  it('sets, lists and clears what goes wrong, and it goes wrong', async () => {
    expect(await run('fault', 'ls')).toEqual({ code: 0, output: 'no faults are injected\n' });
    const set = await run('fault', 'set', 'message.effect=drop', 'message.times=1', 'send=503');
    const [drop = '', send = '', end] = set.output.split('\n');
    expect([drop, send, end]).toEqual([
      expect.stringMatching(/^#\d+ {2}message\.effect=drop message\.times=1 {2}triggered 0×$/),
      expect.stringMatching(/^#\d+ {2}send\.status=503 {2}triggered 0×$/),
      '',
    ]);
    const { id, next } = await connect();
    const reply = next();
    await run('send', id, 'lost', '--as-client');
    await run('send', id, 'kept', '--as-client');
    expect((await reply).data).toBe('got kept');
    expect((await run('fault', 'clear', /^#\d+/.exec(send)?.[0] ?? '')).output).not.toContain('503');
    expect((await run('fault', 'clear')).output).toBe('no faults are injected\n');
  });

  it('knows presets, and says what is wrong with a fault', async () => {
    expect((await run('fault', 'preset')).output).toMatch(/^gone-storm +half of the connections/m);
    expect((await run('fault', 'preset', 'gone-storm')).output).toContain('send.status=gone send.rate=0.5');
    await run('fault', 'clear');
    const wrong = await run('fault', 'set', 'send.colour=red');
    expect([wrong.code, wrong.output]).toEqual([
      1,
      expect.stringContaining("fault 'send.colour': no such field"),
    ]);
    expect((await run('fault', 'preset', 'nothing')).output).toContain(
      "no preset 'nothing'; there are gone-storm,",
    );
    expect((await run('fault', 'clear', '99')).output).toBe('yc-broadcast: no fault has number 99\n');
  });
});

describe('tail', () => {
  it('shows the past and what comes, filtered, until it is stopped', async () => {
    const { id } = await connect();
    const cli = startCli(['tail', '--port', port, '--filter', `conn:${id} -type:message`]);
    await cli.printed(/→ CONNECT .*200/);
    await run('send', id, 'hi', '--as-client');
    await run('kick', id, '--code', '4000');
    await cli.printed(/✖ CLOSE .*4000/);
    cli.signal('SIGINT');
    await cli.exited;
    expect(cli.output()).not.toContain('MESSAGE');
  });

  it('prints JSON lines, as many as are wanted', async () => {
    await run('invoke', 'message');
    await run('invoke', 'connect');
    const { code, output } = await run(
      'tail',
      '--json',
      '--once',
      '--lines',
      '1',
      '--filter',
      'via:inspector',
    );
    expect([code, JSON.parse(output)]).toEqual([
      0,
      expect.objectContaining({ type: 'connect', status: 200 }),
    ]);
  });

  it('says what is wrong with a filter', async () => {
    const { code, output } = await run('tail', '--filter', 'colour:red');
    expect([code, output]).toEqual([1, expect.stringContaining("filter: there is no key 'colour'")]);
  });
});

describe('a running gateway', () => {
  const file = () => join(root, '.yc-broadcast', `dev-${port}.json`);

  it('is found by a file that only its user can read, and tells its token nowhere but in the banner', async () => {
    const { token } = JSON.parse(readFileSync(file(), 'utf8')) as { token: string };
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(dev.output().split(token)).toHaveLength(2);
    expect(dev.output()).toMatch(
      new RegExp(`Inspector +http://127\\.0\\.0\\.1:${port}/_yc-broadcast/#t=${token}\n`),
    );
  });

  it('takes the file away when it stops, and one that was killed is not taken for running', async () => {
    const other = startCli(['dev', entry, '--port', '0', '--instances', '1']);
    const [, found = ''] = await other.printed(/localhost:(\d+)[\s\S]*Ctrl-C/);
    const left = join(root, '.yc-broadcast', `dev-${found}.json`);
    expect(existsSync(left)).toBe(true);
    const missing = await runCli('ls', '--port', '1');
    expect(missing.output).toMatch(/^yc-broadcast: no gateway is running at port 1; there is .*\d+\n$/);
    other.signal('SIGKILL');
    await other.exited;
    expect((await runCli('ls', '--port', found)).code).toBe(1);
    expect(existsSync(left)).toBe(false);
  });

  it('takes away the files of killed gateways when another one starts', async () => {
    const left = join(root, '.yc-broadcast', 'dev-1.json');
    writeFileSync(left, JSON.stringify({ pid: 2 ** 22 + 1, port: 1, url: 'http://localhost:1', token: 't' }));
    const { output } = await runCli('dev', entry, '--port', '0', '--instances', '1', '--exec', 'true');
    expect(output).toContain('localhost');
    expect(existsSync(left)).toBe(false);
  });
});

describe('dev --exec', () => {
  const dev = (command: string, env: NodeJS.ProcessEnv = {}) => {
    const cli = startCli(['dev', entry, '--instances', '1', '--exec', command], env);
    return cli.exited.then((code) => ({ code, output: cli.output() }));
  };

  it('runs a command when all is ready, passes its exit code on, and leaves nothing behind', async () => {
    const script = `
      const { WebSocket } = require('ws');
      const { YC_BROADCAST_URL: url, YC_BROADCAST_ENDPOINT: endpoint, YC_BROADCAST_CA: ca } = process.env;
      if (!require('fs').readFileSync(ca, 'utf8').includes('BEGIN CERTIFICATE')) process.exit(1);
      const socket = new WebSocket(url + '/ws');
      socket.on('open', () => socket.send('hi'));
      socket.on('message', (data) => { console.log('heard', String(data), 'at', endpoint); process.exit(7); });
    `;
    const client = temporaryProject({ 'client.cjs': script });
    const { code, output } = await dev(`"${process.execPath}" ${join(client.path, 'client.cjs')}`, {
      YC_BROADCAST_ENDPOINT: 'https://cloud.example',
    });
    client.remove();
    expect(code).toBe(7);
    const [, endpoint = ''] = /heard got hi at (http:\/\/127\.0\.0\.1:\d+)/.exec(output) ?? [];
    await expect(fetch(endpoint)).rejects.toThrow('fetch failed');
    expect(existsSync(join(root, '.yc-broadcast', `dev-${new URL(endpoint).port}.json`))).toBe(false);
  });

  it('prints nothing but JSON lines in CI', async () => {
    const { code, output } = await dev('true', { CI: '1' });
    expect(code).toBe(0);
    const lines = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(lines[0]).toMatchObject({ type: 'ready' });
  });

  it('ends the command when it is stopped itself', async () => {
    const cli = startCli(['dev', entry, '--instances', '1', '--exec', 'echo started; exec sleep 60']);
    await cli.printed(/^started$/m);
    cli.signal('SIGTERM');
    expect(await cli.exited).toBe(128 + 15);
  });
});

withTerminal('in a terminal, dev', () => {
  it('takes keys', async () => {
    const command = `"${process.execPath}" dist/cli/main.js dev ${entry} --port 0 --instances 1`;
    const env = { ...process.env, CI: '', NO_COLOR: '1' };
    const child = spawn('script', ['-qfec', command, '/dev/null'], { cwd: root, env });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const shown = async (pattern: RegExp): Promise<RegExpExecArray> => {
      for (;;) {
        const found = pattern.exec(text);
        if (found !== null) return found;
        await once(child.stdout, 'data');
      }
    };
    const [, port] = await shown(/localhost:(\d+)[\s\S]*\[o\] inspector {2}\[r\] start afresh .*\[q\] quit/);
    const socket = new WebSocket(`ws://127.0.0.1:${String(port)}/ws`);
    await once(socket, 'open');
    child.stdin.write('k');
    expect((await once(socket, 'close'))[0]).toBe(1012);
    await shown(/closed 1 with 1012/);
    child.stdin.write('f');
    await shown(/no faults are injected/);
    child.stdin.write('r');
    await shown(/restarted all instances/);
    child.stdin.write('Q');
    expect((await once(child, 'close'))[0]).toBe(0);
  });
});

describe('wrong calls are told in one line', () => {
  it.each<[string[], string]>([
    [['send'], 'missing <target>; see yc-broadcast send --help'],
    [['send', 'all'], 'missing message; give either <data> or --file'],
    [['send', 'all', 'x', '--file', 'y'], 'missing message; give either <data> or --file'],
    [['kick'], 'missing <target>; see yc-broadcast kick --help'],
    [['kick', 'all', '--drop', '--code', '1000'], '--drop sends no close frame; omit --code'],
    [['invoke', 'push'], 'missing <event>; expected one of connect, message, disconnect'],
    [['fault'], 'missing action; expected one of set, preset, ls, clear'],
    [['ls', '--sort', 'size'], "--sort: expected newest, oldest, idle, received, sent, got 'size'"],
    [['tail', '--lines', 'x'], "--lines: expected a whole number, got 'x'"],
  ])('%j', async (args, message) => {
    expect(await runCli(...args)).toEqual({ code: 2, output: `yc-broadcast: ${message}\n` });
  });
});

describe('help', () => {
  it.each(['ls', 'send', 'kick', 'invoke', 'fault', 'tail', 'dev'])(
    '%s fits 80 columns, with examples and exit codes',
    async (name) => {
      const { code, output } = await runCli(name, '--help');
      expect(code).toBe(0);
      expect(output).toContain('\nExamples\n');
      expect(output).toContain('\nExit codes: ');
      expect(output.split('\n').filter((line) => line.length > 80)).toEqual([]);
    },
  );
});
