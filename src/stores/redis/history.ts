import { randomUUID } from 'node:crypto';
import { checkName } from '../../base/names.js';
import { CONNECTION_TTL_MS } from '../../base/protocol.js';
import { checkReadLimit, type HistoryEntry, type HistoryStore } from '../../model/store.js';
import { createScript, type RedisCalls } from './calls.js';
import { GENERATION } from './generation.js';
import { GRACE_MS } from './scripts.js';

/**
 * The history of a room is one hash, so the server keeps or loses it as a whole: `epoch`, `oldest` and
 * `newest`, the first and the last offset that is kept, and for each of those
 *
 * - `data:<offset>`, the text,
 * - `entry:<offset>`: when it ages, when it was appended, and the call that did it,
 * - `call:<id>`: the offset that this call was given. A client that lost its connection repeats what was
 *   not answered.
 */
const COMMON = `${GENERATION}
local now, ttl = tonumber(ARGV[1]), tonumber(ARGV[2])

if redis.call('EXISTS', key) == 0 then redis.call('HSET', key, 'epoch', ARGV[3], 'oldest', 1, 'newest', 0) end
if redis.call('PTTL', key) < ttl then redis.call('PEXPIRE', key, ttl) end
renewEpoch(ARGV[3])
local epoch = redis.call('HGET', key, 'epoch')
local oldest, newest = tonumber(redis.call('HGET', key, 'oldest')), tonumber(redis.call('HGET', key, 'newest'))

local function partsOf(entry)
  return string.match(entry, '^(%S+) (%S+) (%S+)$')
end

local function trim(maxEntries)
  local first = oldest
  while oldest <= newest do
    local agesAt, _, call = partsOf(redis.call('HGET', key, 'entry:' .. oldest))
    if newest - oldest < maxEntries and tonumber(agesAt) > now then break end
    redis.call('HDEL', key, 'data:' .. oldest, 'entry:' .. oldest, 'call:' .. call)
    oldest = oldest + 1
  end
  if oldest > first then redis.call('HSET', key, 'oldest', oldest) end
end
`;

/** now, TTL in ms, epoch to begin with, call, most entries, when the entry ages, text → offset, epoch. */
const APPEND = createScript(`${COMMON}
local call = ARGV[4]
local known = redis.call('HGET', key, 'call:' .. call)
if known then return { tonumber(known), epoch } end
newest = newest + 1
redis.call('HSET', key, 'newest', newest, 'data:' .. newest, ARGV[7], 'call:' .. call, newest,
  'entry:' .. newest, ARGV[6] .. ' ' .. ARGV[1] .. ' ' .. call)
trim(tonumber(ARGV[5]))
return { newest, epoch }
`);

/**
 * now, TTL in ms, epoch to begin with, limit, then, if there is a since, its epoch and offset → recovered (1
 * or 0), whether more follows (1 or 0), newest offset, epoch, then offset, time and text of each entry.
 */
const READ = createScript(`${COMMON}
trim(math.huge)
local limit, since = tonumber(ARGV[4]), tonumber(ARGV[6])
local from = math.max(oldest, newest - limit + 1)
if since then
  if ARGV[5] ~= epoch or since > newest or since + 1 < oldest then return { 0, 0, newest, epoch } end
  from = since + 1
end
local to = math.min(newest, from + limit - 1)
local answer = { 1, since and to < newest and 1 or 0, newest, epoch }
for offset = from, to do
  local kept = redis.call('HMGET', key, 'entry:' .. offset, 'data:' .. offset)
  local _, at = partsOf(kept[1])
  local size = #answer
  answer[size + 1], answer[size + 2], answer[size + 3] = offset, at, kept[2]
end
return answer
`);

/** As text from a client with `stringNumbers`. */
type Integers = [number | string, number | string, number | string];

export interface HistoryDeps {
  readonly calls: RedisCalls;
  readonly keyPrefix: string;
  readonly now: () => number;
}

/** Numbers outlive the entries by the life of a connection. */
const MEMORY_MS = CONNECTION_TTL_MS + GRACE_MS;

export function redisHistory({ calls, keyPrefix, now }: HistoryDeps): HistoryStore {
  function keyOf(room: string): string {
    return `${keyPrefix}:history:${checkName(room, 'room')}`;
  }

  return {
    async append(room, data, { maxEntries, maxAgeMs }) {
      const at = now();
      const ttl = Math.ceil(maxAgeMs) + MEMORY_MS;
      const reply = await calls.run(
        APPEND,
        keyOf(room),
        ...[at, ttl, randomUUID(), randomUUID(), maxEntries, at + maxAgeMs, data],
      );
      const [offset, epoch] = reply as [number | string, string];
      return { offset: Number(offset), epoch };
    },
    async read(room, { since, limit }) {
      checkReadLimit(limit);
      // A position comes from a client; one that no history has given is one that the room never had.
      const from = since === undefined ? [] : [since.epoch, isOffset(since.offset) ? since.offset : -1];
      const reply = await calls.run(READ, keyOf(room), now(), MEMORY_MS, randomUUID(), limit, ...from);
      const [recovered, more, newest, epoch, ...fields] = reply as [...Integers, string, ...string[]];
      return {
        recovered: Number(recovered) === 1,
        entries: toEntries(fields),
        position: { offset: Number(newest), epoch },
        more: Number(more) === 1,
      };
    },
  };
}

function isOffset(offset: number): boolean {
  return Number.isSafeInteger(offset) && offset >= 0;
}

function toEntries(fields: readonly string[]): HistoryEntry[] {
  const entries: HistoryEntry[] = [];
  for (let index = 0; index < fields.length; index += 3) {
    const [offset, at, data = ''] = fields.slice(index, index + 3);
    entries.push({ offset: Number(offset), data, at: Number(at) });
  }
  return entries;
}
