import { randomUUID } from 'node:crypto';
import { checkName } from '../../base/names.js';
import { checkRecord, type RecordStore } from '../../model/records.js';
import { createScript, type RedisCalls } from './calls.js';
import { GRACE_MS } from './scripts.js';

/**
 * A record is one hash, so each call touches one key and a cluster needs nothing more: `value`, `version` and
 * `expiresAt`. By the server's clock nothing is decided but when a record that is long past is deleted.
 */
const COMMON = `
local key, now = KEYS[1], tonumber(ARGV[1])
local kept = redis.call('HMGET', key, 'version', 'expiresAt')
local version = kept[2] and tonumber(kept[2]) > now and kept[1] or ''
`;

/** now → value, version; nothing when the record is absent. */
const READ = createScript(`${COMMON}
if version == '' then return false end
return { redis.call('HGET', key, 'value'), version }
`);

/**
 * now, version that it must have or nothing, version of this write, when it expires, TTL in ms, value → 1, or 0 when it
 * has another version. A client that lost its connection repeats what was not answered: then the version is its own.
 */
const WRITE = createScript(`${COMMON}
if version ~= ARGV[2] and version ~= ARGV[3] then return 0 end
redis.call('HSET', key, 'value', ARGV[6], 'version', ARGV[3], 'expiresAt', ARGV[4])
redis.call('PEXPIRE', key, ARGV[5])
return 1
`);

const REMOVE = createScript(`redis.call('DEL', KEYS[1])`);

export interface RecordDeps {
  readonly calls: RedisCalls;
  readonly keyPrefix: string;
  readonly now: () => number;
}

export function redisRecords({ calls, keyPrefix, now }: RecordDeps): RecordStore {
  function keyOf(key: string): string {
    return `${keyPrefix}:record:${checkName(key, 'key')}`;
  }

  return {
    async read(key) {
      const reply = (await calls.run(READ, keyOf(key), now())) as [string, string] | null;
      return reply === null ? undefined : { value: reply[0], version: reply[1] };
    },
    async write(key, value, options) {
      checkRecord(key, value, options);
      const { ifVersion = '', ttlMs } = options;
      const [at, version] = [now(), randomUUID()];
      const args = [at, ifVersion, version, at + ttlMs, ttlMs + GRACE_MS, value];
      return Number(await calls.run(WRITE, keyOf(key), ...args)) === 1 ? version : undefined;
    },
    async remove(key) {
      await calls.run(REMOVE, keyOf(key));
    },
  };
}
