/** Requests of HTTP/1.1 that are valid and odd, and bytes that are hardly requests at all. */
import type { Garbage } from './garbage.js';
import type { Target } from './target.js';
import { answersTo, rawRequest } from './wire.js';

/**
 * Does its worst once. Resolves with the number of requests, or frames, that the gateway has had to look at.
 */
export type Attack = (target: Target, garbage: Garbage) => Promise<number>;

const PIPELINED = 200;
const PATHS = [
  '/',
  '/ws',
  '/http',
  '/any/',
  '/rooms/',
  '/_yc-broadcast/',
  '/computeMetadata/v1/',
  '/apigateways/websocket/v1/',
];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND', 'PURGE'];
const HEADERS = [
  'Cookie',
  'Accept',
  'Range',
  'Origin',
  'Content-Type',
  'Authorization',
  'X-Forwarded-For',
  '__proto__',
  'constructor',
];
const HOSTS = [
  'localhost',
  'rebound.example',
  '127.0.0.1:1',
  '[',
  'a@localhost',
  '0.0.0.0',
  '',
  'localhost:x',
  '169.254.169.254',
];
const TARGETS = [
  '//',
  '/\\',
  '*',
  'http://[',
  '//[',
  'http://localhost:99999/',
  'ftp://x/',
  '',
  '?',
  '\xff',
  'localhost:80',
];

function pathOf(garbage: Garbage): string {
  const path = garbage.pick(PATHS) + garbage.line().replace(/[^!-~]/g, '%20');
  // These are refused, and the connection with them: see `refused`.
  return path.replace(/^\/[/\\]+/, '/');
}

function headersOf(garbage: Garbage): string[] {
  return Array.from({ length: garbage.below(5) }, () => `${garbage.pick(HEADERS)}: ${garbage.line()}`);
}

const pipelined: Attack = async ({ port }, garbage) => {
  const requests = Array.from({ length: PIPELINED }, () => {
    const line = `${garbage.pick(METHODS)} ${pathOf(garbage)}`;
    return rawRequest(line, ['Host: localhost', ...headersOf(garbage)], garbage.bytes(20));
  });
  return answersTo(port, Buffer.concat(requests), PIPELINED);
};

/** Each costs a connection. */
const refused: Attack = async ({ port }, garbage) => {
  const line = `${garbage.pick(METHODS)} ${garbage.chance(0.5) ? garbage.pick(TARGETS) : pathOf(garbage)}`;
  const head = [`Host: ${garbage.pick(HOSTS)}`, 'Connection: close', ...headersOf(garbage)];
  await answersTo(port, rawRequest(line, head), 1);
  return 1;
};

/** A request with some bytes changed, cut short or put in twice. */
const mutated: Attack = async ({ port }, garbage) => {
  const request = rawRequest(`POST ${pathOf(garbage)}`, ['Host: localhost', ...headersOf(garbage)], 'body');
  for (let changes = 1 + garbage.below(4); changes > 0; changes--)
    request[garbage.below(request.length)] = garbage.below(256);
  const cut = garbage.chance(0.3) ? request.subarray(0, garbage.below(request.length)) : request;
  const framing = garbage.pick([
    'Transfer-Encoding: chunked',
    'Expect: 100-continue',
    'Expect: x',
    'Upgrade: h2c',
  ]);
  const text = garbage.chance(0.3) ? cut.toString('latin1').replace('\r\n', `\r\n${framing}\r\n`) : undefined;
  const bytes = text === undefined ? cut : Buffer.from(text, 'latin1');
  await answersTo(port, Buffer.concat([bytes, Buffer.from('\r\n\r\nGET / HTTP/1.0\r\n\r\n')]), 1);
  return 1;
};

/** `CONNECT`, to places where nothing listens. */
const tunnels: Attack = async ({ port }, garbage) => {
  const place = garbage.pick([
    '[',
    ':',
    'x:99999',
    '127.0.0.1:1',
    '[::1]:1',
    '',
    'http://localhost',
    garbage.line(),
  ]);
  await answersTo(port, rawRequest(`CONNECT ${place}`, ['Host: localhost']), 1);
  return 1;
};

export const httpAttacks: readonly Attack[] = [
  pipelined,
  pipelined,
  pipelined,
  pipelined,
  refused,
  mutated,
  tunnels,
];
