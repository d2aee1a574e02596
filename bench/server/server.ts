import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isInstalled, startWorker } from '../processes.js';
import { writeCertificate, type CertificateFiles } from './certificate.js';
import { startNginx } from './nginx.js';
import type { Server, ServerKind } from './running-server.js';

export type { ServerKind } from './running-server.js';

/** The server, and how children reach and trust it. */
export interface Bench {
  readonly server: Server;
  /** The environment of a process that trusts the server's certificate. */
  readonly env: NodeJS.ProcessEnv;
  /** For files that are gone when this process ends. */
  readonly directory: string;
  /** The port behind which answers take this much longer. */
  portWithDelay(delayMs: number): Promise<number>;
  close(): Promise<void>;
}

/** nginx where it can be measured, since it is far faster than what it answers. */
export function preferredServer(): ServerKind {
  return process.platform === 'linux' && isInstalled('nginx') ? 'nginx' : 'node';
}

export async function startBench(kind: ServerKind = preferredServer()): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'yc-broadcast-bench-'));
  process.once('exit', () => {
    rmSync(directory, { recursive: true, force: true });
  });
  const files = await writeCertificate(directory);
  const server = kind === 'nginx' ? await startNginx(directory, files) : await startNode(files);
  const delayLines = new Map<number, DelayLine>();
  return {
    server,
    env: trusting(files.certificate),
    directory,
    async portWithDelay(delayMs) {
      if (delayMs === 0) return server.port;
      const line = delayLines.get(delayMs) ?? (await startDelayLine(server.port, delayMs));
      delayLines.set(delayMs, line);
      return line.port;
    },
    async close() {
      for (const line of delayLines.values()) await line.stop();
      await server.close();
    },
  };
}

interface DelayLine {
  readonly port: number;
  stop(): Promise<void>;
}

async function startDelayLine(port: number, delayMs: number): Promise<DelayLine> {
  const worker = startWorker('server', new URL('delay-line.js', import.meta.url), { port, delayMs });
  const { port: ownPort } = await worker.hear<{ port: number }>();
  return { port: ownPort, stop: () => worker.stop() };
}

async function startNode(files: CertificateFiles): Promise<Server> {
  const worker = startWorker('server', new URL('node-server.js', import.meta.url), files);
  const { port } = await worker.hear<{ port: number }>();
  const state = () => worker.ask<{ answered: number; cpuMicros: number }>({});
  return {
    name: 'node',
    port,
    answered: async () => (await state()).answered,
    cpuMicros: async () => (await state()).cpuMicros,
    close: () => worker.stop(),
  };
}

/** All clients find the certificate in the same way; grpc-js would look elsewhere first if it was told to. */
function trusting(certificate: string): NodeJS.ProcessEnv {
  const { GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: _roots, ...rest } = process.env;
  return { ...rest, NODE_EXTRA_CA_CERTS: certificate };
}
