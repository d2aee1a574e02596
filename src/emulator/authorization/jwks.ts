/**
 * The public keys of whoever signs tokens: a local file, an address, or what an OpenID provider's page points
 * to.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

export interface JwksSource {
  /** An address, a `file:` URL, or the path of a file. */
  readonly jwksUri?: string | undefined;
  /** The address of the provider's `.well-known/openid-configuration`, when there is no `jwksUri`. */
  readonly openIdConnectUrl?: string | undefined;
  readonly ttlSeconds?: number | undefined;
  now(): number;
}

export interface Jwks {
  /**
   * The key that a token names; without a name, the only one there is. `undefined` when there is none.
   * Rejects when the keys cannot be had.
   */
  key(keyId: string | undefined): Promise<KeyObject | undefined>;
}

const jwksSchema = z.object({ keys: z.array(z.looseObject({ kid: z.string().optional() })) });
const configurationSchema = z.object({ jwks_uri: z.string() });
type Keys = z.output<typeof jwksSchema>['keys'];

/** How long an answer may take. */
const PATIENCE_MS = 5000;

export function createJwks({ jwksUri, openIdConnectUrl, ttlSeconds, now }: JwksSource): Jwks {
  let loaded: { readonly keys: Keys; readonly at: number } | undefined;

  async function load(): Promise<Keys> {
    const uri = jwksUri ?? configurationSchema.parse(await read(openIdConnectUrl ?? '')).jwks_uri;
    const { keys } = jwksSchema.parse(await read(uri));
    loaded = { keys, at: now() };
    return keys;
  }

  return {
    async key(keyId) {
      const isFresh = loaded !== undefined && now() < loaded.at + (ttlSeconds ?? Infinity) * 1000;
      const keys = loaded !== undefined && isFresh ? loaded.keys : await load();
      // Whoever signs may have a new key since.
      const found = find(keys, keyId) ?? (isFresh ? find(await load(), keyId) : undefined);
      return found === undefined ? undefined : createPublicKey({ key: found, format: 'jwk' });
    },
  };
}

function find(keys: Keys, keyId: string | undefined): Keys[number] | undefined {
  if (keyId === undefined) return keys.length === 1 ? keys[0] : undefined;
  return keys.find(({ kid }) => kid === keyId);
}

async function read(uri: string): Promise<unknown> {
  if (!/^https?:/.test(uri)) {
    return JSON.parse(await readFile(uri.startsWith('file:') ? fileURLToPath(uri) : uri, 'utf8'));
  }
  const response = await fetch(uri, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!response.ok) throw new Error(`${uri} answered ${response.status}`);
  return response.json();
}
