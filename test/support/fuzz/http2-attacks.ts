/** Streams with odd heads over the client of Node.js, and frames that no client would send. */
import { connect as connectHttp2, type ClientHttp2Session, type OutgoingHttpHeaders } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { grpcFrame } from '../../../src/base/grpc-frame.js';
import { frame, HEADERS, PING, SETTINGS, settings } from '../http2-script.js';
import type { Garbage } from './garbage.js';
import type { Attack } from './http-attacks.js';
import { whenOver } from './wire.js';

const STREAMS = 40;
const SILENCE_MS = 3000;
const SERVICE = '/yandex.cloud.serverless.apigateway.websocket.v1.ConnectionService/';
const PATHS = ['/', '/http', '/any/x', '//', '*', 'x', '', '/_yc-broadcast/api/status', '/ws'];

function headOf(garbage: Garbage): OutgoingHttpHeaders {
  const head: OutgoingHttpHeaders = {
    ':method': garbage.pick(['GET', 'POST', 'DELETE', 'OPTIONS', 'X', 'HEAD']),
    ':path': garbage.pick(PATHS) + (garbage.chance(0.5) ? garbage.line() : ''),
  };
  if (garbage.chance(0.1)) head[':authority'] = garbage.pick(['rebound.example', '[', 'a@b', '']);
  if (garbage.chance(0.3)) head[garbage.pick(['cookie', 'x-y', '__proto__', 'expect'])] = garbage.line();
  return head;
}

function grpcHeadOf(garbage: Garbage): OutgoingHttpHeaders {
  const method = garbage.pick([
    'Send',
    'Get',
    'Disconnect',
    'constructor',
    '__proto__',
    'toString',
    garbage.line(),
  ]);
  const head: OutgoingHttpHeaders = { ':method': 'POST', 'content-type': 'application/grpc+proto' };
  head[':path'] = garbage.chance(0.9) ? SERVICE + method : `/${garbage.line()}`;
  if (garbage.chance(0.7)) head['authorization'] = garbage.chance(0.8) ? 'Bearer x' : garbage.line();
  head['grpc-timeout'] = garbage.pick(['1S', '99999999H', 'x', '-1m']);
  return head;
}

function grpcBodyOf(garbage: Garbage): Buffer {
  if (garbage.chance(0.3)) return garbage.bytes(40);
  const id = Buffer.from(garbage.text());
  const fields = [
    Buffer.of(0x0a, Math.min(id.length, 127)),
    id,
    Buffer.of(0x12, garbage.below(128)),
    garbage.bytes(60),
  ];
  return grpcFrame(Buffer.concat(fields));
}

/** One session with many streams; resolves with the number of those that were answered or refused. */
async function streams(
  port: number,
  headAndBody: () => readonly [head: OutgoingHttpHeaders, body: Buffer],
): Promise<number> {
  const session = connectHttp2(`https://localhost:${port}`, { rejectUnauthorized: false });
  session.on('error', () => undefined);
  session.setTimeout(SILENCE_MS, () => {
    session.destroy();
  });
  const done = await Promise.all(Array.from({ length: STREAMS }, () => stream(session, ...headAndBody())));
  session.destroy();
  return done.filter(Boolean).length;
}

/** Resolves with whether it was sent at all: the client itself refuses some heads. */
function stream(session: ClientHttp2Session, head: OutgoingHttpHeaders, body: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const opened = session.request(head, { endStream: false });
      opened.on('error', () => undefined);
      opened.on('close', () => {
        resolve(true);
      });
      opened.resume();
      opened.end(body);
    } catch {
      resolve(false);
    }
  });
}

const requests: Attack = ({ tlsPort }, garbage) =>
  streams(tlsPort, () => [headOf(garbage), garbage.bytes(20)]);

const grpc: Attack = ({ tlsPort }, garbage) =>
  streams(tlsPort, () => [grpcHeadOf(garbage), grpcBodyOf(garbage)]);

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

const frames: Attack = async ({ tlsPort }, garbage) => {
  const socket = connectTls({
    port: tlsPort,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
  });
  const count = 1 + garbage.below(200);
  const sent = Array.from({ length: count }, () => {
    // Mostly what a session survives, so that the frames behind it are looked at as well.
    const type = garbage.chance(0.9) ? garbage.pick([PING, SETTINGS, 8, 2, 11, 200]) : garbage.below(11);
    if (type === SETTINGS) return settings([3 + garbage.below(2), garbage.below(2 ** 16)]);
    if (type === PING) return frame(PING, 0, 0, Buffer.alloc(8));
    const payload = type === HEADERS ? garbage.bytes(40) : Buffer.of(0, 0, 0, 1 + garbage.below(255));
    return frame(type, garbage.below(256), type === 8 ? 0 : garbage.below(9), payload);
  });
  const start = garbage.chance(0.9) ? [PREFACE, settings()] : [garbage.bytes(100)];
  socket.resume();
  socket.end(Buffer.concat([...start, ...sent]));
  await whenOver(socket, 300);
  return count;
};

export const http2Attacks: readonly Attack[] = [requests, grpc, frames];
