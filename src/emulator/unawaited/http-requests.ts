import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { BegunWork } from './kinds.js';

/** Where `fetch` and `node:http` tell of their requests. */
const CHANNELS = {
  begin: ['undici:request:create', 'http.client.request.start'],
  end: [
    'undici:request:trailers',
    'undici:request:error',
    'http.client.response.finish',
    'http.client.request.error',
  ],
} as const;

/** Notes requests over HTTP in the work of the call that makes them. Returns how to stop. */
export function watchHttpRequests(current: () => BegunWork | undefined): () => void {
  const owners = new WeakMap<object, BegunWork>();
  const begin = (message: unknown): void => {
    const request = requestOf(message);
    const begun = current();
    if (request === undefined || begun === undefined) return;
    owners.set(request, begun);
    const isPending = (): boolean => Reflect.get(request, 'destroyed') !== true;
    begun.set(request, { noun: `request to ${hostOf(request)}`, isPending, endsAfterCallback: false });
  };
  const end = (message: unknown): void => {
    const request = requestOf(message);
    if (request !== undefined) owners.get(request)?.delete(request);
  };
  for (const channel of CHANNELS.begin) subscribe(channel, begin);
  for (const channel of CHANNELS.end) subscribe(channel, end);
  return () => {
    for (const channel of CHANNELS.begin) unsubscribe(channel, begin);
    for (const channel of CHANNELS.end) unsubscribe(channel, end);
  };
}

function requestOf(message: unknown): object | undefined {
  const { request } = message as { request?: unknown };
  return typeof request === 'object' && request !== null ? request : undefined;
}

/** Never the path: an address may carry a secret there. */
function hostOf(request: object): string {
  const { origin, getHeader } = request as { origin?: unknown; getHeader?(name: string): unknown };
  // `fetch` has an origin, `node:http` a header.
  if (typeof origin === 'string' || origin instanceof URL) return new URL(origin).host;
  const host = getHeader?.call(request, 'host');
  return typeof host === 'string' ? host : 'a host without a name';
}
