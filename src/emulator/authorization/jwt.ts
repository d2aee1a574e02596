/** JSON Web Tokens in their compact form: what they say, and whether they are signed by a key. */
import { verify, type KeyObject } from 'node:crypto';
import { parseJson } from '../../base/json.js';

export interface Jwt {
  readonly algorithm: string;
  readonly keyId: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signed: string;
  readonly signature: Buffer;
}

/** `undefined` when the text is no token. */
export function parseJwt(text: string): Jwt | undefined {
  const [head = '', body = '', signature, ...more] = text.split('.');
  const [header, claims] = [parsePart(head), parsePart(body)];
  if (header === undefined || claims === undefined || signature === undefined || more.length > 0)
    return undefined;
  const { alg, kid } = header;
  if (typeof alg !== 'string' || (kid !== undefined && typeof kid !== 'string')) return undefined;
  const signed = `${head}.${body}`;
  return { algorithm: alg, keyId: kid, claims, signed, signature: Buffer.from(signature, 'base64url') };
}

function parsePart(part: string): Record<string, unknown> | undefined {
  const value = parseJson(Buffer.from(part, 'base64url').toString('utf8'));
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** Documented: these and no others. Above all not `none`, nor a secret that both sides share. */
const ALGORITHMS: Readonly<Record<string, { readonly hash: string; readonly key: 'rsa' | 'ec' }>> = {
  RS256: { hash: 'sha256', key: 'rsa' },
  RS384: { hash: 'sha384', key: 'rsa' },
  RS512: { hash: 'sha512', key: 'rsa' },
  ES256: { hash: 'sha256', key: 'ec' },
  ES384: { hash: 'sha384', key: 'ec' },
  ES512: { hash: 'sha512', key: 'ec' },
};

export function isKnownAlgorithm(name: string): boolean {
  return Object.hasOwn(ALGORITHMS, name);
}

export function isSignedBy({ algorithm, signed, signature }: Jwt, key: KeyObject): boolean {
  const wanted = ALGORITHMS[algorithm];
  if (wanted === undefined || key.asymmetricKeyType !== wanted.key) return false;
  return verify(wanted.hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, signature);
}
