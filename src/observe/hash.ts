import type { FunctionContext } from '../base/invocation.js';

/** Where the key comes from when no option gives one. */
export const HASH_KEY_VARIABLE = 'YC_BROADCAST_HASH_KEY';

/**
 * Bits of the short form: of a million ids, two or three hundred share theirs with another one at 32; at 48,
 * none is likely to.
 */
const HEX_DIGITS = 12;

/**
 * The short form in which ids of connections, users, rooms and messages stand in logs and spans: the
 * beginning of an HMAC-SHA-256. With one key, one id has one form, so it can be followed; without the key
 * nobody can try names out.
 */
export function hashId(key: string, id: string): string {
  // Loaded when it is used: most imports of this module never come here before the first event.
  const { createHmac } = process.getBuiltinModule('node:crypto');
  return createHmac('sha256', key).update(id).digest('hex').slice(0, HEX_DIGITS);
}

/** Hashes the ids of one observer. */
export interface IdHasher {
  /**
   * Without a key of its own, takes the function's id for one: from the first call on, the same in every
   * instance.
   */
  learnFrom(context: FunctionContext): void;
  hash(id: string): string;
}

export function createIdHasher(hashKey: string | undefined): IdHasher {
  const given = hashKey ?? process.env[HASH_KEY_VARIABLE];
  let key = given === undefined || given === '' ? undefined : given;
  return {
    learnFrom({ functionName }) {
      key ??= functionName;
    },
    hash: (id) => hashId(key ?? '', id),
  };
}
