import type { HelloMessage, Welcome } from '../protocol.js';
import type { ClientClock } from './clock.js';
import type { Outbox } from './outbox.js';
import { RequestError } from './request-error.js';
import { openSocket, type WebSocketConstructor } from './socket.js';

/** A socket to the server. */
export interface Link {
  send(text: string): void;
  close(): void;
}

export interface LinkParts {
  readonly WebSocket: WebSocketConstructor;
  /** Asked before every attempt. */
  readonly address: () => Promise<string>;
  readonly protocols: readonly string[];
  readonly clock: ClientClock;
  readonly outbox: Outbox;
  /** What to say first. Asked for when the socket is open. */
  readonly hello: () => Promise<HelloMessage['data']>;
  readonly onText: (text: string, link: Link) => void;
  /** The socket has closed, after or instead of a welcome. */
  readonly onEnd: (link: Link, code: number, reason: string) => void;
}

export interface Welcomed {
  readonly link: Link;
  readonly welcome: Welcome;
}

/** A handshake runs a function, which may have to start first. */
const OPENING_MS = 20_000;

/**
 * Opens a socket and says hello. Rejects with {@link RequestError}: of the server, or `NO_ANSWER` when there was none
 * in time, or what `url` threw. `signal` gives up, and closes what is open.
 */
export async function openLink(parts: LinkParts, signal: AbortSignal): Promise<Welcomed> {
  const url = await parts.address();
  signal.throwIfAborted();
  const link = await connectSocket(parts, url, signal);
  try {
    const data = await parts.hello();
    const asked = { timeoutMs: OPENING_MS, over: link, signal };
    return { link, welcome: (await parts.outbox.post('$hello', data, asked)) as Welcome };
  } catch (error) {
    link.close();
    throw error;
  }
}

function connectSocket(
  { WebSocket, protocols, clock, outbox, onText, onEnd }: LinkParts,
  url: string,
  signal: AbortSignal,
): Promise<Link> {
  return new Promise((resolve, reject) => {
    const socket = openSocket(WebSocket, url, protocols, {
      onOpen() {
        stopTimer();
        signal.removeEventListener('abort', giveUp);
        resolve(socket);
      },
      onText: (text) => {
        onText(text, socket);
      },
      onEnd(code, reason) {
        stopTimer();
        outbox.lose(socket);
        reject(new RequestError('NO_ANSWER', reason || `the connection was closed with ${code}`));
        onEnd(socket, code, reason);
      },
    });
    const giveUp = (): void => {
      stopTimer();
      socket.close();
      reject(new RequestError('NO_ANSWER', 'no connection in time'));
    };
    const stopTimer = clock.after(OPENING_MS, giveUp);
    signal.addEventListener('abort', giveUp);
  });
}
