import * as z from 'zod/mini';
import { lazily } from '../../base/options.js';

/** Origins whose pages may connect, or the word `any`. */
export type Origins = readonly string[] | 'any';

export const originsSchema = lazily(() =>
  z.union([z.literal('any'), z.array(z.string().check(z.refine(isOrigin, { error: notAnOrigin })))], {
    error: "is required: a list such as ['https://app.example'], or 'any'",
  }),
);

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

function notAnOrigin({ input }: { readonly input?: unknown }): string {
  return `'${String(input)}' is not an origin; write scheme, host and port only, as in 'https://app.example'`;
}

/**
 * Whether a handshake may come from there. Compared as a whole, so that neither a subdomain nor a look-alike passes;
 * the opaque origin `null` never does. No `Origin` at all is not a browser, and only browsers can be tricked into
 * sending somebody's cookies.
 */
export function isOriginAllowed(origins: Origins, origin: string | undefined): boolean {
  return origins === 'any' || origin === undefined || origins.includes(origin);
}
