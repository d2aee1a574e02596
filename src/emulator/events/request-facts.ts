import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { requestUrl } from '../http/request-url.js';

/** What the gateway knows of a request, whether it asks for a socket or for an answer. */
export interface RequestFacts {
  /** The path as it stands in the specification. */
  readonly template: string;
  readonly path: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>>;
  readonly sourceIp: string;
}

/** What is read of a request. */
export interface SourceRequest extends Pick<IncomingMessage, 'url' | 'rawHeaders'> {
  readonly socket: Pick<Socket, 'remoteAddress' | 'remotePort'>;
}

export function readRequest(
  request: SourceRequest,
  facts: Pick<RequestFacts, 'template' | 'pathParameters'> & { readonly gatewayId: string },
): RequestFacts {
  const url = requestUrl(request);
  const sourceIp = request.socket.remoteAddress ?? '127.0.0.1';
  const own: Record<string, string> = {
    'X-Forwarded-For': sourceIp,
    'X-Forwarded-Proto': 'https',
    'X-Envoy-External-Address': sourceIp,
    'X-Real-Remote-Address': `${sourceIp}:${request.socket.remotePort ?? 0}`,
    'X-Envoy-Original-Path': request.url ?? '/',
    'X-Serverless-Gateway-Id': facts.gatewayId,
  };
  const { headers, multiValueHeaders } = canonicalHeaders(request.rawHeaders, own);
  const { template, pathParameters } = facts;
  const { pathname: path, searchParams: query } = url;
  return { template, pathParameters, path, query, headers, multiValueHeaders, sourceIp };
}

/**
 * Headers of the connection itself do not reach a function. Those of the handshake are not in the published
 * samples.
 */
const HOP_BY_HOP = new Set([
  'connection',
  'upgrade',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'proxy-connection',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
]);

function canonicalHeaders(raw: readonly string[], own: Readonly<Record<string, string>>) {
  // A map, since names are the client's: `__proto__` is one like any other.
  const lists = new Map<string, string[]>();
  for (let i = 0; i < raw.length; i += 2) {
    // HTTP/2 has no Host; everything else that begins with a colon is no header.
    const name = raw[i] === ':authority' ? 'host' : (raw[i] ?? '');
    if (name.startsWith(':')) continue;
    if (HOP_BY_HOP.has(name.toLowerCase())) continue;
    const canonical = canonicalName(name);
    lists.set(canonical, [...(lists.get(canonical) ?? []), raw[i + 1] ?? '']);
  }
  for (const [name, value] of Object.entries(own)) lists.set(name, [value]);
  const multiValueHeaders = Object.fromEntries(lists);
  const headers = Object.fromEntries([...lists].map(([name, values]) => [name, values.at(-1) ?? '']));
  return { headers, multiValueHeaders };
}

/** As Go writes header names: `sec-websocket-key` becomes `Sec-Websocket-Key`. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

/**
 * Documented: functions do not get this header. Some who use a gateway say that theirs do; code that works
 * without it works either way.
 */
export function withoutAuthorization<T>(headers: Readonly<Record<string, T>>): Record<string, T> {
  const { Authorization: _authorization, ...rest } = headers;
  return rest;
}
