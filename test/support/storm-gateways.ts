/** Gateways out in a {@link Storm}, on Node's own servers. Plain TCP on 127.0.0.1. */
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { constants, createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { SendToConnectionRequest } from '@yandex-cloud/nodejs-sdk/dist/generated/yandex/cloud/serverless/apigateway/websocket/v1/connection_service.js';
import type { Fate, Storm } from './storm.js';

export interface StormGateway {
  readonly endpoint: string;
  close(): Promise<void>;
}

export type StormGatewayKind = (storm: Storm) => Promise<StormGateway>;

/** Flag and length, which gRPC puts in front of a message. */
const PREFIX_BYTES = 5;
const MAX_STREAMS = 250;
const GRPC_STATUS = { unknown: '5', unavailable: '14' };

/** Speaks HTTP/2 without TLS. A lost answer is an RST_STREAM. */
export const grpcStormGateway: StormGatewayKind = async (storm) => {
  const settings = { maxConcurrentStreams: MAX_STREAMS };
  // With less memory Node's server refuses requests of its own accord, and those are not in the storm.
  const server = createHttp2Server({ settings, maxSessionMemory: 1000 });
  const sockets = socketsOf(server);
  server.on('stream', (stream) => {
    stream.on('error', ignore);
    void bodyOf(stream).then((body) => {
      const { connectionId, data } = SendToConnectionRequest.decode(body.subarray(PREFIX_BYTES));
      const { fate, latencyMs, cuts } = storm.receive(connectionId, data.toString('utf8'));
      if (cuts) breakAll(sockets);
      else setTimeout(answerGrpc, latencyMs, stream, fate);
    }, ignore);
  });
  return listen(server, sockets);
};

function answerGrpc(stream: ServerHttp2Stream, fate: Fate): void {
  if (stream.destroyed) return;
  const headers = { ':status': 200, 'content-type': 'application/grpc' };
  if (fate === 'lost' || fate === 'deliveredButLost') stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else if (fate === 'delivered') {
    stream.respond(headers, { waitForTrailers: true });
    stream.on('wantTrailers', () => {
      stream.sendTrailers({ 'grpc-status': '0' });
    });
    stream.end(Buffer.alloc(PREFIX_BYTES));
  } else stream.respond({ ...headers, 'grpc-status': GRPC_STATUS[fate] }, { endStream: true });
}

const REST_ANSWERS = {
  delivered: { status: 200, body: {} },
  unknown: { status: 404, body: { code: 5, message: 'Connection not found' } },
  unavailable: { status: 503, body: { code: 14, message: 'Service unavailable' } },
};

/** Speaks HTTP/1.1. A lost answer is a connection that breaks. */
export const restStormGateway: StormGatewayKind = async (storm) => {
  const server = createHttpServer();
  const sockets = socketsOf(server);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void bodyOf(request).then((body) => {
      const { data } = JSON.parse(body.toString('utf8')) as { data: string };
      const connectionId = /connections\/([^/]+):send$/.exec(request.url ?? '')?.[1] ?? '';
      const text = Buffer.from(data, 'base64').toString('utf8');
      const { fate, latencyMs, cuts } = storm.receive(decodeURIComponent(connectionId), text);
      if (cuts) breakAll(sockets);
      else setTimeout(answerRest, latencyMs, response, fate);
    }, ignore);
  });
  // A connection that is closed for being idle just when a request comes would be one more loss, not in the
  // storm.
  server.keepAliveTimeout = 60_000;
  return listen(server, sockets);
};

function answerRest(response: ServerResponse, fate: Fate): void {
  if (fate === 'lost' || fate === 'deliveredButLost') response.socket?.resetAndDestroy();
  else {
    const { status, body } = REST_ANSWERS[fate];
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  }
}

async function bodyOf(request: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(request, 'end');
  return Buffer.concat(chunks);
}

/** What breaks is meant to break; and a request that was cut off while it came in was not received. */
function ignore(): void {
  return undefined;
}

function socketsOf(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', ignore);
    socket.on('close', () => sockets.delete(socket));
  });
  return sockets;
}

function breakAll(sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) socket.resetAndDestroy();
}

async function listen(server: Server, sockets: ReadonlySet<Socket>): Promise<StormGateway> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      breakAll(sockets);
      server.close();
      await once(server, 'close');
    },
  };
}
