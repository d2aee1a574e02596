import * as z from 'zod';
import type { FunctionContext, InvocationAware } from '../invocation.js';
import { functionOption, parseOptions } from '../options.js';
import { metadataToken, serviceAccountToken, type IssuedToken } from './token-sources.js';

export interface TokenProviderOptions {
  /** An IAM token, or a function that gives one before every attempt. It should keep its token itself. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** Address of the metadata service. @default http://169.254.169.254 */
  readonly metadataUrl?: string | undefined;
  /** Address of the token service. @default https://iam.api.cloud.yandex.net */
  readonly iamUrl?: string | undefined;
}

/**
 * Gives IAM tokens, from the first of these that there is: the `token` option; the `context.token` of the latest call;
 * the environment variable `YC_TOKEN`; the key of a service account in the file that `YC_SERVICE_ACCOUNT_KEY_FILE`
 * names; the metadata service. In a function the call's own token comes first, since it costs nothing; on a laptop
 * the environment comes before the metadata service, which would only time out there.
 *
 * Tokens are kept until a minute before they expire. No token ever reaches a log or an error.
 */
export interface TokenProvider extends InvocationAware {
  /** Rejects with `UNAUTHENTICATED` when there is no token anywhere, and says what can be done. */
  token(): string | Promise<string>;
  /** The gateway did not accept this token: do not give it out again. */
  invalidate(token: string): void;
  onInvocation(context: FunctionContext): void;
}

const optionsSchema = z.strictObject({
  token: z.union([z.string().min(1), functionOption<() => string | Promise<string>>()]).optional(),
  metadataUrl: z.url().default('http://169.254.169.254'),
  iamUrl: z.url().default('https://iam.api.cloud.yandex.net'),
});

/** Tokens are replaced this long before they expire. */
const MARGIN_MS = 60_000;
/** How long a token is trusted that came without an expiry. The platform's tokens live for hours. */
const UNDATED_MS = 10 * 60_000;

export function createTokenProvider(options: TokenProviderOptions = {}): TokenProvider {
  const { token: given, metadataUrl, iamUrl } = parseOptions(optionsSchema, options, 'credentials');
  let invocation: IssuedToken | undefined;
  let fetched: IssuedToken | undefined;
  let fetching: Promise<string> | undefined;

  async function fetchToken(): Promise<string> {
    const keyFile = process.env['YC_SERVICE_ACCOUNT_KEY_FILE'];
    fetched =
      keyFile === undefined ? await metadataToken(metadataUrl) : await serviceAccountToken(keyFile, iamUrl);
    return fetched.token;
  }

  return {
    token() {
      if (given !== undefined) return typeof given === 'string' ? given : given();
      if (isFresh(invocation)) return invocation.token;
      const fromEnvironment = process.env['YC_TOKEN'];
      if (fromEnvironment !== undefined && fromEnvironment !== '') return fromEnvironment;
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
      if (token === undefined || token === null) return;
      invocation =
        typeof token === 'string'
          ? { token, expiresAt: Date.now() + UNDATED_MS }
          : { token: token.access_token, expiresAt: Date.now() + expiryMs(token.expires_in) };
    },
  };
}

function expiryMs(seconds: number | undefined): number {
  return seconds === undefined ? UNDATED_MS : seconds * 1000;
}

function isFresh(issued: IssuedToken | undefined): issued is IssuedToken {
  return issued !== undefined && issued.expiresAt - MARGIN_MS > Date.now();
}
