import * as z from 'zod/mini';
import { BroadcastError } from '../errors.js';
import type { FunctionContext, InvocationAware } from '../invocation.js';
import { functionOption, lazily, parseOptions } from '../options.js';
import { issuedFor, metadataToken, noToken, serviceAccountToken, type IssuedToken } from './token-sources.js';

export interface TokenProviderOptions {
  /** An IAM token, or a function that gives one before every attempt. It should keep its token itself. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** Address of the metadata service. @default http://169.254.169.254 */
  readonly metadataUrl?: string | undefined;
  /** Address of the token service. @default https://iam.api.cloud.yandex.net */
  readonly iamUrl?: string | undefined;
}

/**
 * Gives IAM tokens, from the first of these that there is: the `token` option; the `context.token` of the
 * latest call; the environment variable `YC_TOKEN`; the key of a service account in the file that
 * `YC_SERVICE_ACCOUNT_KEY_FILE` names; the metadata service. In a function the call's own token comes first,
 * since it costs nothing; on a laptop the environment comes before the metadata service, which would only
 * time out there.
 *
 * Tokens are kept until a minute before they expire, those that live for less than two minutes until half of
 * their time is over. No token ever reaches a log or an error.
 */
export interface TokenProvider extends InvocationAware {
  /** Rejects with `UNAUTHENTICATED` when there is no token anywhere, and says what can be done. */
  token(): string | Promise<string>;
  /** The gateway did not accept this token: do not give it out again. */
  invalidate(token: string): void;
  onInvocation(context: FunctionContext): void;
}

/**
 * What can stand in a header. Anything else would fail in the HTTP client, with a message that helps nobody.
 */
const USABLE = /^[\x21-\x7e]+$/;

/** A fifth of what `z.url` brings into the bundle. */
const urlSchema = () => z.string().check(z.refine((text) => URL.canParse(text), 'Invalid URL'));

const optionsSchema = lazily(() =>
  z.strictObject({
    token: z.optional(
      z
        .union([z.string(), functionOption<() => string | Promise<string>>()])
        .check(
          z.refine(
            (token) => typeof token !== 'string' || USABLE.test(token),
            'is empty or holds a space or line break',
          ),
        ),
    ),
    metadataUrl: z._default(urlSchema(), 'http://169.254.169.254'),
    iamUrl: z._default(urlSchema(), 'https://iam.api.cloud.yandex.net'),
  }),
);

export function createTokenProvider(options: TokenProviderOptions = {}): TokenProvider {
  const { token: given, metadataUrl, iamUrl } = parseOptions(optionsSchema(), options, 'credentials');
  let invocation: IssuedToken | undefined;
  let fetched: IssuedToken | undefined;
  let fetching: Promise<string> | undefined;

  async function fetchToken(): Promise<string> {
    const keyFile = fromEnvironment('YC_SERVICE_ACCOUNT_KEY_FILE');
    fetched =
      keyFile === undefined ? await metadataToken(metadataUrl) : await serviceAccountToken(keyFile, iamUrl);
    return fetched.token;
  }

  return {
    token() {
      if (given !== undefined) return typeof given === 'string' ? given : askFor(given);
      if (isFresh(invocation)) return invocation.token;
      const ready = fromEnvironment('YC_TOKEN');
      if (ready !== undefined) return usable(ready, 'YC_TOKEN holds a space or line break');
      if (isFresh(fetched)) return fetched.token;
      // Whoever comes while a token is on its way waits for the same one.
      fetching ??= fetchToken().finally(() => {
        fetching = undefined;
      });
      return fetching;
    },
    invalidate(token) {
      if (invocation?.token === token) invocation = undefined;
      if (fetched?.token === token) fetched = undefined;
    },
    onInvocation({ token }) {
      const [text, seconds] =
        typeof token === 'string' ? [token, undefined] : [token?.access_token, token?.expires_in];
      if (isUsable(text)) invocation = issuedFor(text, seconds);
    },
  };
}

/** A variable that is empty counts as one that is not set. */
function fromEnvironment(name: string): string | undefined {
  const value = process.env[name]?.trim();
  return value === '' ? undefined : value;
}

/** Whatever the function gives, or throws, its caller gets a token or `UNAUTHENTICATED`. */
function askFor(owner: () => string | Promise<string>): string | Promise<string> {
  try {
    const token = owner();
    return typeof token === 'string' ? usable(token, NOT_USABLE) : askedFor(token);
  } catch (reason) {
    throw ownerFailed(reason);
  }
}

async function askedFor(promise: Promise<string>): Promise<string> {
  try {
    return usable(await promise, NOT_USABLE);
  } catch (reason) {
    throw ownerFailed(reason);
  }
}

const NOT_USABLE = 'the `token` function gave none, or one that holds a space or line break';

/** The cause is the error of the application's own code: what is in it is known to its author. */
function ownerFailed(reason: unknown): BroadcastError {
  return reason instanceof BroadcastError ? reason : noToken('the `token` function failed', reason);
}

function usable(token: unknown, problem: string): string {
  if (!isUsable(token)) throw noToken(problem);
  return token;
}

function isUsable(token: unknown): token is string {
  return typeof token === 'string' && USABLE.test(token);
}

function isFresh(issued: IssuedToken | undefined): issued is IssuedToken {
  return issued !== undefined && issued.refreshAt > Date.now();
}
