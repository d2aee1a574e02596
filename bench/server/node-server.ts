/**
 * The server that is always there: REST and gRPC `Send` over one TLS port, chosen by ALPN. It reads every
 * request and refuses what does not carry the payload, so it also proves that a client really sends. Runs in
 * a process of its own.
 */
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Readable } from 'node:stream';
import { jobGiven, say } from '../processes.js';
import { PAYLOAD, REST_BODY } from '../target.js';
import type { CertificateFiles } from './certificate.js';

const { certificate, key } = jobGiven() as CertificateFiles;
/** An empty `SendToConnectionResponse`: one byte of flags, four of length. */
const EMPTY_GRPC_MESSAGE = Buffer.alloc(5);
let answered = 0;

const http = createHttpServer({ keepAliveTimeout: 300_000 }, (incoming, outgoing) => {
  whenRead(incoming, (body) => {
    answerRest(outgoing, isRestSend(incoming.url, body));
  });
});

const http2 = createHttp2Server({ settings: { maxConcurrentStreams: 1024 } });
http2.on('stream', (stream, headers) => {
  stream.on('error', () => undefined);
  whenRead(stream, (body) => {
    if (headers['content-type']?.startsWith('application/grpc') === true) answerGrpc(stream, body);
    else answerRestStream(stream, isRestSend(headers[':path'], body));
  });
});

const tls = createTlsServer(
  { cert: readFileSync(certificate), key: readFileSync(key), ALPNProtocols: ['h2', 'http/1.1'] },
  (socket) => {
    (socket.alpnProtocol === 'h2' ? http2 : http).emit('connection', socket);
  },
);
tls.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  void say({ port: (tls.address() as AddressInfo).port });
});
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  void say({ answered, cpuMicros: user + system });
});
process.on('disconnect', () => process.exit());

function whenRead(stream: Readable, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => {
    answered++;
    done(Buffer.concat(chunks));
  });
}

function isRestSend(path: string | undefined, body: Buffer): boolean {
  return path?.endsWith(':send') === true && body.toString() === REST_BODY;
}

function answerRest(outgoing: ServerResponse, isGood: boolean): void {
  outgoing.writeHead(isGood ? 200 : 400, { 'content-type': 'application/json', 'content-length': 2 });
  outgoing.end('{}');
}

function answerRestStream(stream: ServerHttp2Stream, isGood: boolean): void {
  stream.respond({ ':status': isGood ? 200 : 400, 'content-type': 'application/json' });
  stream.end('{}');
}

function answerGrpc(stream: ServerHttp2Stream, body: Buffer): void {
  const status = body.includes(PAYLOAD) ? '0' : '3';
  stream.on('wantTrailers', () => {
    stream.sendTrailers({ 'grpc-status': status });
  });
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.end(EMPTY_GRPC_MESSAGE);
}
