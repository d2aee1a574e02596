import type { RequestFacts } from '../events/request-facts.js';

/** A request that wants in: an HTTP request, or the handshake of a socket. */
export interface AuthorizeRequest extends RequestFacts {
  readonly method: string;
  /** Which operation of the specification it is for. */
  readonly operation: string;
}

/** Documented: 401 without credentials, 403 when they do not suffice, 500 when the authorizer is broken. */
export type Verdict =
  | { readonly isAuthorized: true; readonly context: Readonly<Record<string, unknown>> }
  | { readonly isAuthorized: false; readonly status: 401 | 403 | 500; readonly problem: string };

/** Never rejects. */
export type AuthorizeHandshake = (request: AuthorizeRequest) => Promise<Verdict>;

export function refused(status: 401 | 403 | 500, problem: string): Verdict {
  return { isAuthorized: false, status, problem };
}

/** What a client is told; why stands in the log. */
export function refusalBody(status: 401 | 403 | 500): Buffer {
  const message = { 401: 'Unauthorized', 403: 'Forbidden', 500: 'Internal Server Error' }[status];
  return Buffer.from(JSON.stringify({ message }));
}
