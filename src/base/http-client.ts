import type { Agent as HttpAgent, ClientRequest, IncomingMessage } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { DISTRUST_AFTER_MS } from './paused-instance.js';

export interface HttpRequest {
  /** Scheme, host and port; its path is not used. */
  readonly base: URL;
  readonly method: string;
  /** Path and query, encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | string | undefined;
  readonly timeoutMs: number;
  /** Gives up the request; it may have been carried out. */
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** What exceeds `maxAnswerBytes` is missing. */
  readonly body: string;
}

/**
 * Why a request got no answer. `lost`: the connection could not be made, or broke. `upgrade`: it was answered
 * by 101.
 */
export type HttpFailureKind = 'aborted' | 'timeout' | 'lost' | 'broken-answer' | 'upgrade';

export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly kind: HttpFailureKind;
  /** Whether the request can have left: TCP and TLS were established. */
  readonly wasConnected: boolean;

  constructor(kind: HttpFailureKind, wasConnected: boolean, cause?: unknown) {
    super(kind, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.wasConnected = wasConnected;
  }
}

/** HTTP/1.1 over connections that are kept alive. */
export interface HttpClient {
  /** Resolves with any answer, also with 500; rejects with {@link HttpFailure} when there is none. */
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** Closes all connections, also those with a request under way. The client can be used again after that. */
  close(): void;
}

export interface HttpClientOptions {
  /** What an answer has beyond this is read, but not kept. */
  readonly maxAnswerBytes: number;
  /** Gives certificates in PEM to trust instead of the machine's; asked before the first TLS connection. */
  readonly ca?: () => string | undefined;
}

/**
 * A burst must not open any number of connections, each with a handshake of its own; what exceeds this waits.
 */
const MAX_SOCKETS = 128;

export function createHttpClient({ maxAnswerBytes, ca }: HttpClientOptions): HttpClient {
  const pooling = { keepAlive: true, maxSockets: MAX_SOCKETS, maxFreeSockets: MAX_SOCKETS };
  let plain: HttpAgent | undefined;
  let secure: HttpsAgent | undefined;
  let lastUsedAt = 0;

  /** Idle connections are given up; those with a request under way are left alone. */
  function dropIdleSockets(): void {
    for (const agent of [plain, secure]) {
      const idle = Object.values(agent?.freeSockets ?? {});
      for (const socket of idle.flatMap((sockets) => sockets ?? [])) socket.destroy();
    }
  }

  /**
   * The modules are loaded when they are needed: `node:https` alone costs a function more than our own code.
   */
  function start({ base, method, path, headers }: HttpRequest): ClientRequest {
    // An IPv6 address stands in brackets in a URL only.
    const hostname = base.hostname.replace(/^\[|\]$/g, '');
    const options = { hostname, port: base.port, method, path, headers };
    if (base.protocol === 'http:') {
      // Imported, it would load all of `fetch` in Node.js 22, 20 ms more: `import` reads every getter.
      const { Agent, request } = process.getBuiltinModule('node:http');
      plain ??= new Agent(pooling);
      return request({ ...options, agent: plain });
    }
    const { Agent, request } = process.getBuiltinModule('node:https');
    secure ??= new Agent({ ...pooling, ca: ca?.() });
    return request({ ...options, agent: secure });
  }

  return {
    async request(request) {
      if (Date.now() - lastUsedAt > DISTRUST_AFTER_MS) dropIdleSockets();
      lastUsedAt = Date.now();
      const outgoing = start(request);
      try {
        return await exchange(outgoing, request, maxAnswerBytes);
      } catch (error) {
        // One kept connection that turned out to be dead speaks against all that waited with it.
        if (outgoing.reusedSocket) dropIdleSockets();
        throw error;
      } finally {
        lastUsedAt = Date.now();
      }
    },
    close() {
      plain?.destroy();
      secure?.destroy();
    },
  };
}

/**
 * Sockets that can carry a request. Node.js does not tell it of those that it hands on to a request in the
 * queue.
 */
const readySockets = new WeakSet<Socket>();

function exchange(
  outgoing: ClientRequest,
  { body, timeoutMs, signal }: HttpRequest,
  maxAnswerBytes: number,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    let isConnected = false;
    const giveUp = (kind: HttpFailureKind): void => {
      done();
      reject(new HttpFailure(kind, isConnected));
      outgoing.destroy();
    };
    const timer = setTimeout(giveUp, Math.max(0, timeoutMs), 'timeout');
    const onAbort = (): void => {
      giveUp('aborted');
    };
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();

    outgoing.on('socket', (socket) => {
      isConnected = readySockets.has(socket);
      if (isConnected) return;
      // Until the TLS handshake is over, nothing of the request can have left.
      socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
        readySockets.add(socket);
        isConnected = true;
      });
    });
    outgoing.on('close', done);
    outgoing.on('error', (cause) => {
      reject(new HttpFailure('lost', isConnected, cause));
    });
    outgoing.on('response', (incoming) => {
      readAnswer(incoming, maxAnswerBytes).then(resolve, reject);
    });
    outgoing.on('upgrade', (_incoming, socket) => {
      socket.destroy();
      reject(new HttpFailure('upgrade', true));
    });
    outgoing.end(body);
  });
}

async function readAnswer(incoming: IncomingMessage, maxAnswerBytes: number): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes <= maxAnswerBytes) chunks.push(chunk);
    }
  } catch (cause) {
    throw new HttpFailure('broken-answer', true, cause);
  }
  return {
    status: incoming.statusCode ?? 0,
    retryAfter: incoming.headers['retry-after'],
    body: Buffer.concat(chunks).toString('utf8'),
  };
}
