import type { AwsV4Signer } from 'aws4fetch';
import { BroadcastError } from '../errors.js';

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

/** Returns the headers of a POST, with a signature (SigV4). */
export type Signer = (request: UnsignedRequest) => Promise<Record<string, string>>;

export interface SignerOptions {
  readonly key: StaticKey;
  readonly region: string;
  /** As AWS calls the service that is spoken to: `dynamodb`, `sqs`. */
  readonly service: string;
  /** The option that the key was given in, for the message. */
  readonly option: string;
}

/** Signs with a static key. Loads the package `aws4fetch` at the first request. */
export function createSigner({ key, region, service, option }: SignerOptions): Signer {
  const cache = new Map<string, ArrayBuffer>();

  return async ({ url, headers, body }) => {
    const Aws4 = await loadSigner(option);
    const signer = new Aws4({
      ...{ method: 'POST', url: url.href, headers, body },
      ...{ ...key, region, service, cache },
    });
    return Object.fromEntries((await signer.sign()).headers);
  };
}

async function loadSigner(option: string): Promise<typeof AwsV4Signer> {
  try {
    return (await import('aws4fetch')).AwsV4Signer;
  } catch (cause) {
    throw new BroadcastError(
      'INVALID_OPTIONS',
      `${option}: static keys need the package aws4fetch; npm install aws4fetch`,
      { cause },
    );
  }
}
