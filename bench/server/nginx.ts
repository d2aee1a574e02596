import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../free-port.js';
import { collectText, start } from '../processes.js';
import type { CertificateFiles } from './certificate.js';
import type { Server } from './running-server.js';

/** Linux counts CPU time for others in ticks of 10 ms. */
const TICK_MICROS = 10_000;
const START_WITHIN_MS = 5000;

/**
 * One nginx process that answers `{}` to REST and an empty message to gRPC, without reading what it was sent.
 */
export async function startNginx(directory: string, files: CertificateFiles): Promise<Server> {
  const port = await freePort();
  const statusSocket = join(directory, 'status.sock');
  const configuration = join(directory, 'nginx.conf');
  await writeFile(join(directory, 'empty-message'), Buffer.alloc(5));
  await writeFile(configuration, configurationText(directory, files, port, statusSocket));
  const child = start('server', 'nginx', ['-p', directory, '-c', configuration], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const complaints = collectText(child);
  let asked = 0;

  async function requests(): Promise<number> {
    const text = await statusPage(statusSocket);
    asked++;
    const total = Number(/^ \d+ \d+ (\d+)/m.exec(text)?.[1]);
    return total - asked;
  }

  async function untilReady(): Promise<void> {
    const endsAt = Date.now() + START_WITHIN_MS;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`nginx did not start: ${complaints()}`);
      try {
        await requests();
        return;
      } catch (reason) {
        if (Date.now() > endsAt) throw reason;
        await sleep(20);
      }
    }
  }

  await untilReady();
  return {
    name: 'nginx',
    port,
    answered: requests,
    cpuMicros: () => cpuMicrosOf(child.pid),
    async close() {
      if (child.exitCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    },
  };
}

/**
 * A POST to a file is refused with 405, which is turned into the file itself: that is how nginx alone can
 * answer gRPC, whose answer has a body of five zero bytes and a trailer.
 */
function configurationText(
  directory: string,
  { certificate, key }: CertificateFiles,
  port: number,
  statusSocket: string,
): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${directory}/${kind};`)
    .join('\n  ');
  return `daemon off;
master_process off;
worker_rlimit_nofile 16384;
pid ${directory}/nginx.pid;
error_log stderr warn;
events { worker_connections 8192; }
http {
  ${temporary}
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  http2_max_concurrent_streams 1024;
  open_file_cache max=10;
  server {
    listen 127.0.0.1:${port} ssl http2 backlog=4096;
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    location /apigateways/ { default_type application/json; return 200 '{}'; }
    location /yandex.cloud. { return 405; error_page 405 =200 /empty-message; }
    location = /empty-message {
      internal;
      default_type application/grpc;
      add_trailer grpc-status 0;
      alias ${directory}/empty-message;
    }
  }
  server {
    listen unix:${statusSocket};
    location / { stub_status; }
  }
}
`;
}

async function statusPage(socketPath: string): Promise<string> {
  const outgoing = get({ socketPath, path: '/', agent: false });
  const [incoming] = (await once(outgoing, 'response')) as [AsyncIterable<Buffer>];
  let text = '';
  for await (const chunk of incoming) text += chunk.toString();
  return text;
}

async function cpuMicrosOf(pid: number | undefined): Promise<number> {
  const stat = await readFile(`/proc/${pid ?? 'self'}/stat`, 'utf8');
  // Behind the name in brackets; user and system time are fields 14 and 15 of the line.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS;
}
