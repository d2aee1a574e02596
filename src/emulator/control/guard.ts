/**
 * Who may drive the gateway. It listens on this machine only, but every page in a browser on this machine can
 * reach it there: from another site, or by a name of its own that it has pointed at 127.0.0.1 (DNS
 * rebinding). So the address has to be a local one, a page has to be ours, and whoever asks has to know the
 * token.
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingRequest } from '../http/exchange.js';
import { isLoopback } from '../listening/hosts.js';
import { ControlError } from './control-error.js';

export const TOKEN_HEADER = 'x-yc-broadcast-token';

/** Refuses whoever reaches the gateway by a name that is not this machine's. Throws {@link ControlError}. */
export function requireLocalHost({ headers }: IncomingRequest): void {
  if (!isLocal(`http://${hostOf(headers)}`))
    throw new ControlError(403, 'open the inspector at localhost or 127.0.0.1');
}

/** Refuses pages of other sites, and everybody who does not know the token. Throws {@link ControlError}. */
export function requireToken({ headers }: IncomingRequest, token: string): void {
  const { origin } = headers;
  const isOurs = origin === undefined || (isLocal(origin) && new URL(origin).host === hostOf(headers));
  if (!isOurs || headers['sec-fetch-site'] === 'cross-site')
    throw new ControlError(403, 'another site may not control the gateway');
  const given = headers[TOKEN_HEADER];
  if (typeof given !== 'string' || !isEqual(given, token))
    throw new ControlError(
      401,
      'the token is missing or from an earlier start; use the address that dev prints',
    );
}

function hostOf(headers: IncomingRequest['headers']): string {
  return headers.host ?? String(headers[':authority'] ?? '');
}

function isLocal(origin: string): boolean {
  return URL.canParse(origin) && isLoopback(new URL(origin).hostname);
}

/** Takes the same time wherever the two differ. */
function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
