import type { Agent as HttpAgent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { BROADCAST_HEADER } from '../model/diagnostics.js';
import { abortedError, BroadcastError } from '../base/errors.js';
import { codeOfNetworkError } from './outcome.js';

export interface HttpRequest {
  /** Scheme, host and port. */
  readonly base: URL;
  readonly method: string;
  readonly path: string;
  readonly token: string;
  readonly body: Buffer | undefined;
  /** See {@link AttemptOptions.broadcastId}. */
  readonly broadcastId: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

/** HTTP/1.1 over connections that are kept alive. */
export interface HttpClient {
  /** Resolves with any answer, also with 500; rejects when there is none. */
  request(request: HttpRequest): Promise<HttpAnswer>;
  close(): void;
}

/** After this time without a request, the instance may have been paused and its connections may be dead without a word. */
const DISTRUST_AFTER_MS = 10_000;
/** Answers of the management API are small; what exceeds this is not read on. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** A burst must not open any number of connections, each with a handshake of its own; what exceeds this waits. */
const MAX_SOCKETS = 128;

/** @param ca Gives certificates in PEM to trust instead of the machine's; asked before the first TLS connection. */
export function createHttpClient(ca: () => string | undefined): HttpClient {
  const pooling = { keepAlive: true, maxSockets: MAX_SOCKETS, maxFreeSockets: MAX_SOCKETS };
  let plain: HttpAgent | undefined;
  let secure: HttpsAgent | undefined;
  let lastUsedAt = 0;
  let isClosed = false;

  /** Idle connections are given up; those with a request under way are left alone. */
  function dropIdleSockets(): void {
    for (const agent of [plain, secure]) {
      const idle = Object.values(agent?.freeSockets ?? {});
      for (const socket of idle.flatMap((sockets) => sockets ?? [])) socket.destroy();
    }
  }

  /** The modules are loaded when they are needed: `node:https` alone costs a function more than our own code. */
  function starterFor(protocol: string): (options: RequestOptions) => ClientRequest {
    if (protocol === 'http:') {
      // Imported, it would load all of `fetch` in Node.js 22, 20 ms more: `import` reads every getter.
      const { Agent, request } = process.getBuiltinModule('node:http');
      plain ??= new Agent(pooling);
      return (options) => request({ ...options, agent: plain });
    }
    const { Agent, request } = process.getBuiltinModule('node:https');
    secure ??= new Agent({ ...pooling, ca: ca() });
    return (options) => request({ ...options, agent: secure });
  }

  return {
    async request(request) {
      if (isClosed) throw new BroadcastError('INVALID_OPTIONS', 'the transport was closed');
      if (Date.now() - lastUsedAt > DISTRUST_AFTER_MS) dropIdleSockets();
      lastUsedAt = Date.now();
      const start = starterFor(request.base.protocol);
      const outgoing = start(optionsOf(request));
      try {
        return await exchange(outgoing, request);
      } catch (error) {
        // One kept connection that turned out to be dead speaks against all that waited with it.
        if (outgoing.reusedSocket) dropIdleSockets();
        throw error;
      } finally {
        lastUsedAt = Date.now();
      }
    },
    close() {
      isClosed = true;
      plain?.destroy();
      secure?.destroy();
    },
  };
}

function optionsOf({ base, method, path, token, body, broadcastId }: HttpRequest): RequestOptions {
  const headers: Record<string, string | number> = { Authorization: `Bearer ${token}` };
  if (body !== undefined)
    Object.assign(headers, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  if (broadcastId !== undefined) headers[BROADCAST_HEADER] = encodeURIComponent(broadcastId);
  // An IPv6 address stands in brackets in a URL only.
  return { hostname: base.hostname.replace(/^\[|\]$/g, ''), port: base.port, method, path, headers };
}

/** Sockets that can carry a request. Node.js does not tell it of those that it hands on to a request in the queue. */
const readySockets = new WeakSet<Socket>();

function exchange(outgoing: ClientRequest, { body, timeoutMs, signal }: HttpRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    let isConnected = false;
    const timer = setTimeout(
      () => {
        const code = isConnected ? 'NO_ANSWER' : 'GATEWAY_UNAVAILABLE';
        const problem = `no answer within ${Math.max(0, Math.round(timeoutMs))} ms`;
        giveUp(new BroadcastError(code, problem, { isUnreachable: !isConnected }));
      },
      Math.max(0, timeoutMs),
    );
    const onAbort = (): void => {
      giveUp(abortedError());
    };
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const giveUp = (error: BroadcastError): void => {
      done();
      reject(error);
      outgoing.destroy();
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
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const code = codeOfNetworkError(error, isConnected);
      const problem = `no answer from the gateway (${error.code ?? 'connection lost'})`;
      const isUnreachable = code === 'GATEWAY_UNAVAILABLE';
      reject(new BroadcastError(code, problem, { cause: error, isUnreachable }));
    });
    outgoing.on('response', (incoming) => {
      readAnswer(incoming).then(resolve, reject);
    });
    outgoing.on('upgrade', (_incoming, socket) => {
      socket.destroy();
      reject(new BroadcastError('UNKNOWN', 'the gateway answered 101'));
    });
    outgoing.end(body);
  });
}

async function readAnswer(incoming: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes <= MAX_ANSWER_BYTES) chunks.push(chunk);
    }
  } catch (cause) {
    throw new BroadcastError('NO_ANSWER', 'the answer of the gateway ended early', { cause });
  }
  return {
    status: incoming.statusCode ?? 0,
    retryAfter: incoming.headers['retry-after'],
    body: Buffer.concat(chunks).toString('utf8'),
  };
}
