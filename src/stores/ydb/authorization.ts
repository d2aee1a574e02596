import type { AwsV4Signer } from 'aws4fetch';
import { BroadcastError } from '../../errors.js';
import type { FunctionContext } from '../../invocation.js';
import { createTokenProvider, type TokenProviderOptions } from '../../credentials/token-provider.js';

/** The key of a service account that is made for S3, queues and the Document API. */
export interface StaticKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface UnsignedRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

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
  const cache = new Map<string, ArrayBuffer>();

  return {
    async headersFor({ url, headers, body }) {
      const Signer = await loadSigner();
      const signer = new Signer({
        ...{ method: 'POST', url: url.href, headers, body },
        ...{ ...key, region, service: 'dynamodb', cache },
      });
      return Object.fromEntries((await signer.sign()).headers);
    },
    renew: () => Promise.resolve(false),
    onInvocation: () => undefined,
  };
}

async function loadSigner(): Promise<typeof AwsV4Signer> {
  try {
    return (await import('aws4fetch')).AwsV4Signer;
  } catch (cause) {
    throw new BroadcastError(
      'INVALID_OPTIONS',
      'ydbStore.credentials: static keys need the package aws4fetch; npm install aws4fetch',
      { cause },
    );
  }
}
