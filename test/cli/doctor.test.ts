/** `yc-broadcast doctor`, run as a process: what it finds here, and each thing that it is there to find. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCli, startCli, temporaryProject } from '../support/cli.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await cleanups.pop()?.();
  return port;
}

/** A project of its own, with an SDK of its own. */
function project(sdk: Readonly<Record<string, string>> | string = {}): string {
  const { path, remove } = temporaryProject({ 'package.json': '{}' });
  cleanups.push(remove);
  const folder = join(path, 'node_modules/@yandex-cloud/nodejs-sdk');
  mkdirSync(dirname(folder), { recursive: true });
  if (typeof sdk === 'string') symlinkSync(realpathSync(join(root, sdk)), folder);
  else {
    mkdirSync(folder);
    for (const [name, content] of Object.entries(sdk)) writeFileSync(join(folder, name), content);
  }
  return path;
}

/** One where there is no SDK, which makes for a quick self-test. */
function bareProject(): string {
  const path = mkdtempSync(join(tmpdir(), 'yc-broadcast-'));
  cleanups.push(() => {
    rmSync(path, { recursive: true });
  });
  writeFileSync(join(path, 'package.json'), '{}');
  return path;
}

async function doctor(
  cwd: string,
  { args = [], env = {} }: { args?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<{ code: number | null; output: string; marks: Record<string, string> }> {
  const quiet = { NO_COLOR: '', grpc_proxy: '', https_proxy: '', http_proxy: '', YC_BROADCAST_ENDPOINT: '' };
  const port = args.includes('--port') ? [] : ['--port', String(await freePort())];
  const cli = startCli(['doctor', ...port, ...args], { ...quiet, ...env }, cwd);
  const code = await cli.exited;
  const lines = cli.output().matchAll(/^ {2}([✓!✗]) (\S+(?: \S+)*) {2,}/gm);
  const marks: Record<string, string> = {};
  for (const [, mark = '', subject = ''] of lines) marks[subject] = mark;
  return { code, output: cli.output(), marks };
}

const SDK_2 = 'node_modules/@yandex-cloud/nodejs-sdk';

describe('doctor', () => {
  it('finds that all is well, within 80 columns and without colours, and leaves nothing behind', async () => {
    const cwd = project(SDK_2);
    const { code, output, marks } = await doctor(cwd);
    expect(output).toMatch(/SDK redirect {2}get \d+, send \d+, disconnect \d+ ms; with SDK 2\.8\.0\n/);
    expect(output).toContain('\n  All is well.\n');
    expect(Object.entries(marks).filter(([, mark]) => mark !== '✓')).toEqual([]);
    expect(Object.keys(marks)).toHaveLength(9);
    expect(code).toBe(0);
    expect(output.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(output).not.toContain('\u001b');
    expect(readdirSync(join(cwd, '.yc-broadcast'))).toEqual([]);
  });

  it('tries the SDK 3 of a project, and says which Node.js that asks for', async () => {
    const { code, output, marks } = await doctor(project('node_modules/yandex-cloud-sdk-3'));
    expect(output).toMatch(/with SDK 3\.2\.0\n/);
    expect(marks['SDK redirect']).toBe('✓');
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const isNewEnough = major > 22 || (major === 22 && minor >= 15);
    expect(marks['Official SDK']).toBe(isNewEnough ? '✓' : '!');
    expect(output.includes('asks for Node.js 22.15.0 or newer')).toBe(!isNewEnough);
    expect(code).toBe(0);
  });

  it('tries without an SDK where there is none', async () => {
    const cwd = bareProject();
    const { code, output } = await doctor(cwd);
    expect(output).toMatch(/Official SDK {2}not installed, and not needed/);
    expect(output).toMatch(/SDK redirect {2}get \d+, send \d+, disconnect \d+ ms; with fetch, since/);
    expect(code).toBe(0);
  });

  it('prints JSON with --format json', async () => {
    const { code, output } = await doctor(bareProject(), { args: ['--format', 'json'] });
    const findings = JSON.parse(output) as { subject: string; level: string; detail: string }[];
    expect(findings.map(({ level }) => level)).toEqual(Array<string>(9).fill('ok'));
    expect(findings[0]).toEqual({ subject: 'Node.js', level: 'ok', detail: process.versions.node });
    expect(code).toBe(0);
  });
});

describe('doctor finds', () => {
  it('an SDK that does not work', async () => {
    const sdk = {
      'package.json': '{"version":"3.2.0","type":"module"}',
      'index.js': 'throw new Error("half installed");',
    };
    const { code, output, marks } = await doctor(project(sdk));
    expect(output).toMatch(/✗ SDK redirect {2}with SDK 3\.2\.0: half installed\n {18}→ check with npm ls/);
    expect(output).toContain('1 of 9 checks failed.');
    expect(marks['Files']).toBe('✓');
    expect(code).toBe(1);
  });

  it('an SDK that goes somewhere else, or says that it has sent and has not', async () => {
    const sdk = {
      'package.json': '{"version":"2.8.0","type":"module"}',
      'index.js': `
        const message = { fromPartial: (value) => value };
        export const serviceClients = {};
        export const cloudApi = { serverless: { apigateway_connection_service: {
          SendToConnectionRequest_DataType: {}, SendToConnectionRequest: message,
          GetConnectionRequest: message, DisconnectRequest: message,
        } } };
        const done = async () => ({});
        export class Session { client() { return { get: done, send: done, disconnect: done }; } }`,
    };
    const { code, output } = await doctor(project(sdk));
    expect(output).toMatch(/✗ SDK redirect {2}with SDK 2\.8\.0: the message was sent and did not arrive/);
    expect(code).toBe(1);
  });

  it('an SDK of a version that nobody has tried', async () => {
    const { output, marks } = await doctor(
      project({ 'package.json': '{"version":"1.5.0"}', 'index.js': '' }),
    );
    expect(marks['Official SDK']).toBe('!');
    expect(output).toMatch(/1\.5\.0 is not tested with this library\n +→ npm install/);
  });

  it('a port that is taken', async () => {
    const port = await listening(createServer());
    const { code, output, marks } = await doctor(bareProject(), { args: ['--port', String(port)] });
    expect(output).toContain(`✗ Port ${port}`);
    expect(output).toContain(`use: dev --port ${port + 10}`);
    expect(Object.values(marks).filter((mark) => mark !== '✓')).toEqual(['✗']);
    expect(code).toBe(1);
  });

  it('a folder that cannot be written', async () => {
    const cwd = bareProject();
    writeFileSync(join(cwd, '.yc-broadcast'), '');
    const { code, output, marks } = await doctor(cwd);
    expect([marks['Files'], marks['Certificate'], marks['SDK redirect']]).toEqual(['✗', '✗', '✗']);
    expect(output).toContain('3 of 9 checks failed.');
    expect(output.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(code).toBe(1);
  });

  it('variables that lead elsewhere', async () => {
    const env = { YC_BROADCAST_ENDPOINT: 'https://else.where', NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    const { code, output, marks } = await doctor(bareProject(), { env });
    expect(marks['Variables']).toBe('!');
    expect(output.replace(/\s+/g, ' ')).toMatch(
      /YC_BROADCAST_ENDPOINT is set: .*; NODE_TLS_REJECT_UNAUTHORIZED is set/,
    );
    expect(output).toContain('Everything works; see the warnings.');
    expect(code).toBe(0);
  });

  it.each([
    ['http://me:hidden@127.0.0.1:3128', '✓', 'through 127.0.0.1:3128'],
    ['https://me:hidden@proxy.example', '!', 'gRPC clients ignore it'],
  ])('the proxy %s, whose password it keeps to itself', async (https_proxy, mark, text) => {
    const { output, marks } = await doctor(bareProject(), { env: { https_proxy } });
    expect(marks['Proxy']).toBe(mark);
    expect(output.replace(/\s+/g, ' ')).toContain(text);
    expect(output).not.toContain('hidden');
    expect(marks['SDK redirect']).toBe('✓');
  });

  it.each([
    ['right', 0, '✓', /differs from the cloud's by [01] s/, 0],
    ['ahead', -7_200_000, '✗', /is 7(199|200|201) s ahead/, 1],
    ['behind', 7_200_000, '✗', /is 7(199|200|201) s behind/, 1],
  ])('with --online that the clock is %s', async (_how, offset, mark, text, exitCode) => {
    const server = createHttpServer((_request, response) => {
      response.sendDate = false;
      response.setHeader('Date', new Date(Date.now() + offset).toUTCString()).end();
    });
    const env = { YC_BROADCAST_ENDPOINT: `http://127.0.0.1:${await listening(server)}` };
    const { code, output, marks } = await doctor(bareProject(), { args: ['--online'], env });
    expect(marks['Clock']).toBe(mark);
    expect(output.replace(/\s+/g, ' ')).toMatch(text);
    expect(code).toBe(exitCode);
  });

  it('with --online that the cloud is out of reach, which is no failure', async () => {
    const env = { YC_BROADCAST_ENDPOINT: `http://127.0.0.1:${await freePort()}` };
    const { code, output, marks } = await doctor(bareProject(), { args: ['--online'], env });
    expect(marks['Clock']).toBe('!');
    expect(output.replace(/\s+/g, ' ')).toContain('cannot be reached → check the network');
    expect(code).toBe(0);
  });
});

describe('doctor says in one line what is wrong with the call', () => {
  it.each([
    [['--port', 'x'], "--port: expected a whole number, got 'x'"],
    [['--port', '0'], "--port: expected a number from 1 to 65535, got '0'"],
    [['--format', 'xml'], "--format: expected text or json, got 'xml'"],
    [['--onlin'], "unknown option '--onlin'; see --help"],
  ])('%j', async (args, message) => {
    const { code, output } = await runCli('doctor', ...args);
    expect(output).toBe(`yc-broadcast: ${message}\n`);
    expect(code).toBe(2);
  });

  it('and helps within 80 columns', async () => {
    const { code, output } = await runCli('doctor', '--help');
    expect(output).toContain('Exit codes');
    expect(output.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(code).toBe(0);
  });
});
