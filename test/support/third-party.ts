/**
 * Servers of other people, started for a test with a configuration of ours. All of them on 127.0.0.1 with
 * TLS.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Certificate } from './certificate.js';
import { requireProgram } from './servers.js';

export interface ThirdParty {
  readonly endpoint: string;
  /** Asks the server to begin anew without dropping requests, if it can. */
  reload(): void;
  close(): Promise<void>;
}

export interface ThirdPartyOptions {
  /** Streams per session. @default 100 */
  readonly maxStreams?: number;
  /** Requests after which the server sends GOAWAY. No limit when absent; only nginx has one. */
  readonly requestsPerSession?: number;
  /** Answers with this gRPC status. @default 0 */
  readonly grpcStatus?: number;
  /** More arguments for the command line; only nghttpd's says much. */
  readonly args?: readonly string[];
}

export interface ServerKind {
  readonly name: string;
  /** Where the program is; `undefined` when it is not installed. */
  readonly program: string | undefined;
  start(certificate: Certificate, options?: ThirdPartyOptions): Promise<ThirdParty>;
}

const SEND_PATH = 'yandex.cloud.serverless.apigateway.websocket.v1.ConnectionService/Send';

interface Plan {
  readonly args: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}

type Planner = (folder: string, port: number, options: Required<Omit<ThirdPartyOptions, 'args'>>) => Plan;

function kind(name: string, debianPackage: string, plan: Planner): ServerKind {
  const program = requireProgram(name, `apt-get install ${debianPackage}`);
  return {
    name,
    program,
    async start({ key, cert }, { args: more = [], ...options } = {}) {
      const folder = mkdtempSync(join(tmpdir(), `${name}-`));
      const port = await freePort();
      const defaults = { maxStreams: 100, requestsPerSession: 1_000_000, grpcStatus: 0 };
      const { args, files } = plan(folder, port, { ...defaults, ...options });
      const all = { 'key.pem': key, 'cert.pem': cert, 'both.pem': `${cert}\n${key}`, ...files };
      for (const [file, text] of Object.entries(all)) {
        mkdirSync(dirname(join(folder, file)), { recursive: true });
        writeFileSync(join(folder, file), text);
      }
      const child = spawn(program ?? name, [...more, ...args], {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      await untilListening(child, port);
      return {
        endpoint: `https://localhost:${port}`,
        reload: () => void child.kill('SIGHUP'),
        async close() {
          if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit');
          rmSync(folder, { recursive: true });
        },
      };
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when the port accepts connections. Rejects with what the program said when it gives up. */
async function untilListening(child: ChildProcess, port: number): Promise<void> {
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (said += String(chunk)));
  const isGone = once(child, 'exit').then(() => Promise.reject(new Error(`the server ended: ${said}`)));
  isGone.catch(() => undefined);
  while (!(await Promise.race([canConnect(port), isGone])))
    await new Promise((again) => setTimeout(again, 20));
}

function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

/** Answers before it has read the body, then resets the stream. */
export const nginx = kind('nginx', 'nginx-light', (folder, port, options) => ({
  args: ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'],
  files: {
    'nginx.conf': `
      daemon off; worker_processes 1; pid nginx.pid; error_log stderr;
      events { worker_connections 256; }
      http {
        access_log off;
        ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`).join(' ')}
        keepalive_requests ${options.requestsPerSession};
        http2_max_concurrent_streams ${options.maxStreams};
        client_max_body_size 1m;
        server {
          listen 127.0.0.1:${port} ssl http2;
          ssl_certificate cert.pem; ssl_certificate_key key.pem;
          add_header grpc-status ${options.grpcStatus} always;
          location / { default_type application/grpc; return 200 '{}'; }
        }
      }`,
  },
}));

/** The reference implementation. Its trailers carry the gRPC status, as a gRPC server's do. */
export const nghttpd = kind('nghttpd', 'nghttp2-server', (_folder, port, options) => ({
  args: [
    '--address=127.0.0.1',
    '--htdocs=htdocs',
    `--max-concurrent-streams=${options.maxStreams}`,
    `--trailer=grpc-status: ${options.grpcStatus}`,
    String(port),
    'key.pem',
    'cert.pem',
  ],
  files: { [`htdocs/${SEND_PATH}`]: '{}' },
}));

const APACHE_MODULES = '/usr/lib/apache2/modules';

export const apache = kind('apache2', 'apache2-bin', (folder, port, options) => ({
  args: ['-X', '-d', folder, '-f', join(folder, 'httpd.conf')],
  files: {
    [`htdocs/${SEND_PATH}`]: '{}',
    'httpd.conf': `
      ${['mpm_event', 'authz_core', 'headers', 'ssl', 'http2']
        .map((name) => `LoadModule ${name}_module ${APACHE_MODULES}/mod_${name}.so`)
        .join('\n')}
      ServerName localhost
      Listen 127.0.0.1:${port}
      PidFile ${folder}/httpd.pid
      DefaultRuntimeDir ${folder}
      ErrorLog ${folder}/error.log
      DocumentRoot ${folder}/htdocs
      Protocols h2
      H2MaxSessionStreams ${options.maxStreams}
      SSLEngine on
      SSLCertificateFile cert.pem
      SSLCertificateKeyFile key.pem
      Header always set grpc-status ${options.grpcStatus}`,
  },
}));

export const haproxy = kind('haproxy', 'haproxy', (_folder, port, options) => ({
  args: ['-W', '-f', 'haproxy.cfg'],
  files: {
    'haproxy.cfg': `
global
  tune.h2.max-concurrent-streams ${options.maxStreams}
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 5s
frontend all
  bind 127.0.0.1:${port} ssl crt both.pem alpn h2
  http-request return status 200 content-type application/grpc string {} hdr grpc-status ${options.grpcStatus}
`,
  },
}));
