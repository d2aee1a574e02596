/**
 * Real servers for tests: started on a free port of this machine, in a folder of their own, and stopped
 * afterwards.
 */
import { describe, it } from '@jest/globals';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { Certificate } from './certificate.js';

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** As a machine that fails does, without a word to its clients. */
  kill(): Promise<void>;
  /** With what was on the disk. */
  start(): Promise<void>;
  /** Stops it and removes its folder. */
  close(): Promise<void>;
}

export interface RedisServerOptions {
  /** Whether it hands each change to the disk before it answers. @default false */
  readonly isDurable?: boolean;
  /** Makes it speak TLS only, as `localhost`. */
  readonly certificate?: Certificate;
  /** More arguments of the command line. */
  readonly args?: readonly string[];
}

const isInstalled = spawnSync('redis-server', ['--version']).error === undefined;

/** `describe` for tests that need redis-server: without it, one skipped test that says what to do. */
export function describeWithRedis(name: string, tests: () => void): void {
  if (isInstalled || process.env['YC_BROADCAST_REQUIRE_SERVERS'] === '1') describe(name, tests);
  else
    describe(name, () => {
      it.skip('needs redis-server: apt-get install redis-server', () => undefined);
    });
}

export async function startRedis({
  isDurable = false,
  certificate,
  args = [],
}: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'yc-broadcast-redis-'));
  const port = await freePort();
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const durability = isDurable ? ['--appendonly', 'yes', '--appendfsync', 'no'] : ['--appendonly', 'no'];
    child = spawn('redis-server', [
      ...['--bind', '127.0.0.1', '--dir', folder, '--save', ''],
      ...portArgs(port, folder, certificate),
      ...durability,
      ...args,
    ]);
    await isReady(child);
  }

  async function kill(): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  }

  await start();
  return {
    port,
    url: certificate === undefined ? `redis://127.0.0.1:${port}` : `rediss://localhost:${port}`,
    kill,
    start,
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function portArgs(port: number, folder: string, certificate: Certificate | undefined): string[] {
  if (certificate === undefined) return ['--port', String(port)];
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  writeFileSync(key, certificate.key);
  writeFileSync(cert, certificate.cert);
  const files = ['--tls-key-file', key, '--tls-cert-file', cert, '--tls-auth-clients', 'no'];
  return ['--port', '0', '--tls-port', String(port), ...files];
}

/** A cluster of one server that owns all slots: it refuses what touches two of them at once. */
export async function startRedisCluster(): Promise<RedisServer> {
  const busPort = await freePort();
  const args = [
    '--cluster-enabled',
    'yes',
    '--cluster-port',
    String(busPort),
    '--cluster-announce-ip',
    '127.0.0.1',
  ];
  const server = await startRedis({ args });
  const client = new Redis(server.url);
  try {
    await client.cluster('ADDSLOTSRANGE', 0, 16_383);
    while (!(await client.cluster('INFO')).includes('cluster_state:ok'));
  } finally {
    client.disconnect();
  }
  return server;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function isReady(child: ChildProcess): Promise<void> {
  let output = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (output.includes('Ready to accept connections')) resolve();
    });
    child.once('error', reject);
    child.once('close', () => {
      reject(new Error(`redis-server ended:\n${output}`));
    });
  });
}

/**
 * Deletes all keys that begin with `prefix`, one by one: a cluster does not delete keys of different slots at
 * once.
 */
export async function dropKeys(client: Redis, prefix: string): Promise<void> {
  for await (const keys of client.scanStream({ match: `${prefix}*`, count: 1000 }) as AsyncIterable<
    string[]
  >) {
    await Promise.all(keys.map((key) => client.unlink(key)));
  }
}
