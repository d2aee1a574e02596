import { connect, type Socket } from 'node:net';

/** How long a peer may be silent before it counts as silent for good, in milliseconds. */
const SILENCE_MS = 3000;

/** One request as it goes over the wire. Its body gets a length; headers may be anything. */
export function rawRequest(line: string, headers: readonly string[], body: Buffer | string = ''): Buffer {
  const bytes = Buffer.from(body);
  const head = [`${line} HTTP/1.1`, ...headers, `Content-Length: ${bytes.length}`, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes]);
}

/** Sends all of it on one connection, and counts answers until there are `wanted`, or no more can come. */
export async function answersTo(port: number, requests: Buffer, wanted: number): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  let tail = '';
  let answers = 0;
  socket.on('data', (chunk: Buffer) => {
    const text = tail + chunk.toString('latin1');
    answers += text.match(/HTTP\/1\.1 \d{3} /g)?.length ?? 0;
    // A status line that is not complete is counted with what follows.
    tail = /HTTP\/1\.1 \d{3} /.test(text.slice(-12)) ? '' : text.slice(-12);
    if (answers >= wanted) socket.destroy();
  });
  socket.write(requests);
  await whenOver(socket);
  return answers;
}

/** Resolves when the connection has ended, or when nothing comes any more, which ends it. */
export function whenOver(socket: Socket, silenceMs = SILENCE_MS): Promise<void> {
  return new Promise((resolve) => {
    socket.setTimeout(silenceMs, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve();
    });
  });
}
