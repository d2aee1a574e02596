import { randomBytes } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { BroadcastError } from '../../base/errors.js';

export interface HandshakeRequest {
  /** `ws:` or `wss:`. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** PEM of the authorities to trust instead of the well-known ones. */
  readonly ca?: string | undefined;
  /** Ends TCP in good order after so many milliseconds, answer or not. */
  readonly abandonAfterMs?: number | undefined;
}

export interface HandshakeResult {
  readonly socket: Socket;
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Of a refusal. */
  readonly body: string;
  /** What came behind the answer. */
  readonly early: Buffer;
}

/** A cold start belongs to it. */
const HANDSHAKE_MS = 30_000;
const MAX_HEAD_BYTES = 64 * 1024;

/** Rejects with `NO_ANSWER` when there is none. */
export async function handshake(request: HandshakeRequest): Promise<HandshakeResult> {
  const { url, headers, ca, abandonAfterMs } = request;
  const socket = openSocket(url, ca);
  if (abandonAfterMs !== undefined) setTimeout(() => socket.end(), abandonAfterMs);
  const lines = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return readAnswer(socket);
}

function openSocket({ protocol, hostname, port }: URL, ca: string | undefined): Socket {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol === 'ws:') return connectTcp({ host, port: Number(port || 80) });
  const trust = ca === undefined ? {} : { ca };
  return connectTls({ host, servername: host, port: Number(port || 443), ...trust });
}

function readAnswer(socket: Socket): Promise<HandshakeResult> {
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0);
    const fail = (problem: string): void => {
      socket.destroy();
      reject(new BroadcastError('NO_ANSWER', `the handshake got no answer: ${problem}`));
    };
    const timer = setTimeout(fail, HANDSHAKE_MS, `none within ${HANDSHAKE_MS / 1000} s`);
    const onError = (error: Error): void => {
      fail(error.message);
    };
    const settle = (isAtEnd: boolean): void => {
      const answer = parseAnswer(read, isAtEnd);
      if (answer === undefined) {
        if (read.length > MAX_HEAD_BYTES) fail('its head is too long');
        else if (isAtEnd) fail('the connection ended');
        return;
      }
      clearTimeout(timer);
      socket.off('data', onData).off('end', onEnd).off('error', onError);
      socket.pause();
      if (answer.status !== 101) socket.destroy();
      resolve({ socket, ...answer });
    };
    const onData = (chunk: Buffer): void => {
      read = Buffer.concat([read, chunk]);
      settle(false);
    };
    const onEnd = (): void => {
      settle(true);
    };
    socket.on('data', onData).once('end', onEnd).once('error', onError);
  });
}

/** `undefined` as long as it is incomplete. */
function parseAnswer(bytes: Buffer, isAtEnd: boolean): Omit<HandshakeResult, 'socket'> | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = Number(first.split(' ')[1]);
  const headers = new Map(
    lines.map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
    }),
  );
  const rest = bytes.subarray(end + 4);
  if (status === 101) return { status, headers, body: '', early: rest };
  const length = headers.get('content-length');
  const isWhole = length !== undefined && rest.length >= Number(length);
  return isWhole || isAtEnd ? { status, headers, body: rest.toString('utf8'), early: rest } : undefined;
}
