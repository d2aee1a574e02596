/** Everything that the gateway listens on, and how code in instances finds it there. */
import { mintLocalCertificate } from './certificate.js';
import { localEnvironment, type InstanceEnvironment } from '../instances/environment.js';
import type { ParsedEmulatorOptions } from '../options.js';
import { openPlainPort, openTlsPort, type Listeners, type Port } from './ports.js';
import { withFrontDoor } from './front-door.js';
import { createHostCheck } from './hosts.js';
import { CERTIFIED_HOSTS, METADATA_ADDRESS, portsByAddress } from '../redirect/hosts.js';
import { createMetadata } from '../redirect/metadata.js';
import { openRedirect, type RedirectAccess } from '../redirect/redirect.js';
import { createTunnels } from '../redirect/tunnel.js';

/** How to reach the port with TLS: gRPC, REST, pages and WebSockets. */
export interface TlsAccess {
  readonly port: number;
  /** `https://localhost:<port>`, for transports and, without the scheme, for gRPC clients. */
  readonly endpoint: string;
  /** PEM of the authority to trust: made for this gateway, never installed anywhere. */
  readonly ca: string;
}

export interface Listening {
  /** Of the plain port. */
  readonly port: number;
  readonly tls: TlsAccess | undefined;
  readonly redirect: RedirectAccess | undefined;
  readonly environment: InstanceEnvironment;
  close(): Promise<void>;
}

type ListenOptions = Pick<ParsedEmulatorOptions, 'port' | 'tls' | 'redirect' | 'allowedHosts'>;

/** @param token What the metadata service gives out. */
export async function listen(
  options: ListenOptions,
  listeners: Listeners,
  token: string | undefined,
): Promise<Listening> {
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(closers.splice(0).map((closer) => closer()));
  };
  try {
    return { ...(await open(options, throughFrontDoor(options, listeners, token), closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  { port, tls, redirect }: ListenOptions,
  listeners: Listeners,
  closers: (() => unknown)[],
): Promise<Omit<Listening, 'close'>> {
  if (redirect === undefined) {
    const plain = keep(await openPlainPort(port, listeners), closers);
    const secure = tls === undefined ? undefined : await openSecure(tls.port, listeners, [], closers);
    return { port: plain.port, tls: secure, redirect: undefined, environment: localEnvironment(plain.port) };
  }
  let ports: Readonly<Record<string, number>> = {};
  const tunnels = createTunnels((address) => ports[address]);
  closers.push(tunnels.close);
  const plain = keep(await openPlainPort(port, { ...listeners, connect: tunnels.open }), closers);
  const secure = await openSecure(tls?.port ?? 0, listeners, CERTIFIED_HOSTS, closers);
  ports = portsByAddress(plain.port, secure.port);
  const { folder } = redirect;
  const opened = await openRedirect({ folder, plainPort: plain.port, tlsPort: secure.port, ca: secure.ca });
  closers.push(opened.close);
  return { port: plain.port, tls: secure, redirect: opened.access, environment: opened.environment };
}

function keep(port: Port, closers: (() => unknown)[]): Port {
  closers.push(port.close);
  return port;
}

async function openSecure(
  wanted: number,
  listeners: Listeners,
  names: readonly string[],
  closers: (() => unknown)[],
): Promise<TlsAccess> {
  const certificate = mintLocalCertificate(names);
  const { port } = keep(await openTlsPort(wanted, certificate, listeners), closers);
  return { port, endpoint: `https://localhost:${port}`, ca: certificate.ca };
}

/**
 * A redirected client keeps the cloud's names in `Host`, and nobody but the cloud can point those at this
 * machine.
 */
function throughFrontDoor(
  { redirect, allowedHosts }: ListenOptions,
  listeners: Listeners,
  token: string | undefined,
): Listeners {
  if (redirect === undefined) return withFrontDoor(listeners, createHostCheck(allowedHosts));
  const hosts = [...allowedHosts, ...CERTIFIED_HOSTS, METADATA_ADDRESS];
  return withFrontDoor(withMetadata(listeners, token), createHostCheck(hosts));
}

function withMetadata(listeners: Listeners, token: string | undefined): Listeners {
  const metadata = createMetadata(token);
  return {
    ...listeners,
    request(request, response) {
      if (!metadata.answer(request, response)) listeners.request(request, response);
    },
  };
}
