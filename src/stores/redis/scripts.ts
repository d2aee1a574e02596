import { createScript } from './calls.js';

/** How long after its expiry a connection stays, for instances whose clocks are behind. */
export const GRACE_MS = 5 * 60_000;

/** Calls of a connection that are known when they come again. */
const CALLS_KEPT = 8;

/** Expired members that one call takes out of an audience: enough to keep up, too few to notice. */
const SWEEP = 100;

/**
 * Keys of a partition, all of them in its slot. They are made here from the partition's name, since the rooms
 * of a connection are known to the server only.
 *
 * - `<partition>:connection:<id>`: a hash of `user`, `attributes`, `connectedAt`, `expiresAt`, `calls` and
 *   a field `room:<room>` for each room; or of `removed` only, which is the memory of a removal. `calls` has
 *   the latest calls that changed it: a client that lost its connection repeats what was not answered, and
 *   must not undo what came since.
 * - `<partition>:members:<audience>`: a sorted set of ids, in the order of their bytes.
 * - `<partition>:expiry:<audience>`: the same ids by their expiry, to count and to sweep.
 *
 * An audience is `all`, `user:<user>` or `room:<room>`. The first argument of each script is the time of the
 * instance; by the server's clock nothing is decided but when keys that are long past are deleted.
 */
const COMMON = `
local partition, now = KEYS[1], tonumber(ARGV[1])

local function rowOf(id) return partition .. ':connection:' .. id end
local function membersOf(audience) return partition .. ':members:' .. audience end
local function expiryOf(audience) return partition .. ':expiry:' .. audience end

local function isAlive(row)
  local expiresAt = redis.call('HGET', row, 'expiresAt')
  return expiresAt and tonumber(expiresAt) > now
end

local function isRepeated(row, call)
  local calls = redis.call('HGET', row, 'calls')
  return calls and string.find(calls, call, 1, true)
end

local function note(row, call)
  local calls = call .. ' ' .. (redis.call('HGET', row, 'calls') or '')
  redis.call('HSET', row, 'calls', string.sub(calls, 1, ${CALLS_KEPT} * (#call + 1)))
end

local function keep(key, ttl)
  if redis.call('PTTL', key) < ttl then redis.call('PEXPIRE', key, ttl) end
end

local function exit(audience, ...)
  redis.call('ZREM', membersOf(audience), ...)
  redis.call('ZREM', expiryOf(audience), ...)
end

local function sweep(audience)
  local gone = redis.call('ZRANGEBYSCORE', expiryOf(audience), '-inf', now - ${GRACE_MS}, 'LIMIT', 0, ${SWEEP})
  if #gone > 0 then exit(audience, unpack(gone)) end
end

local function enter(audience, id, expiresAt, ttl)
  sweep(audience)
  redis.call('ZADD', membersOf(audience), 0, id)
  redis.call('ZADD', expiryOf(audience), expiresAt, id)
  keep(membersOf(audience), ttl)
  keep(expiryOf(audience), ttl)
end

local function roomsOf(row)
  local rooms = {}
  for _, field in ipairs(redis.call('HKEYS', row)) do
    if string.sub(field, 1, 5) == 'room:' then rooms[#rooms + 1] = field end
  end
  return rooms
end

local function audiencesOf(row)
  local audiences = roomsOf(row)
  audiences[#audiences + 1] = 'all'
  local user = redis.call('HGET', row, 'user')
  if user then audiences[#audiences + 1] = 'user:' .. user end
  return audiences
end

local function drop(row, id)
  for _, audience in ipairs(audiencesOf(row)) do exit(audience, id) end
  redis.call('DEL', row)
end
`;

/**
 * now, id, call, user or nothing, attributes, connectedAt, expiresAt, TTL in ms → 1, or 0 when it was
 * removed.
 */
