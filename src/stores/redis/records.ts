import { randomUUID } from 'node:crypto';
import { checkName } from '../../base/names.js';
import { checkRecord, type RecordStore } from '../../model/records.js';
import { createScript, type RedisCalls } from './calls.js';
import { GRACE_MS } from './scripts.js';

/** Calls of a record that are known when they come again. */
const CALLS_KEPT = 4;
/** How long a removal is remembered, in milliseconds: longer than a client repeats a call. */
const REMOVAL_MEMORY_MS = 60_000;

/**
 * A record is one hash, so each call touches one key and a cluster needs nothing more: `value`, `version`,
 * `expiresAt`, and `calls`, the latest that changed it; a write is called by its version. A client that lost
 * its connection repeats what was not answered: such a call is known, also when others came since, and
 * changes nothing.
 *
 * By the server's clock nothing is decided but when a record that is long past is deleted.
 */
const COMMON = `
local key, now = KEYS[1], tonumber(ARGV[1])
local kept = redis.call('HMGET', key, 'version', 'expiresAt')
local version = kept[2] and tonumber(kept[2]) > now and kept[1] or ''

local function isRepeated(call)
  local calls = redis.call('HGET', key, 'calls')
  return calls and string.find(calls, call, 1, true)
end

local function note(call)
  local calls = call .. ' ' .. (redis.call('HGET', key, 'calls') or '')
  redis.call('HSET', key, 'calls', string.sub(calls, 1, ${CALLS_KEPT} * (#call + 1)))
end
`;

/** now → value, version; nothing when the record is absent. */
const READ = createScript(`${COMMON}
if version == '' then return false end
return { redis.call('HGET', key, 'value'), version }
`);

/**
 * now, version that it must have or nothing, version of this write, when it expires, TTL in ms, value → 1, or
 * 0 when it has another version.
 */
const WRITE = createScript(`${COMMON}
if isRepeated(ARGV[3]) then return 1 end
if version ~= ARGV[2] then return 0 end
redis.call('HSET', key, 'value', ARGV[6], 'version', ARGV[3], 'expiresAt', ARGV[4])
note(ARGV[3])
redis.call('PEXPIRE', key, ARGV[5])
return 1
`);

/** now, call, for how long it is remembered in ms. */
const REMOVE = createScript(`${COMMON}
if redis.call('EXISTS', key) == 0 or isRepeated(ARGV[2]) then return end
redis.call('HDEL', key, 'value', 'version', 'expiresAt')
note(ARGV[2])
redis.call('PEXPIRE', key, ARGV[3])
`);

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
      await calls.run(REMOVE, keyOf(key), now(), randomUUID(), REMOVAL_MEMORY_MS);
    },
  };
}
