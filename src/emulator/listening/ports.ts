/**
 * Where the gateway listens, on 127.0.0.1 only: one plain port, and one with TLS that speaks HTTP/2 and
 * HTTP/1.1.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { BroadcastError } from '../../base/errors.js';
import type { LocalCertificate } from './certificate.js';
import { isGrpcRequest } from '../management/grpc.js';

export interface Port {
  readonly port: number;
  /** Cuts off whatever is still connected. */
  close(): Promise<void>;
}

/** What there is to answer, whichever port and protocol it came through. */
export interface Listeners {
  request(
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ): void;
  grpc(request: Http2ServerRequest, response: Http2ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** `CONNECT`, on the plain port; it is refused when this is not given. */
  connect?: ((request: IncomingMessage, socket: Duplex, head: Buffer) => void) | undefined;
}

export function openPlainPort(port: number, { request, upgrade, connect }: Listeners): Promise<Port> {
  const kept = new Set<Duplex>();
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (incoming, response) => {
    if (kept.size > MAX_KEPT_CONNECTIONS) response.setHeader('Connection', 'close');
    request(incoming, response);
  });
  server.on('connection', (socket) => {
    kept.add(socket);
    socket.on('close', () => kept.delete(socket));
  });
  if (connect !== undefined) server.on('connect', connect);
  server.on('upgrade', (incoming, socket, head) => {
    kept.delete(socket);
    upgrade(incoming, socket, head);
  });
  return listen(server, 'port', port);
}

/**
 * How long an idle HTTP connection is kept. Node.js closes it after 5 seconds, and a client that uses it in
 * that very moment gets no answer.
 */
const KEEP_ALIVE_MS = 65_000;

/**
 * HTTP connections that wait for another request; of more, each is closed after its answer. A function that
 * asks the store a thousand things at once would leave a thousand behind.
 */
const MAX_KEPT_CONNECTIONS = 64;

/**
 * gRPC, REST and pages over HTTP/2, REST, pages and WebSockets over HTTP/1.1, as clients agree on when they
 * connect.
 */
export function openTlsPort(
  port: number,
  { cert, key, ca }: LocalCertificate,
  { request, grpc, upgrade }: Listeners,
): Promise<Port> {
  const server = createSecureServer({ cert: cert + ca, key, allowHTTP1: true }, (incoming, response) => {
    const isGrpc = incoming.httpVersionMajor === 2 && isGrpcRequest(incoming.headers);
    if (isGrpc) grpc(incoming, response);
    else request(incoming, response);
  });
  return listen(server.on('upgrade', upgrade), 'tls.port', port);
}

function listen(server: Server, option: string, wanted: number): Promise<Port> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const problem = error.code === 'EADDRINUSE' ? `${wanted} is taken; choose another` : error.message;
      reject(new BroadcastError('INVALID_OPTIONS', `${option}: ${problem}`, { cause: error }));
    });
    server.listen(wanted, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve({ port, close: () => close(server, sockets) });
    });
  });
}

function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    for (const socket of sockets) socket.destroy();
  });
}
