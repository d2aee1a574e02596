import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { canonicalName } from '../events/request-facts.js';

/** Answers an upgrade with plain HTTP: the function's status and body reach the client as they are. */
export function refuseUpgrade(socket: Duplex, status: number, type = 'application/json', body: Buffer): void {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}`,
    `${canonicalName('content-type')}: ${type}`,
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  socket.end(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]));
}
