/**
 * The connection management API as far as `grpcTransport` asks for it, over HTTP/2 without TLS: instead of
 * sockets it has a count for each connection id. So there can be as many connections as are wanted.
 */
import { once } from 'node:events';
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';

export interface CountingGateway {
  readonly endpoint: string;
  /** How often each connection that is live was sent something. */
  readonly copies: ReadonlyMap<string, number>;
  /** Sends answered, those to connections that are gone included. */
  answered(): number;
  /** When the last send was answered, in milliseconds of `performance.now()`. */
  lastAt(): number;
  close(): Promise<void>;
}

/** Bytes before a gRPC message: a flag and its length. */
const PREFIX_BYTES = 5;
const EMPTY_MESSAGE = Buffer.alloc(PREFIX_BYTES);
const NOT_FOUND = '5';

/** @param isGone Which ids the gateway does not know any more. */
export async function startCountingGateway(isGone: (id: string) => boolean): Promise<CountingGateway> {
  const copies = new Map<string, number>();
  const sessions = new Set<ServerHttp2Session>();
  let [answered, lastAt] = [0, 0];

  function answer(stream: ServerHttp2Stream, body: Buffer): void {
    const id = connectionIdIn(body);
    answered++;
    lastAt = performance.now();
    const headers = { ':status': 200, 'content-type': 'application/grpc' };
    if (isGone(id)) {
      stream.respond({ ...headers, 'grpc-status': NOT_FOUND }, { endStream: true });
      return;
    }
    copies.set(id, (copies.get(id) ?? 0) + 1);
    stream.respond(headers, { waitForTrailers: true });
    stream.on('wantTrailers', () => {
      stream.sendTrailers({ 'grpc-status': '0' });
    });
    stream.end(EMPTY_MESSAGE);
  }

  const server = createServer({ settings: { maxConcurrentStreams: 1000 } });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => undefined);
  });
  server.on('stream', (stream) => {
    const chunks: Buffer[] = [];
    // Of an instance that is killed: what it had begun to send is not counted unless it was there completely.
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      if (!stream.destroyed) answer(stream, Buffer.concat(chunks));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    copies,
    answered: () => answered,
    lastAt: () => lastAt,
    async close() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Field 1 of a `SendToConnectionRequest`, which comes first: a tag, a length below 128, the text. */
function connectionIdIn(body: Buffer): string {
  const length = body[PREFIX_BYTES + 1] ?? 0;
  return body.toString('utf8', PREFIX_BYTES + 2, PREFIX_BYTES + 2 + length);
}
