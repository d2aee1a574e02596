import { BroadcastError } from '../errors.js';
import type { TokenProvider } from './credentials.js';

/**
 * Makes a call with a token. One can be revoked before it expires, so a call that ends with `UNAUTHENTICATED` gets a
 * second chance with a fresh one, if there is another.
 */
export async function withToken<A>(tokens: TokenProvider, call: (token: string) => Promise<A>): Promise<A> {
  const token = await tokens.token();
  try {
    return await call(token);
  } catch (reason) {
    if (!isRefusal(reason)) throw reason;
    tokens.invalidate(token);
    const fresh = await tokens.token();
    if (fresh === token) throw reason;
    return callOnce(tokens, call, fresh);
  }
}

async function callOnce<A>(
  tokens: TokenProvider,
  call: (token: string) => Promise<A>,
  token: string,
): Promise<A> {
  try {
    return await call(token);
  } catch (reason) {
    if (isRefusal(reason)) tokens.invalidate(token);
    throw reason;
  }
}

function isRefusal(reason: unknown): boolean {
  return reason instanceof BroadcastError && reason.code === 'UNAUTHENTICATED';
}
