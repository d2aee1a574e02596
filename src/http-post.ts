import { once } from 'node:events';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';

export interface HttpPost {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  /** Gives up the request; it may have been carried out. */
  readonly signal?: AbortSignal | undefined;
}

export interface PostAnswer {
  readonly status: number;
  readonly body: string;
}

/** Posts over HTTP/1.1 connections that are kept alive. */
export interface Poster {
  /** Resolves with any answer; rejects with the error of the network when there is none in time. */
  post(request: HttpPost): Promise<PostAnswer>;
  close(): void;
}

/** After this time without a request, the instance may have been paused and its connections be dead without a word. */
const DISTRUST_AFTER_MS = 10_000;

export function createPoster(): Poster {
  const agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };
  let underWay = 0;
  let lastUsedAt = 0;

  function close(): void {
    agents.http.destroy();
    agents.https.destroy();
  }

  function open({ url, headers, timeoutMs, signal }: HttpPost) {
    const timeout = AbortSignal.timeout(timeoutMs);
    const options = {
      method: 'POST',
      headers,
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    };
    return url.protocol === 'https:'
      ? httpsRequest(url, { ...options, agent: agents.https })
      : httpRequest(url, { ...options, agent: agents.http });
  }

  async function exchange(request: HttpPost): Promise<PostAnswer> {
    const outgoing = open(request);
    // What goes wrong after the response has begun is reported by its body, and here once more.
    outgoing.on('error', () => undefined);
    outgoing.end(request.body);
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    return { status: incoming.statusCode ?? 0, body: await text(incoming) };
  }

  return {
    async post(request) {
      if (underWay === 0 && Date.now() - lastUsedAt > DISTRUST_AFTER_MS) close();
      underWay++;
      try {
        return await exchange(request);
      } finally {
        underWay--;
        lastUsedAt = Date.now();
      }
    },
    close,
  };
}
