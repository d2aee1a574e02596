/** `dev` in a process of its own, with everything switched on, for whoever wants to end it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readyLine } from './ready-line.js';

export interface Target {
  readonly port: number;
  readonly tlsPort: number;
  /** Of the control API. */
  readonly token: string;
  /** The exit code, or the signal, as soon as it has ended. */
  ended(): number | string | undefined;
  /** What it printed last, to find out why it ended. */
  lastWords(): string;
  /** Megabytes that it has in memory; 0 where the system does not tell. */
  residentMb(): number;
  stop(): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

const operation = (id: string) => ({
  'x-yc-apigateway-integration': { type: 'cloud_functions', function_id: id },
});
const sockets = (id: string) => ({
  'x-yc-apigateway-websocket-connect': operation(id),
  'x-yc-apigateway-websocket-message': operation(id),
  'x-yc-apigateway-websocket-disconnect': operation(id),
});

/** Two functions: calls that garbage causes take none of the calls that a normal client needs. */
const SPEC = {
  openapi: '3.0.0',
  info: { title: 'target', version: '1' },
  paths: {
    '/ws': sockets('attacked'),
    '/rooms/{room}': sockets('attacked'),
    '/echo': sockets('normal'),
    '/http': { get: operation('attacked'), post: operation('attacked') },
    '/any/{path+}': { 'x-yc-apigateway-any-method': operation('attacked') },
  },
};

const ECHO = `export const handler = (event) => ({ statusCode: 200, body: event.body });`;
/** Answers of all sorts, of which some are wrong. */
const ATTACKED = `let calls = 0;
export const handler = (event) => {
  calls++;
  if (calls % 50 === 0) throw new Error('\\u001b[31mfails');
  if (calls % 31 === 0) return { statusCode: 200, headers: { 'bad\\nname': 'x', 'Content-Type': 'a\\r\\nb' }, body: 'x' };
  if (calls % 17 === 0) return 42;
  return { statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body: String(event.body ?? '').slice(0, 50) };
};`;

export async function startTarget(): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'yc-fuzz-'));
  const files = {
    'package.json': '{"name":"target","type":"module"}',
    'gateway.json': JSON.stringify(SPEC),
    'attacked.js': ATTACKED,
    'normal.js': ECHO,
    'index.html': 'the page',
    '.env': 'SECRET=1',
    'secret.js': 'globalThis.secret = 1;',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const flags = [
    '--spec',
    'gateway.json',
    '--function',
    'attacked=attacked.js',
    '--function',
    'normal=normal.js',
  ];
  const more = ['--queue', 'jobs=attacked', '--queue', 'live=/ws', '--store', '--static', '.', '--no-watch'];
  const child = spawn(process.execPath, [MAIN, 'dev', ...flags, ...more, '--port', '0', '--format', 'json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = readyLine(child.stdout, child.stderr);
  const closed = once(child, 'close');
  const { port, tlsPort } = await output.ready;
  const gateway = readFileSync(join(folder, '.yc-broadcast', `dev-${port}.json`), 'utf8');
  const { token } = JSON.parse(gateway) as { token: string };
  return {
    port,
    tlsPort,
    token,
    ended: () => child.exitCode ?? child.signalCode ?? undefined,
    lastWords: output.last,
    residentMb: () => residentMb(child.pid),
    async stop() {
      child.kill('SIGTERM');
      await closed;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function residentMb(pid: number | undefined): number {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid ?? 0}/status`, 'utf8')) ?? [];
    return Math.round(Number(kilobytes ?? 0) / 1024);
  } catch {
    return 0;
  }
}
