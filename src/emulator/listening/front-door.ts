/**
 * What holds for every request, whichever part of the gateway answers it: its target is a path, its `Host` is
 * one of this machine's names, and nothing that goes wrong with it reaches the process.
 *
 * The gateway listens on 127.0.0.1 only, but a web page can point a name of its own at that address (DNS
 * rebinding) and then reads answers as if they came from its own site. The `Host` header still carries that
 * name.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import { isPath } from '../http/request-url.js';
import { refuseUpgrade } from '../sockets/refuse-upgrade.js';
import type { HostCheck } from './hosts.js';
import type { Listeners } from './ports.js';

type AnyRequest = IncomingMessage | Http2ServerRequest;
type AnyResponse = ServerResponse | Http2ServerResponse;

interface Problem {
  readonly status: 400 | 403 | 500;
  readonly message: string;
}

const FAILED: Problem = { status: 500, message: 'The local gateway failed to handle this request' };

export function withFrontDoor(listeners: Listeners, isAllowedHost: HostCheck): Listeners {
  function problemOf(request: AnyRequest): Problem | undefined {
    const { headers } = request;
    const named = takeAuthority(request);
    const hosts = [headers.host, headers[':authority'], named].filter((host) => host !== undefined);
    if (!hosts.every((host) => isAllowedHost(String(host)))) {
      return {
        status: 403,
        message:
          'This host is not allowed. Use localhost or 127.0.0.1, or add the host to allowedHosts (--allow-host)',
      };
    }
    return isPath(request.url) ? undefined : { status: 400, message: 'The request target is not a path' };
  }

  /** Hands a request over unless there is something wrong with it. */
  function admit(request: AnyRequest, response: AnyResponse, serve: () => void): void {
    // A client that goes away in the middle is no error of the gateway.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    const problem = problemOf(request);
    try {
      if (problem === undefined) serve();
      else refuse(response, problem);
    } catch {
      refuse(response, FAILED);
    }
  }

  return {
    ...listeners,
    request(request, response) {
      admit(request, response, () => {
        listeners.request(request, response);
      });
    },
    grpc(request, response) {
      admit(request, response, () => {
        listeners.grpc(request, response);
      });
    },
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      const problem = problemOf(request);
      try {
        if (problem === undefined) listeners.upgrade(request, socket, head);
        else refuseSocket(socket, problem);
      } catch {
        refuseSocket(socket, FAILED);
      }
    },
  };
}

/**
 * Clients of a proxy send a whole URL. What is left of it in the request is the path, and its host is
 * returned. A URL that cannot be parsed stays, and is refused as a target that is not a path.
 */
function takeAuthority(request: AnyRequest): string | undefined {
  const { url = '' } = request;
  const [, authority, path = ''] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url) ?? [];
  if (authority === undefined || !URL.canParse(url)) return undefined;
  request.url = path.startsWith('/') ? path : `/${path}`;
  return authority;
}

/** Answers instead of whoever failed to; cuts the request off when an answer has begun. */
export function refuse(response: AnyResponse, { status, message }: Problem): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' };
  // The two overloads of `writeHead` do not add up to one that both kinds of response share.
  if ('stream' in response) response.writeHead(status, headers);
  else response.writeHead(status, { ...headers, Connection: 'close' });
  response.end(`${message}\n`);
}

function refuseSocket(socket: Duplex, { status, message }: Problem): void {
  refuseUpgrade(socket, status, 'text/plain; charset=utf-8', Buffer.from(`${message}\n`));
}
