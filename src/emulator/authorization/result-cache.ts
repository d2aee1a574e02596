import type { AuthorizeRequest, Verdict } from './authorize.js';

export interface ResultCacheOptions {
  /** Nothing is kept without it. */
  readonly ttlSeconds: number | undefined;
  /** Whether requests for different queries of a path share a result. */
  readonly mode: 'path' | 'uri';
  now(): number;
}

/**
 * Keeps what an authorizer has said. Documented: the key is the path or the whole address, the operation, and
 * the credential. A broken authorizer is asked again.
 */
export function createResultCache({ ttlSeconds, mode, now }: ResultCacheOptions) {
  const results = new Map<string, { readonly verdict: Verdict; readonly until: number }>();
  return async (
    request: AuthorizeRequest,
    credential: string,
    ask: () => Promise<Verdict>,
  ): Promise<Verdict> => {
    if (ttlSeconds === undefined || ttlSeconds <= 0) return ask();
    const address = mode === 'path' ? request.path : `${request.path}?${request.query.toString()}`;
    const key = JSON.stringify([address, request.operation, credential]);
    const kept = results.get(key);
    if (kept !== undefined && kept.until > now()) return kept.verdict;
    const verdict = await ask();
    if (verdict.isAuthorized || verdict.status !== 500) {
      results.set(key, { verdict, until: now() + ttlSeconds * 1000 });
      if (results.size > MAX_RESULTS) results.delete(results.keys().next().value ?? '');
    }
    return verdict;
  };
}

/** Of one authorizer; the oldest go first. */
const MAX_RESULTS = 10_000;
