/** One visit of a deployed gateway: a handshake, and what comes over the socket. */
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { WebSocket } from 'ws';

export interface DeployedOptions {
  readonly url: URL;
  /** The page that a browser would name. */
  readonly origin: string | undefined;
  /** What else a handshake carries, for example a cookie. Never shown. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Visit {
  /** Of the handshake: 101, or what it was refused with. */
  readonly status: number;
  /** From the beginning of the connection to the answer, in milliseconds. */
  readonly ms: number;
  /** Empty if the gateway does not tell. */
  readonly connectionId: string;
  send(text: string): void;
  /**
   * Resolves with the first frame that `isWanted`, `undefined` when there is none in time or the socket
   * closes.
   */
  frame(isWanted: (frame: VisitFrame) => boolean): Promise<VisitFrame | undefined>;
  /** Set when the server has closed the connection. */
  closeCode(): number | undefined;
  end(): void;
}

export interface VisitFrame {
  readonly text: string;
  readonly isBinary: boolean;
}

/** A cold start belongs to it. */
const HANDSHAKE_MS = 15_000;
export const ANSWER_MS = 5000;

/** Rejects when there is no answer at all. */
export async function visit({ url, origin, headers }: DeployedOptions): Promise<Visit> {
  const startedAt = performance.now();
  const socket = new WebSocket(url, {
    headers: { ...headers, ...(origin === undefined ? {} : { Origin: origin }) },
    handshakeTimeout: HANDSHAKE_MS,
    followRedirects: false,
  });
  const frames: VisitFrame[] = [];
  let code: number | undefined;
  socket.on('message', (data: Buffer, isBinary) => {
    frames.push({ text: data.toString('utf8'), isBinary });
    socket.emit('frame');
  });
  socket.on('close', (closeCode) => {
    code = closeCode;
    socket.emit('frame');
  });
  const { status, connectionId } = await answerTo(socket);
  return {
    status,
    ms: Math.round(performance.now() - startedAt),
    connectionId,
    send: (text) => {
      socket.send(text);
    },
    async frame(isWanted) {
      const signal = AbortSignal.timeout(ANSWER_MS);
      for (;;) {
        const found = frames.find(isWanted);
        if (found !== undefined || code !== undefined || signal.aborted) return found;
        await once(socket, 'frame', { signal }).catch(() => undefined);
      }
    },
    closeCode: () => code,
    end: () => {
      socket.terminate();
    },
  };
}

/** A visit that has come in. Rejects when it was refused. */
export async function enter(options: DeployedOptions): Promise<Visit> {
  const connection = await visit(options);
  if (connection.status === 101) return connection;
  throw new Error(`the handshake was refused with ${connection.status} this time`);
}

function answerTo(socket: WebSocket): Promise<{ status: number; connectionId: string }> {
  return new Promise((resolve, reject) => {
    let connectionId = '';
    socket.on('upgrade', ({ headers }) => {
      connectionId = String(headers['x-yc-apigateway-websocket-connection-id'] ?? '');
    });
    socket.on('open', () => {
      resolve({ status: 101, connectionId });
    });
    socket.on('unexpected-response', (request, { statusCode }) => {
      request.destroy();
      resolve({ status: statusCode ?? 0, connectionId });
    });
    socket.on('error', reject);
  });
}
