import { abortedError, BroadcastError } from '../base/errors.js';
import type { AttemptOptions } from '../model/transport.js';
import type { TokenProvider } from '../base/credentials/token-provider.js';

/**
 * Makes an attempt with a token. A token can be revoked before it expires, so when the gateway does not
 * accept it, a fresh one gets a second chance within the same attempt. Waiting for tokens counts as part of
 * the attempt.
 *
 * @param call Gets the time that is left, in milliseconds. Rejects with `UNAUTHENTICATED` when the token is
 * refused.
 */
export async function withToken<T>(
  tokens: TokenProvider,
  { timeoutMs, signal }: AttemptOptions,
  call: (token: string, timeoutMs: number) => Promise<T>,
): Promise<T> {
  refuseAborted(signal);
  const endsAt = Date.now() + timeoutMs;
  const first = await tokenWithin(tokens, endsAt, signal);
  try {
    return await call(first, endsAt - Date.now());
  } catch (error) {
    if (!(error instanceof BroadcastError) || error.code !== 'UNAUTHENTICATED') throw error;
    tokens.invalidate(first);
    // What the gateway said tells more than why there is no other token.
    const second = await tokenWithin(tokens, endsAt, signal).catch(() => first);
    refuseAborted(signal);
    if (second === first || Date.now() >= endsAt) throw error;
    return call(second, endsAt - Date.now());
  }
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortedError();
}

/**
 * While there is no token, nothing has been sent: running out of time is `GATEWAY_UNAVAILABLE`, not
 * `NO_ANSWER`.
 */
async function tokenWithin(
  tokens: TokenProvider,
  endsAt: number,
  signal: AbortSignal | undefined,
): Promise<string> {
  const token = tokens.token();
  if (typeof token === 'string') return token;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => {
        fail(
          new BroadcastError(
            'GATEWAY_UNAVAILABLE',
            'no IAM token arrived within the time limit of the attempt',
          ),
        );
      },
      Math.max(0, endsAt - Date.now()),
    );
    const onAbort = (): void => {
      fail(abortedError());
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (reason: unknown): void => {
      done();
      reject(BroadcastError.from(reason));
    };
    token.then((value) => {
      done();
      resolve(value);
    }, fail);
  });
}
