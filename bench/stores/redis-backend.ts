import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.js';
import { isInstalled, start } from '../processes.js';
import type { Backend, MissingBackend } from './backend.js';
import { backendOf, untilReady } from './server-process.js';

/** A server that writes nothing to the disk. */
export async function startRedis(): Promise<Backend | MissingBackend> {
  if (!isInstalled('redis-server'))
    return { missing: 'redis-server is not installed: apt-get install redis-server' };
  const folder = await mkdtemp(join(tmpdir(), 'bench-redis-'));
  const port = await freePort();
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', ''];
  const child = start('server', 'redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  await untilReady(child);
  return backendOf(child, { address: `redis://127.0.0.1:${port}`, folder, signal: 'SIGTERM' });
}
