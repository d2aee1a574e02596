/** A PostgreSQL server of the test's own, on a free port of 127.0.0.1, with a password. */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import pg from 'pg';

export const PASSWORD = 's3cret/of#the:test';

/** A busy machine takes its time to make a database. */
const START_TIMEOUT_MS = 120_000;

export interface PostgresServer {
  /** With the password, which is percent-encoded there. */
  readonly url: string;
  readonly port: number;
  /** Runs the program that administrators use. Resolves with what it prints. */
  psql(...args: readonly string[]): Promise<string>;
  /** Ends every process of the server at once, as a crash of the machine would. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /**
   * Makes a standby of the server as it is, and promotes it: it has what was there, and nothing that follows.
   */
  promoteStandby(): Promise<{ readonly port: number }>;
  /** Writes a file that the server may read, and returns its path. */
  write(name: string, text: string): string;
  /** Ends the server and deletes its data. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Where the binaries are, or why there are none. `YC_BROADCAST_REQUIRE_SERVERS` makes that an error. */
const postgresBinaries: { readonly folder: string } | { readonly missing: string } = findBinaries();

function findBinaries(): { folder: string } | { missing: string } {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const folder = versions
    .map((version) => join(root, version, 'bin'))
    .find((each) => existsSync(join(each, 'initdb')));
  if (folder !== undefined) return { folder };
  const missing = 'PostgreSQL is not installed: apt-get install postgresql';
  if (process.env['YC_BROADCAST_REQUIRE_SERVERS'] === '1') throw new Error(missing);
  return { missing };
}

async function startPostgres(): Promise<PostgresServer> {
  if ('missing' in postgresBinaries) throw new Error(postgresBinaries.missing);
  const bin = postgresBinaries.folder;
  const folder = mkdtempSync(join(tmpdir(), 'yc-broadcast-postgres-'));
  const owner = ownerOf(folder);
  const data = join(folder, 'data');
  const port = await freePort();
  const url = `postgresql://tester:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/postgres`;
  let running: ChildProcess | undefined;
  const standbys: ChildProcess[] = [];

  function write(name: string, text: string): string {
    const file = join(folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    if (owner !== undefined) chownSync(file, owner.uid, owner.gid);
    return file;
  }

  await promisify(execFile)(
    join(bin, 'initdb'),
    [
      ...['--pgdata', data, '--username', 'tester', '--pwfile', write('password', PASSWORD)],
      ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C.UTF-8', '--no-sync'],
    ],
    { cwd: folder, ...owner },
  );

  function launch(from: string, at: number): ChildProcess {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(at),
      unix_socket_directories: folder,
      fsync: 'off',
      max_connections: '100',
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    return spawn(join(bin, 'postgres'), ['-D', from, ...flags], { cwd: folder, stdio: 'ignore', ...owner });
  }

  async function start(): Promise<void> {
    running = launch(data, port);
    await answering(url, running);
  }

  async function promoteStandby(): Promise<{ port: number }> {
    const standbyPort = await freePort();
    const copy = join(folder, `standby-${standbys.length}`);
    await promisify(execFile)(
      join(bin, 'pg_basebackup'),
      ['--dbname', url, '--pgdata', copy, '--write-recovery-conf', '--checkpoint', 'fast', '--no-sync'],
      { cwd: folder, ...owner },
    );
    const standby = launch(copy, standbyPort);
    standbys.push(standby);
    const there = url.replace(`:${port}/`, `:${standbyPort}/`);
    await answering(there, standby);
    await promisify(execFile)(join(bin, 'psql'), [there, '--command', 'SELECT pg_promote()']);
    return { port: standbyPort };
  }

  async function psql(...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(join(bin, 'psql'), [url, '-v', 'ON_ERROR_STOP=1', ...args]);
    return stdout;
  }

  await start();
  return {
    url,
    port,
    psql,
    kill: () => end(running),
    start,
    promoteStandby,
    write,
    async [Symbol.asyncDispose]() {
      await Promise.all([running, ...standbys].map(end));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function end(server: ChildProcess | undefined): Promise<void> {
  if (server === undefined || server.exitCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGQUIT');
  await ended;
}

/** PostgreSQL refuses to be run by root. */
function ownerOf(folder: string): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  const owner = { uid: id('-u'), gid: id('-g') };
  chownSync(folder, owner.uid, owner.gid);
  return owner;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A server that recovers from a crash refuses connections for a while. */
async function answering(url: string, server: ChildProcess): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL ended with ${server.exitCode}`);
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('SELECT 1');
      return;
    } catch {
      await delay(20);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** A group of tests with a server; without one installed, a skipped test that says how to get it. */
export function describeWithPostgres(name: string, body: (server: () => PostgresServer) => void): void {
  describe(name, () => {
    if ('missing' in postgresBinaries) {
      it.skip(postgresBinaries.missing, () => undefined);
      return;
    }
    let starting: Promise<PostgresServer> | undefined;
    let server: PostgresServer | undefined;
    beforeAll(async () => {
      starting = startPostgres();
      server = await starting;
    }, START_TIMEOUT_MS);
    afterAll(async () => {
      await (await starting)?.[Symbol.asyncDispose]();
    }, START_TIMEOUT_MS);
    body(() => server as PostgresServer);
  });
}
