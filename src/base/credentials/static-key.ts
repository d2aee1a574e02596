/** The key of a service account that is made for S3, queues and the Document API. */
export interface StaticKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A POST to an address without a query. */
export interface UnsignedRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Returns the headers of a POST, with a signature. */
export type Signer = (request: UnsignedRequest) => Record<string, string>;

export interface SignerOptions {
  readonly key: StaticKey;
  readonly region: string;
  /** As AWS calls the service that is spoken to: `dynamodb`, `sqs`. */
  readonly service: string;
  /** In Unix milliseconds. @default Date.now */
  readonly now?: (() => number) | undefined;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/**
 * Signs with a static key, by AWS Signature Version 4, as its reference describes it for services other than
 * S3.
 */
export function createSigner({ key, region, service, now = Date.now }: SignerOptions): Signer {
  let last: { readonly day: string; readonly key: Buffer } | undefined;

  /** Changes once a day. */
  function keyOf(day: string): Buffer {
    if (last?.day !== day) {
      const parts = [day, region, service, 'aws4_request'];
      last = { day, key: parts.reduce<Buffer>(hmac, Buffer.from(`AWS4${key.secretAccessKey}`)) };
    }
    return last.key;
  }

  return ({ url, headers, body }) => {
    const time = new Date(now()).toISOString().replaceAll(/[:-]|\.\d+/g, '');
    const day = time.slice(0, 8);
    const scope = `${day}/${region}/${service}/aws4_request`;
    const { names, text } = canonical(url, { ...headers, 'X-Amz-Date': time }, body);
    const signature = hmac(keyOf(day), [ALGORITHM, time, scope, sha256(text)].join('\n')).toString('hex');
    const credential = `Credential=${key.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
    return { ...headers, 'X-Amz-Date': time, Authorization: `${ALGORITHM} ${credential}` };
  };
}

/** What is signed, and which headers are part of it. What something on the way may write anew is not. */
function canonical(url: URL, headers: Readonly<Record<string, string>>, body: string) {
  const signed = [['host', url.host], ...Object.entries(headers)]
    .map(([name = '', value = '']) => [name.toLowerCase(), value.trim().replaceAll(/\s+/g, ' ')] as const)
    .filter(([name]) => name !== 'content-type' && name !== 'content-length')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const names = signed.map(([name]) => name).join(';');
  const lines = signed.map(([name, value]) => `${name}:${value}\n`).join('');
  return { names, text: ['POST', pathOf(url), '', lines, names, sha256(body)].join('\n') };
}

/** Encoded once more than it is in the address. */
function pathOf({ pathname }: URL): string {
  const encoded = encodeURIComponent(pathname.replaceAll(/\/+/g, '/')).replaceAll('%2F', '/');
  return encoded.replaceAll(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(text: string): string {
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return process.getBuiltinModule('node:crypto').createHmac('sha256', key).update(text).digest();
}
