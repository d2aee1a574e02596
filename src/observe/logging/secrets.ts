import type { FunctionContext } from '../../base/invocation.js';
import { parseJson } from '../../base/json.js';

/** Shorter words stand in too many sentences to be taken out of all of them. */
const SHORTEST = 4;

/** Fields of an event that the gateway fills in by itself, and that say nothing of anybody. */
const HARMLESS =
  /^(resource|operationId|httpMethod|eventType|connectedAt|requestTime|version|content-type|content-length|host|connection|upgrade|x-request-id|x-trace-id|x-forwarded-proto|x-serverless-gateway-id|x-api-gateway-function-id|x-yc-apigateway-websocket-(event-type|connected-at|message-id))$/i;

/** An event that is nested deeper, or has more words, is not taken apart: that would take time, and stack. */
const MAX_DEPTH = 64;
const MAX_WORDS = 2000;

/**
 * All that an event and its context say that must not be repeated in a log: values of headers, cookies and
 * queries, bodies and what stands in them, tokens. The longest come first. `undefined` when that is too much
 * to tell.
 */
export function secretsOf(raw: unknown, { token }: FunctionContext): readonly string[] | undefined {
  const found = new Set<string>();
  if (!collect(raw, found, 0) || !collect(token, found, 0)) return undefined;
  const forms = [...found].flatMap(formsOf);
  return [...new Set(forms)].sort((a, b) => b.length - a.length);
}

/** Whether all was found. */
function collect(value: unknown, found: Set<string>, depth: number): boolean {
  if (depth > MAX_DEPTH) return false;
  if (typeof value === 'string') {
    for (const text of [value, ...partsOf(value)]) if (text.length >= SHORTEST) found.add(text);
    const inner = parseJson(value);
    if (typeof inner === 'object' && !collect(inner, found, depth + 1)) return false;
  }
  if (found.size > MAX_WORDS) return false;
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, part]) => {
    if (HARMLESS.test(name)) return true;
    // Keys of a record may be somebody's words, too; those of the gateway are short.
    if (name.length >= 16 && !/^[a-z-]+$/i.test(name)) found.add(name);
    return collect(part, found, depth + 1);
  });
}

/** Values within a cookie header, a query, a list of subprotocols or `Bearer …`; what base64 stands for. */
function partsOf(text: string): string[] {
  const parts = text.split(/[;,&=?\s]+/);
  const bytes = /^[A-Za-z0-9+/]{8,}={0,2}$/.test(text) ? Buffer.from(text, 'base64').toString('utf8') : '';
  return [...parts, ...parts.map(percentDecoded), bytes];
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** As it is, within JSON, within an address, and as base64. */
function formsOf(text: string): string[] {
  const escaped = JSON.stringify(text).slice(1, -1);
  const encoded = Buffer.from(text);
  // What follows changes the last character, and the padding.
  const base64 = encoded.toString('base64').replace(/.?=*$/, '');
  return [
    text,
    escaped,
    encodeURIComponent(text.toWellFormed()),
    base64,
    encoded.toString('base64url').slice(0, -1),
  ];
}
