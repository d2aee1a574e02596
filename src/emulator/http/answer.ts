import type { OutgoingHttpHeaders } from 'node:http';
import { canonicalName } from '../events/request-facts.js';
import type { HttpResponse } from './exchange.js';
import type { FunctionResponse } from '../calls/invoker.js';

/** Headers of the connection itself are the gateway's. */
const OWN = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'upgrade']);

/** Puts a function's response on the wire. */
export function respondWith(
  response: HttpResponse,
  { statusCode, headers, multiValueHeaders, body }: FunctionResponse,
): void {
  const sent: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries({ ...headers, ...multiValueHeaders })) {
    if (!OWN.has(name)) sent[canonicalName(name)] = typeof value === 'string' ? value : [...value];
  }
  // A function that answers 99 would bring the server down.
  const status = statusCode >= 200 && statusCode <= 599 ? statusCode : 502;
  response.writeHead(status, { ...sent, 'Content-Length': body.length });
  response.end(body);
}
