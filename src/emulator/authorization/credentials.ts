import { parseCookies } from '../../base/headers.js';
import { canonicalName, type RequestFacts } from '../events/request-facts.js';

/** Where a client puts what it proves itself with. */
export interface CredentialPlace {
  readonly in: 'header' | 'query' | 'cookie';
  readonly name: string;
  /** What stands before it, such as `Bearer `; without it there are no credentials. */
  readonly prefix?: string | undefined;
}

export function findCredential(
  { in: place, name, prefix = '' }: CredentialPlace,
  { headers, query }: RequestFacts,
): string | undefined {
  const value =
    place === 'header'
      ? headers[canonicalName(name)]
      : place === 'query'
        ? (query.getAll(name).at(-1) ?? undefined)
        : parseCookies(headers['Cookie']).get(name);
  if (value?.toLowerCase().startsWith(prefix.toLowerCase()) !== true) return undefined;
  const credential = value.slice(prefix.length).trim();
  return credential === '' ? undefined : credential;
}
