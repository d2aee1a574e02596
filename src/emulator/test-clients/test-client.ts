import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';

/** What the gateway answered to a handshake. */
export interface HandshakeAnswer {
  /** 101, or the status of the refusal. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Of a refusal. */
  readonly body: string;
}

/** What a client of {@link Emulator.connect} brings to its handshake. */
export interface TestClientOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly subprotocols?: readonly string[] | undefined;
}

/** A frame as it arrived: text as a string, binary as bytes. */
export type ReceivedFrame = string | Buffer;

/** A real socket in the hands of a test. Frames wait in a queue until they are asked for. */
export interface TestClient {
  readonly handshake: HandshakeAnswer;
  /** The connection's id; empty when the handshake was refused. */
  readonly id: string;
  readonly subprotocol: string;
  /** Text or bytes as they are; anything else as JSON. */
  send(message: unknown): void;
  ping(): void;
  /** The next frame. Rejects when there is none after `timeoutMs` (default 2,000) or the socket closes. */
  next(timeoutMs?: number): Promise<ReceivedFrame>;
  /** The next frame, parsed as JSON. */
  nextJson(timeoutMs?: number): Promise<unknown>;
  /** Frames that have arrived and were not asked for. */
  pending(): readonly ReceivedFrame[];
  /** Frames that have arrived in all. */
  received(): number;
  /** Resolves when the socket has closed. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  close(code?: number, reason?: string): void;
  /** Cuts the TCP connection, as a phone does that loses its network. */
  destroy(): void;
}

export function connectTestClient(
  url: string,
  { headers = {}, subprotocols = [] }: TestClientOptions,
): Promise<TestClient> {
  const socket = new WebSocket(url, [...subprotocols], { headers: { ...headers } });
  const queue: ReceivedFrame[] = [];
  const waiting: ((frame: ReceivedFrame) => void)[] = [];
  let received = 0;
  socket.on('message', (data, isBinary) => {
    received++;
    const frame = isBinary ? (data as Buffer) : (data as Buffer).toString('utf8');
    const waiter = waiting.shift();
    if (waiter === undefined) queue.push(frame);
    else waiter(frame);
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      resolve({ code, reason: reason.toString('utf8') });
    });
  });

  function next(timeoutMs = 2000): Promise<ReceivedFrame> {
    const first = queue.shift();
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(accept), 1);
        reject(new Error(`no frame within ${timeoutMs} ms`));
      }, timeoutMs);
      function accept(frame: ReceivedFrame): void {
        clearTimeout(timer);
        resolve(frame);
      }
      waiting.push(accept);
      void closed.then(({ code }) => {
        clearTimeout(timer);
        reject(new Error(`closed with ${code} while waiting for a frame`));
      });
    });
  }

  const client = (handshake: HandshakeAnswer): TestClient => ({
    handshake,
    id: String(handshake.headers['x-yc-apigateway-websocket-connection-id'] ?? ''),
    get subprotocol() {
      return socket.protocol;
    },
    send(message) {
      socket.send(
        typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message),
      );
    },
    ping: () => {
      socket.ping();
    },
    next,
    nextJson: async (timeoutMs) => JSON.parse(String(await next(timeoutMs))) as unknown,
    pending: () => [...queue],
    received: () => received,
    closed,
    close: (code, reason) => {
      socket.close(code, reason);
    },
    destroy: () => {
      socket.terminate();
    },
  });

  return new Promise((resolve, reject) => {
    let upgrade: IncomingMessage | undefined;
    socket.on('upgrade', (response) => (upgrade = response));
    socket.on('open', () => {
      resolve(client({ status: 101, headers: upgrade?.headers ?? {}, body: '' }));
    });
    socket.on('unexpected-response', (_request, response) => {
      void readText(response).then((body) => {
        resolve(client({ status: response.statusCode ?? 0, headers: response.headers, body }));
        socket.terminate();
      });
    });
    socket.on('error', reject);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return text;
}
