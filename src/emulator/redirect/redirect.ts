/**
 * Code that is written for the cloud, without a word about this gateway, reaches it: the official SDK with
 * its default endpoint and the credentials of the metadata service, `fetch`, axios and so on. Only the
 * environment of instances, and of programs that are given it, changes; nothing is installed on the machine.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { pathToFileURL } from 'node:url';
import { BroadcastError } from '../../base/errors.js';
import type { InstanceEnvironment } from '../instances/environment.js';
import { redirectFiles } from './files.js';
import { CONNECTIONS_HOST, portsByAddress } from './hosts.js';
import { preloadProgram } from './preload-program.js';

/** How other programs are redirected: `node --import <preload>` with these variables in its environment. */
export interface RedirectAccess {
  readonly env: Readonly<Record<string, string>>;
  /** A `file:` URL. */
  readonly preload: string;
  /** A file with the authority to trust, for `curl --cacert` and its like. */
  readonly caFile: string;
  /** `http://127.0.0.1:<port>`, which takes `CONNECT`. */
  readonly proxy: string;
}

export interface Redirect {
  readonly access: RedirectAccess;
  readonly environment: InstanceEnvironment;
  /** Deletes its files. */
  close(): void;
}

export interface RedirectDeps {
  /** Where its files stand: certificates to trust, and the preload. No private key is among them. */
  readonly folder: string;
  readonly plainPort: number;
  readonly tlsPort: number;
  readonly ca: string;
}

export async function openRedirect({ folder, plainPort, tlsPort, ca }: RedirectDeps): Promise<Redirect> {
  const { ca: caFile, roots: rootsFile, preload: preloadFile } = redirectFiles(folder, plainPort);
  const preload = await preloadProgram({ ports: portsByAddress(plainPort, tlsPort), ca });
  write(folder, { [caFile]: ca, [rootsFile]: [ca, otherRoots()].join('\n'), [preloadFile]: preload });
  const remove = (): void => {
    for (const written of [caFile, rootsFile, preloadFile]) rmSync(written, { force: true });
  };
  process.once('exit', remove);

  const proxy = `http://127.0.0.1:${plainPort}`;
  const local = {
    YC_BROADCAST_ENDPOINT: `https://localhost:${tlsPort}`,
    YC_BROADCAST_CA: caFile,
    YC_BROADCAST_LOCAL_ORIGINS: `http://localhost:${plainPort},http://127.0.0.1:${plainPort}`,
  };
  const forced = {
    grpc_proxy: proxy,
    no_grpc_proxy: notThroughProxy(process.env),
    GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: rootsFile,
  };
  const preloadUrl = pathToFileURL(preloadFile).href;
  return {
    access: { env: { ...local, ...forced }, preload: preloadUrl, caFile, proxy },
    environment: { env: local, forced, preload: [preloadUrl] },
    close() {
      process.off('exit', remove);
      remove();
    },
  };
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  try {
    mkdirSync(folder, { recursive: true });
    for (const [file, content] of Object.entries(files)) writeFileSync(file, content);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BroadcastError('INVALID_OPTIONS', `redirect.folder: ${folder} cannot be written: ${reason}`, {
      cause,
    });
  }
}

/**
 * gRPC clients know no list of authorities beside the one they are given, and other servers must stay
 * trusted.
 */
function otherRoots(): string {
  const given = process.env['GRPC_DEFAULT_SSL_ROOTS_FILE_PATH'];
  return given === undefined || given === '' ? rootCertificates.join('\n') : readFileSync(given, 'utf8');
}

/** What the user wants reached directly stays so, except for the host that is redirected. */
function notThroughProxy({ no_grpc_proxy: ofGrpc, no_proxy: ofAll }: NodeJS.ProcessEnv): string {
  const wanted = (ofGrpc === undefined || ofGrpc === '' ? (ofAll ?? '') : ofGrpc).split(',');
  const kept = wanted.filter((name) => name !== '' && !CONNECTIONS_HOST.endsWith(name));
  return [...new Set(['localhost', '127.0.0.1', ...kept])].join(',');
}
