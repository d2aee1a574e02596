import * as z from 'zod/mini';
import { lazily } from '../../base/options.js';

/** Origins whose pages may connect, or the word `any`. */
export type Origins = readonly string[] | 'any';

export const originsSchema = lazily(() =>
  z.union([z.literal('any'), z.array(z.string().check(z.refine(isOrigin, { error: notAnOrigin })))], {
    error: "is required: a list such as ['https://app.example'], or 'any'",
  }),
);

/** Pages of apps have origins of their own, such as `capacitor://localhost`, which `URL` does not know. */
const OF_AN_APP = /^(?!(?:https?|wss?|ftp|file):)[a-z][a-z0-9+.-]*:\/\/[a-z0-9._-]+(?::\d+)?$/;

function isOrigin(text: string): boolean {
  return !text.includes('*') && (canonicalOrigin(text) === text || OF_AN_APP.test(text));
}

/** As a browser sends it; `undefined` for what is no address of a page. */
function canonicalOrigin(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.origin : undefined;
}

function notAnOrigin({ input }: { readonly input?: unknown }): string {
  const text = String(input);
  if (text.includes('*')) return `'${text}' has a wildcard; list each origin in full, or write 'any'`;
  const canonical = canonicalOrigin(text);
  const remedy =
    canonical === undefined
      ? "write scheme, host and port only, as in 'https://app.example'"
      : `browsers send '${canonical}', so write that`;
  return `'${text}' is not an origin; ${remedy}`;
}

/**
 * Whether a handshake may come from there. Compared as a whole, so that neither a subdomain nor a look-alike
 * passes; the opaque origin `null` never does. No `Origin` at all is not a browser, and only browsers can be
 * tricked into sending somebody's cookies.
 */
export function isOriginAllowed(origins: Origins, origin: string | undefined): boolean {
  return origins === 'any' || origin === undefined || origins.includes(origin);
}