export const PUT = createScript(`${COMMON}
local id, call, user, expiresAt, ttl = ARGV[2], ARGV[3], ARGV[4], ARGV[7], tonumber(ARGV[8])
local row = rowOf(id)
if redis.call('HEXISTS', row, 'removed') == 1 then return 0 end
if isRepeated(row, call) then return 1 end
if redis.call('EXISTS', row) == 1 and not isAlive(row) then drop(row, id) end
local before = redis.call('HGET', row, 'user')
if before and before ~= user then
  exit('user:' .. before, id)
  redis.call('HDEL', row, 'user')
end
redis.call('HSET', row, 'attributes', ARGV[5], 'connectedAt', ARGV[6], 'expiresAt', expiresAt)
if user ~= '' then redis.call('HSET', row, 'user', user) end
note(row, call)
redis.call('PEXPIRE', row, ttl)
for _, audience in ipairs(audiencesOf(row)) do enter(audience, id, expiresAt, ttl) end
return 1
`);

/** now, TTL of the memory in ms, ids… */
export const REMOVE = createScript(`${COMMON}
for index = 3, #ARGV do
  local row = rowOf(ARGV[index])
  drop(row, ARGV[index])
  redis.call('HSET', row, 'removed', 1)
  redis.call('PEXPIRE', row, ARGV[2])
end
`);

/** now, id, call, audience → 1, or 0 when the connection is absent. */
export const JOIN = createScript(`${COMMON}
local id, call, room = ARGV[2], ARGV[3], ARGV[4]
local row = rowOf(id)
if not isAlive(row) then return 0 end
if isRepeated(row, call) then return 1 end
note(row, call)
redis.call('HSET', row, room, '')
enter(room, id, redis.call('HGET', row, 'expiresAt'), redis.call('PTTL', row))
return 1
`);

/** now, id, call, audience. */
export const LEAVE = createScript(`${COMMON}
local id, call, room = ARGV[2], ARGV[3], ARGV[4]
local row = rowOf(id)
if isRepeated(row, call) then return end
if redis.call('HDEL', row, room) == 1 then note(row, call) end
exit(room, id)
`);

/** now, id → audiences. */
export const ROOMS = createScript(`${COMMON}
local row = rowOf(ARGV[2])
return isAlive(row) and roomsOf(row) or {}
`);

/** now, id, call, attributes → 1, or 0 when the connection is absent. */
export const SET_ATTRIBUTES = createScript(`${COMMON}
local row = rowOf(ARGV[2])
if not isAlive(row) then return 0 end
if isRepeated(row, ARGV[3]) then return 1 end
redis.call('HSET', row, 'attributes', ARGV[4])
note(row, ARGV[3])
return 1
`);

/** now, id → user, attributes, connectedAt, expiresAt; nothing when the connection is absent. */
export const GET = createScript(`${COMMON}
local row = rowOf(ARGV[2])
if not isAlive(row) then return false end
return redis.call('HMGET', row, 'user', 'attributes', 'connectedAt', 'expiresAt')
`);

/**
 * now, audience, id to continue behind or nothing, most members to look at → whether members follow (1 or 0),
 * the last id that was looked at, then of each that is alive the id, and user, attributes, connectedAt and
 * expiresAt. A member whose row the server has evicted is forgotten.
 */
export const SCAN = createScript(`${COMMON}
local audience, limit = ARGV[2], tonumber(ARGV[4])
local from = ARGV[3] == '' and '-' or '(' .. ARGV[3]
local ids = redis.call('ZRANGEBYLEX', membersOf(audience), from, '+', 'LIMIT', 0, limit + 1)
local answer = { #ids > limit and 1 or 0, ids[math.min(#ids, limit)] or '' }
for index = 1, math.min(#ids, limit) do
  local id = ids[index]
  local fields = redis.call('HMGET', rowOf(id), 'user', 'attributes', 'connectedAt', 'expiresAt')
  if not fields[4] then
    exit(audience, id)
  elseif tonumber(fields[4]) > now then
    local size = #answer
    answer[size + 1], answer[size + 2] = id, fields
  end
end
return answer
`);
