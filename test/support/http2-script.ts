/**
 * An HTTP/2 server without manners: tests say frame by frame what it does. Plain TCP on 127.0.0.1, prior
 * knowledge.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export const DATA = 0x0;
export const HEADERS = 0x1;
export const PRIORITY = 0x2;
export const RST_STREAM = 0x3;
export const SETTINGS = 0x4;
export const PUSH_PROMISE = 0x5;
export const PING = 0x6;
export const GOAWAY = 0x7;
export const WINDOW_UPDATE = 0x8;
export const CONTINUATION = 0x9;
export const END_STREAM = 0x1;
export const ACK = 0x1;
export const END_HEADERS = 0x4;
export const PADDED = 0x8;

export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

export function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A SETTINGS frame: pairs of id and value. */
export function settings(...pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const entries = pairs.map(([id, value]) => Buffer.concat([Buffer.of(0, id), number(value)]));
  return frame(SETTINGS, 0, 0, Buffer.concat(entries));
}

export function goAway(lastStreamId: number, code = 0): Buffer {
  return frame(GOAWAY, 0, 0, Buffer.concat([number(lastStreamId), number(code)]));
}

export function reset(streamId: number, code: number): Buffer {
  return frame(RST_STREAM, 0, streamId, number(code));
}

/** A header field as a literal that is not kept, nothing compressed. */
export function field(name: string, value: string): Buffer {
  const text = (bytes: string): Buffer => Buffer.concat([Buffer.of(bytes.length), Buffer.from(bytes)]);
  return Buffer.concat([Buffer.of(0x00), text(name), text(value)]);
}

/** `:status: 200` of the static table. */
export const STATUS_200 = Buffer.of(0x88);

/** A whole answer in one frame: trailers-only, as gRPC calls it. */
export function answer(streamId: number, grpcStatus = '0'): Buffer {
  const block = Buffer.concat([STATUS_200, field('grpc-status', grpcStatus)]);
  return frame(HEADERS, END_HEADERS | END_STREAM, streamId, block);
}

/** One connection, as the server sees it. */
export interface Peer {
  readonly socket: Socket;
  send(...bytes: readonly Buffer[]): void;
  /** The next frame of this type that has not been taken yet. Frames of other types stay. */
  next(type: number): Promise<Frame>;
  /** Frames that nobody has taken yet. */
  readonly waiting: readonly Frame[];
}

export interface ScriptedServer {
  readonly endpoint: string;
  readonly port: number;
  /** The next connection, after its preface. */
  accept(): Promise<Peer>;
  /** Accepts and greets. */
  greet(...pairs: readonly (readonly [id: number, value: number])[]): Promise<Peer>;
  readonly connections: () => number;
  close(): Promise<void>;
}

const PREFACE_BYTES = 24;

export async function scriptedServer(): Promise<ScriptedServer> {
  const peers = mailbox<Peer>();
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    peers.put(createPeer(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    connections: () => connections,
    accept: () => peers.take(() => true),
    async greet(...pairs) {
      const peer = await peers.take(() => true);
      peer.send(settings(...pairs));
      return peer;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function createPeer(socket: Socket): Peer {
  const frames = mailbox<Frame>();
  let rest = Buffer.alloc(0);
  let isPrefaced = false;
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    if (!isPrefaced && rest.length >= PREFACE_BYTES) {
      rest = rest.subarray(PREFACE_BYTES);
      isPrefaced = true;
    }
    while (isPrefaced && rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3);
      const payload = Buffer.from(rest.subarray(9, end));
      frames.put({ type: rest[3] ?? 0, flags: rest[4] ?? 0, streamId: rest.readUInt32BE(5), payload });
      rest = rest.subarray(end);
    }
  });
  return {
    socket,
    send: (...bytes) => void socket.write(Buffer.concat(bytes)),
    next: (type) => frames.take((one) => one.type === type),
    waiting: frames.items,
  };
}

/** Things that arrive, and people who wait for one of a kind. */
function mailbox<T>() {
  const items: T[] = [];
  const takers: { wants: (item: T) => boolean; give: (item: T) => void }[] = [];
  return {
    items,
    put(item: T) {
      const index = takers.findIndex(({ wants }) => wants(item));
      if (index === -1) items.push(item);
      else takers.splice(index, 1)[0]?.give(item);
    },
    take(wants: (item: T) => boolean): Promise<T> {
      const index = items.findIndex(wants);
      if (index !== -1) return Promise.resolve(items.splice(index, 1)[0] as T);
      return new Promise((give) => takers.push({ wants, give }));
    },
  };
}
