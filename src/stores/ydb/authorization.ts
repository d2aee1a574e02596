import type { FunctionContext } from '../../base/invocation.js';
import { createSigner, type StaticKey, type UnsignedRequest } from '../../base/credentials/static-key.js';
import { createTokenProvider, type TokenProviderOptions } from '../../base/credentials/token-provider.js';

/** Says to the Document API who is asking. */
export interface Authorization {
  /** The request's headers, with what proves who is asking. */
  headersFor(request: UnsignedRequest): Promise<Record<string, string>>;
  /** To be called when these headers were refused. Resolves with whether others can be had. */
  renew(headers: Readonly<Record<string, string>>): Promise<boolean>;
  onInvocation(context: FunctionContext): void;
}

/** IAM tokens in an `Authorization: Bearer` header. Documented. */
export function bearerAuthorization(options: TokenProviderOptions): Authorization {
  const tokens = createTokenProvider(options);

  return {
    headersFor: async ({ headers }) => ({ ...headers, Authorization: `Bearer ${await tokens.token()}` }),
    async renew({ Authorization: refused = '' }) {
      const token = refused.slice('Bearer '.length);
      tokens.invalidate(token);
      try {
        return (await tokens.token()) !== token;
      } catch {
        return false;
      }
    },
    onInvocation: tokens.onInvocation,
  };
}

/** SigV4 with a static key; what servers on a laptop expect, whatever the key. */
export function signedAuthorization(key: StaticKey, region: string): Authorization {
  const sign = createSigner({ key, region, service: 'dynamodb' });
  return {
    headersFor: async (request) => sign(request),
    renew: () => Promise.resolve(false),
    onInvocation: () => undefined,
  };
}
