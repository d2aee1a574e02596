import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { BroadcastError } from '../errors.js';
import { codeOfNetworkError } from './outcome.js';

export interface HttpRequest {
  /** Scheme, host and port. */
  readonly base: string;
  readonly method: string;
  readonly path: string;
  readonly token: string;
  readonly body: Buffer | undefined;
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

export function createHttpClient(): HttpClient {
  const agents = {
    http: new HttpAgent({ keepAlive: true, maxFreeSockets: 1024 }),
    https: new HttpsAgent({ keepAlive: true, maxFreeSockets: 1024 }),
  };
  let underWay = 0;
  let lastUsedAt = 0;
  let isClosed = false;

  function destroyAgents(): void {
    agents.http.destroy();
    agents.https.destroy();
  }

  function open({ base, method, path, token, body }: HttpRequest): ClientRequest {
    const { protocol, hostname, port } = parseBase(base);
    const headers: Record<string, string | number> = { Authorization: `Bearer ${token}` };
    if (body !== undefined)
      Object.assign(headers, { 'Content-Type': 'application/json', 'Content-Length': body.length });
    const options = { hostname, port, method, path, headers };
    return protocol === 'https:'
      ? httpsRequest({ ...options, agent: agents.https })
      : httpRequest({ ...options, agent: agents.http });
  }

  return {
    async request(request) {
      if (isClosed) throw new BroadcastError('INVALID_OPTIONS', 'the transport was closed');
      if (underWay === 0 && Date.now() - lastUsedAt > DISTRUST_AFTER_MS) destroyAgents();
      underWay++;
      try {
        return await exchange(open(request), request);
      } finally {
        underWay--;
        lastUsedAt = Date.now();
      }
    },
    close() {
      isClosed = true;
      destroyAgents();
    },
  };
}

/** `new URL` costs more than the rest of a request's preparation, and the endpoint hardly ever changes. */
let lastBase: { text: string; url: URL } | undefined;

function parseBase(base: string): URL {
  if (lastBase?.text === base) return lastBase.url;
  if (!/^https?:\/\//.test(base) || !URL.canParse(base)) {
    throw new BroadcastError(
      'INVALID_OPTIONS',
      'endpoint: expected an address such as https://host or http://127.0.0.1:4510',
    );
  }
  lastBase = { text: base, url: new URL(base) };
  return lastBase.url;
}

function exchange(outgoing: ClientRequest, { body, timeoutMs, signal }: HttpRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    let isConnected = false;
    const giveUp = (error: BroadcastError): void => {
      reject(error);
      outgoing.destroy();
    };
    const timer = setTimeout(() => {
      const code = isConnected ? 'NO_ANSWER' : 'GATEWAY_UNAVAILABLE';
      giveUp(new BroadcastError(code, `no answer within ${Math.round(timeoutMs)} ms`));
    }, timeoutMs);
    const onAbort = (): void => {
      giveUp(new BroadcastError('ABORTED', 'the attempt was aborted'));
    };
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });

    outgoing.on('socket', (socket) => {
      if (!socket.connecting) isConnected = true;
      else socket.once('connect', () => (isConnected = true));
    });
    outgoing.on('close', done);
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const code = codeOfNetworkError(error, isConnected);
      reject(
        new BroadcastError(code, `no answer from the gateway (${error.code ?? 'connection lost'})`, {
          cause: error,
        }),
      );
    });
    outgoing.on('response', (incoming) => {
      readAnswer(incoming).then(resolve, reject);
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
    throw new BroadcastError('NO_ANSWER', 'the answer of the gateway broke off', { cause });
  }
  return {
    status: incoming.statusCode ?? 0,
    retryAfter: incoming.headers['retry-after'],
    body: Buffer.concat(chunks).toString('utf8'),
  };
}
