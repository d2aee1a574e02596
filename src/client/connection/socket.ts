import type { HelloMessage, Welcome } from '../../base/protocol.js';
import type { ClientClock } from '../base/clock.js';
import type { Stop } from '../base/emitter.js';
import type { ClientSocket } from './link.js';
import type { RequestQueue } from '../requests/request-queue.js';
import { RequestError } from '../requests/request-error.js';

/** As much of a WebSocket as this client needs: browsers, Node.js 22 and the package `ws` have it. */
export interface WebSocketLike {
  onopen: unknown;
  onmessage: unknown;
  onclose: unknown;
  onerror: unknown;
  send(data: string): void;
  close(): void;
}

/** The `WebSocket` of browsers and of Node.js 22, or of a package such as `ws`. */
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

export interface ClientSocketDeps {
  readonly webSocket: () => WebSocketConstructor;
  /** Asked before every attempt. */
  readonly address: () => Promise<string>;
  readonly protocols: readonly string[];
  readonly clock: ClientClock;
  readonly requestQueue: RequestQueue;
  /** What to say first. Asked for when the socket is open. */
  readonly hello: () => Promise<HelloMessage['data']>;
  /** There is something to close from now on. */
  readonly onLink: (link: ClientSocket) => void;
  readonly onText: (text: string, link: ClientSocket) => void;
  /** The socket has closed by itself, after or instead of a welcome. */
  readonly onEnd: (link: ClientSocket, code: number, reason: string) => void;
}

export interface Welcomed {
  readonly link: ClientSocket;
  readonly welcome: Welcome;
}

/** A handshake runs a function, which may have to start first. */
const OPENING_MS = 20_000;

/**
 * Opens a socket and says hello. Rejects with what `address` threw, or with {@link RequestError}: of the
 * server, or `NO_ANSWER` when there was none in time.
 */
export async function openSocket(parts: ClientSocketDeps): Promise<Welcomed> {
  const { clock, address } = parts;
  let stopTimer: Stop | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    stopTimer = clock.after(OPENING_MS, () => {
      reject(new RequestError('NO_ANSWER', 'url or token did not settle in time'));
    });
  });
  const url = await Promise.race([address(), tooLate]).finally(stopTimer);
  const link = await connectSocket(parts, url);
  try {
    const hello = await parts.hello();
    if (link.isOver) throw new RequestError('NO_ANSWER', 'closed');
    const asked = { over: link, timeoutMs: OPENING_MS, isUrgent: true };
    const said = (await parts.requestQueue.post('$hello', hello, asked)) as Welcome | undefined;
    return { link, welcome: { ...(said as Welcome), rooms: Object(said?.rooms) as Welcome['rooms'] } };
  } catch (error) {
    link.close();
    throw error;
  }
}

function connectSocket(parts: ClientSocketDeps, url: string): Promise<ClientSocket> {
  return new Promise((resolve, reject) => {
    const WebSocket = parts.webSocket();
    const socket = new WebSocket(url, [...parts.protocols]);
    let isOver = false;
    let isOpen = false;
    const link: ClientSocket = {
      get isOver() {
        return isOver;
      },
      send(text) {
        socket.send(text);
      },
      close() {
        isOver = true;
        stopTimer();
        socket.close();
      },
    };
    const stopTimer = parts.clock.after(OPENING_MS, () => {
      link.close();
      reject(new RequestError('NO_ANSWER', 'no answer'));
    });
    socket.onopen = () => {
      isOpen = true;
      stopTimer();
      resolve(link);
    };
    socket.onmessage = ({ data }: { data: string }) => {
      if (!isOver) parts.onText(data, link);
    };
    const end = ({ code = 1006, reason = '' }): void => {
      if (isOver) return;
      link.close();
      const why = reason || `closed with ${code}`;
      parts.requestQueue.lose(link);
      reject(new RequestError('NO_ANSWER', why));
      parts.onEnd(link, code, why);
    };
    socket.onclose = end;
    // Node.js 22 says nothing more of a handshake that failed. `ws` throws an error that nobody listens to.
    socket.onerror = () => {
      if (!isOpen) end({});
    };
    parts.onLink(link);
  });
}
