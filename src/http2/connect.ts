import type { Socket } from 'node:net';
import { BroadcastError } from '../base/errors.js';
import { NO_HTTP2 } from './protocol-failure.js';
import type { ReadBuffer } from './read-buffer.js';
import type { Origin } from './request-writer.js';

/** Where a client connects to. */
export interface ConnectTarget extends Origin {
  readonly host: string;
  readonly port: number;
  /** PEM of the authorities that are trusted instead of the well-known ones. */
  readonly ca: (() => string | undefined) | undefined;
}

/**
 * A connection that is not there after this time is given up, whatever time the waiting requests have left.
 */
const CONNECT_TIMEOUT_MS = 5000;

/**
 * Connects, TLS included. Rejects with `GATEWAY_UNAVAILABLE`, since no request can have left then.
 *
 * @param readBuffer Gets what is received, instead of the socket's `data` event. Without it the socket is an
 * ordinary one.
 */
export async function connect(target: ConnectTarget, readBuffer?: ReadBuffer): Promise<Socket> {
  const onread = readBuffer === undefined ? {} : { onread: readBuffer.onread };
  const socket = target.scheme === 'https' ? await openTls(target, onread) : await openPlain(target, onread);
  socket.setNoDelay(true);
  socket.unref();
  await connected(socket, target.scheme === 'https' ? 'secureConnect' : 'connect');
  if (target.scheme === 'http' || alpnOf(socket) === 'h2') return socket;
  socket.destroy();
  throw unavailable(NO_HTTP2);
}

/**
 * `node:tls` is loaded when the first connection is made: a function that only answers connect events never
 * needs it.
 */
async function openTls(
  { host, port, ca }: ConnectTarget,
  onread: Partial<Pick<ReadBuffer, 'onread'>>,
): Promise<Socket> {
  const [tls, net] = await Promise.all([import('node:tls'), import('node:net')]);
  const authorities = ca?.();
  return tls.connect({
    host,
    port,
    ...onread,
    ALPNProtocols: ['h2'],
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    ...(authorities === undefined ? {} : { ca: authorities }),
  });
}

async function openPlain(
  { host, port }: ConnectTarget,
  onread: Partial<Pick<ReadBuffer, 'onread'>>,
): Promise<Socket> {
  const net = await import('node:net');
  return net.connect({ host, port, ...onread });
}

function connected(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = (problem: string, cause?: unknown): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(unavailable(problem, cause));
    };
    const timer = setTimeout(giveUp, CONNECT_TIMEOUT_MS, `none within ${CONNECT_TIMEOUT_MS} ms`).unref();
    const onError = (cause: NodeJS.ErrnoException): void => {
      giveUp(problemOf(cause), cause);
    };
    socket.once('error', onError);
    socket.once('close', () => {
      giveUp('it was closed immediately');
    });
    socket.once(event, () => {
      clearTimeout(timer);
      socket.off('error', onError);
      resolve();
    });
  });
}

function problemOf({ code = '', message }: NodeJS.ErrnoException): string {
  if (code.endsWith('_ALERT_NO_APPLICATION_PROTOCOL')) return NO_HTTP2;
  const isUntrusted = /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/.test(code);
  const remedy = isUntrusted ? '; the option `ca` or YC_BROADCAST_CA adds an authority to trust' : '';
  return `${code === '' ? message : code}${remedy}`;
}

function unavailable(problem: string, cause?: unknown): BroadcastError {
  return new BroadcastError('GATEWAY_UNAVAILABLE', `no connection to the gateway: ${problem}`, {
    cause,
    isUnreachable: true,
  });
}

function alpnOf(socket: Socket): unknown {
  return Reflect.get(socket, 'alpnProtocol');
}
