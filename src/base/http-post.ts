import { once } from 'node:events';
import type http from 'node:http';
import type https from 'node:https';
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
  const agents = new Map<Scheme, http.Agent>();
  let underWay = 0;
  let lastUsedAt = 0;

  function close(): void {
    for (const agent of agents.values()) agent.destroy();
    agents.clear();
  }

  function open({ url, headers, timeoutMs, signal }: HttpPost): http.ClientRequest {
    const scheme = url.protocol === 'https:' ? 'https' : 'http';
    const { Agent, request } = moduleFor(scheme);
    const agent = agents.get(scheme) ?? new Agent({ keepAlive: true });
    agents.set(scheme, agent);
    const timeout = AbortSignal.timeout(timeoutMs);
    const ended = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
    return request(url, { method: 'POST', headers, agent, signal: ended });
  }

  async function exchange(request: HttpPost): Promise<PostAnswer> {
    const outgoing = open(request);
    // What goes wrong after the response has begun is reported by its body, and here once more.
    outgoing.on('error', () => undefined);
    outgoing.end(request.body);
    const [incoming] = (await once(outgoing, 'response')) as [http.IncomingMessage];
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

type Scheme = 'http' | 'https';

/** Imported, `node:http` would load all of `fetch` in Node.js 22, 20 ms of every cold start: `import` reads every getter. */
function moduleFor(scheme: Scheme): typeof http | typeof https {
  return scheme === 'https' ? process.getBuiltinModule('node:https') : process.getBuiltinModule('node:http');
}
