import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../free-port.js';
import { start } from '../processes.js';
import type { Backend, MissingBackend } from './backend.js';
import { backendOf, untilReady } from './server-process.js';

const BINARIES = '/usr/lib/postgresql';

type Owner = { readonly uid: number; readonly gid: number };

/** A database that does not wait for the disk, as a managed one with a fast disk nearly does not. */
export async function startPostgres(): Promise<Backend | MissingBackend> {
  const bin = newestBinaries();
  if (bin === undefined) return { missing: 'PostgreSQL is not installed: apt-get install postgresql' };
  const folder = await mkdtemp(join(tmpdir(), 'bench-postgres-'));
  const owner = ownerOf();
  const password = randomUUID();
  const data = join(folder, 'data');
  await makeDatabase({ bin, folder, data, password, owner });
  const port = await freePort();
  const settings = [
    'fsync=off',
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    `unix_socket_directories=${folder}`,
  ];
  const flags = settings.flatMap((setting) => ['-c', setting]);
  const child = start('server', join(bin, 'postgres'), ['-D', data, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...owner,
  });
  await untilReady(child);
  const address = `postgresql://bench:${password}@127.0.0.1:${port}/postgres`;
  // Ends its sessions and itself at once.
  return backendOf(child, { address, folder, signal: 'SIGINT' });
}

function newestBinaries(): string | undefined {
  const versions = existsSync(BINARIES) ? readdirSync(BINARIES) : [];
  return versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(BINARIES, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'initdb')));
}

/** PostgreSQL refuses to be run by root. */
function ownerOf(): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const numberOf = (flag: string): number => Number(execFileSync('id', [flag, 'postgres']));
  return { uid: numberOf('-u'), gid: numberOf('-g') };
}

async function makeDatabase({
  bin,
  folder,
  data,
  password,
  owner,
}: {
  bin: string;
  folder: string;
  data: string;
  password: string;
  owner: Owner | undefined;
}): Promise<void> {
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (owner !== undefined) for (const path of [folder, passwordFile]) await chown(path, owner.uid, owner.gid);
  const args = ['--pgdata', data, '--username', 'bench', '--pwfile', passwordFile, '--no-sync'];
  const kind = ['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C.UTF-8'];
  await promisify(execFile)(join(bin, 'initdb'), [...args, ...kind], { cwd: folder, ...owner });
}
