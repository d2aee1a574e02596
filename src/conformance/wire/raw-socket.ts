import { OPCODE, clientFrame, createFrameReader, type WireFrame } from './frames.js';
import { handshake, type HandshakeRequest } from './handshake.js';
import { createMailbox } from './mailbox.js';

/** A message as it arrived. */
export interface ReceivedBytes {
  readonly kind: 'text' | 'binary';
  readonly bytes: Buffer;
  readonly text: string;
}

/**
 * How a connection ended; 1006 when there was no close frame, 1005 when it had no code, as RFC 6455 numbers
 * them.
 */
export interface Ended {
  readonly code: number;
  readonly reason: string;
}

/** A WebSocket whose every frame is the probe's own. */
export interface RawSocket {
  /** Of the handshake: 101, or what it was refused with. */
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** Of a refusal. */
  readonly body: string;
  /** As the handshake tells it; empty when it does not. */
  readonly connectionId: string;
  text(text: string): void;
  frame(opcode: number, payload: Buffer, isLast?: boolean): void;
  ping(): void;
  /** With a close frame, as browsers do. */
  close(code: number, reason?: string): void;
  /** Ends TCP in good order, without a close frame. */
  fin(): void;
  /** Cuts TCP off. */
  reset(): void;
  /** The first message that is wanted; `undefined` when none comes in time, or the connection ends. */
  message(isWanted: (message: ReceivedBytes) => boolean, waitMs: number): Promise<ReceivedBytes | undefined>;
  /** The end; `undefined` when the connection is open after that time. */
  ended(waitMs: number): Promise<Ended | undefined>;
  readonly messages: readonly ReceivedBytes[];
}

export async function openRawSocket(request: HandshakeRequest): Promise<RawSocket> {
  const { socket, status, headers, body, early } = await handshake(request);
  const mailbox = createMailbox<ReceivedBytes>();
  const read = createFrameReader();
  let told: Ended | undefined;
  let parts: Buffer[] = [];
  let kind: ReceivedBytes['kind'] = 'text';

  function take(frame: WireFrame): void {
    if (frame.opcode === OPCODE.ping) send(OPCODE.pong, frame.payload);
    if (frame.opcode === OPCODE.close) {
      const { payload } = frame;
      told = {
        code: payload.length < 2 ? 1005 : payload.readUInt16BE(0),
        reason: payload.subarray(2).toString('utf8'),
      };
      send(OPCODE.close, payload.subarray(0, 2));
      return;
    }
    if (frame.opcode > OPCODE.binary) return;
    if (frame.opcode !== OPCODE.continuation) {
      kind = frame.opcode === OPCODE.text ? 'text' : 'binary';
      parts = [];
    }
    parts.push(frame.payload);
    if (!frame.isLast) return;
    const bytes = Buffer.concat(parts);
    mailbox.put({ kind, bytes, text: bytes.toString('utf8') });
  }

  function send(opcode: number, payload: Buffer, isLast = true): void {
    if (socket.writable) socket.write(clientFrame(opcode, payload, isLast));
  }

  const onData = (chunk: Buffer): void => {
    read(chunk).forEach(take);
  };
  socket.on('error', () => undefined);
  const gone = new Promise<Ended>((resolve) => {
    socket.once('close', () => {
      mailbox.end();
      resolve(told ?? { code: 1006, reason: '' });
    });
  });
  if (status === 101) {
    onData(early);
    socket.on('data', onData);
    socket.resume();
  }
  return {
    status,
    headers,
    body,
    connectionId: headers.get('x-yc-apigateway-websocket-connection-id') ?? '',
    text: (text) => {
      send(OPCODE.text, Buffer.from(text));
    },
    frame: send,
    ping: () => {
      send(OPCODE.ping, Buffer.alloc(0));
    },
    close: (code, reason = '') => {
      const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
      payload.writeUInt16BE(code);
      payload.write(reason, 2);
      send(OPCODE.close, payload);
    },
    fin: () => socket.end(),
    // TLS has no reset of its own: its end has to do.
    reset: () => ('encrypted' in socket ? socket.destroy() : socket.resetAndDestroy()),
    message: mailbox.next,
    ended: (waitMs) => withinTime(gone, waitMs),
    messages: mailbox.all,
  };
}

function withinTime<T>(promise: Promise<T>, waitMs: number): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, waitMs, undefined);
    void promise.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
