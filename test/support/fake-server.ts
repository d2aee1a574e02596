/** The server's side of the protocol, as far as tests of the client need it, without a network. */
import type { WebSocketConstructor, WebSocketLike } from 'yc-broadcast/client';

export interface SentMessage {
  readonly type: string;
  readonly id: string;
  readonly data?: unknown;
}

/** A socket as the server has it. */
export interface FakeSocket {
  readonly url: string;
  readonly protocols: readonly string[];
  /** What the client sent, protocol included. */
  readonly sent: readonly SentMessage[];
  /** Whether the client has closed it. */
  readonly isClosed: boolean;
  /** The handshake succeeds. */
  open(): void;
  say(frame: unknown): void;
  /** What is no JSON, or no text. */
  sayRaw(data: unknown): void;
  reply(message: SentMessage | undefined, data?: unknown): void;
  refuse(message: SentMessage | undefined, code: string): void;
  end(code?: number, reason?: string): void;
  /** The handshake fails as in Node.js 22: an error, and no close. */
  fail(): void;
}

export interface FakeServer {
  readonly WebSocket: WebSocketConstructor;
  readonly sockets: readonly FakeSocket[];
  /** The newest. */
  readonly socket: FakeSocket;
  /** What is done about each message; by default hello and pings are answered. */
  answer: (message: SentMessage, socket: FakeSocket) => void;
  /** Whether handshakes succeed by themselves. */
  isUp: boolean;
  welcome: { lifetimeMs: number; keepAliveMs: number; user?: string; rooms?: Record<string, unknown> };
}

export function createFakeServer(): FakeServer {
  const sockets: FakeSocket[] = [];
  const server: FakeServer = {
    WebSocket: class implements WebSocketLike {
      onopen: unknown;
      onmessage: unknown;
      onclose: unknown;
      onerror: unknown;
      send: (data: string) => void;
      close: () => void;

      constructor(url: string, protocols: string[]) {
        const { socket, send, close } = createSocket(this, url, protocols, (message, own) => {
          server.answer(message, own);
        });
        this.send = send;
        this.close = close;
        sockets.push(socket);
        queueMicrotask(() => {
          if (server.isUp) socket.open();
        });
      }
    },
    sockets,
    get socket() {
      const last = sockets.at(-1);
      if (last === undefined) throw new Error('no socket was opened');
      return last;
    },
    isUp: true,
    welcome: { lifetimeMs: 3_600_000, keepAliveMs: 540_000 },
    answer: (message, socket) => {
      answerByDefault(server, message, socket);
    },
  };
  return server;
}

export function answerByDefault(server: FakeServer, message: SentMessage, socket: FakeSocket): void {
  if (message.type === '$hello') socket.reply(message, { v: 1, rooms: {}, ...server.welcome });
  if (message.type === '$ping') socket.reply(message);
}

function createSocket(
  client: WebSocketLike,
  url: string,
  protocols: readonly string[],
  answer: (message: SentMessage, socket: FakeSocket) => void,
) {
  const sent: SentMessage[] = [];
  let isClosed = false;
  let isOpen = false;
  const call = (listener: unknown, event: unknown): void => {
    if (typeof listener === 'function') (listener as (event: unknown) => void)(event);
  };
  const socket: FakeSocket = {
    url,
    protocols,
    sent,
    get isClosed() {
      return isClosed;
    },
    open() {
      if (isClosed) return;
      isOpen = true;
      call(client.onopen, {});
    },
    say(frame) {
      socket.sayRaw(JSON.stringify(frame));
    },
    sayRaw(data) {
      call(client.onmessage, { data });
    },
    reply(message, data) {
      socket.say({ type: 'reply', replyTo: message?.id, data });
    },
    refuse(message, code) {
      socket.say({ type: 'error', replyTo: message?.id, error: { code, message: 'no' } });
    },
    fail() {
      isClosed = true;
      call(client.onerror, {});
    },
    end(code = 1006, reason = '') {
      isClosed = true;
      call(client.onclose, { code, reason });
    },
  };
  return {
    socket,
    send(text: string): void {
      if (!isOpen) throw new Error('InvalidStateError: still connecting');
      if (isClosed) return;
      const message = JSON.parse(text) as SentMessage;
      sent.push(message);
      queueMicrotask(() => {
        if (!isClosed) answer(message, socket);
      });
    },
    close(): void {
      isClosed = true;
    },
  };
}
