/** The inspector page: files beside this one, served as they are. */
import { fileURLToPath } from 'node:url';
import type { HttpResponse } from '../http/exchange.js';
import { serveFile } from '../http/static-files.js';

const folder = fileURLToPath(new URL('../page', import.meta.url));

/** Nothing from elsewhere, in nobody's frame, and no address is told to others: it may hold the token. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** @returns Whether there is such a file. */
export function servePage(path: string, response: HttpResponse): Promise<boolean> {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  return serveFile(folder, path, response);
}
