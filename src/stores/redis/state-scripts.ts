import { MAX_STATE_BYTES, MAX_STATE_KEYS } from '../../model/state.js';
import { ENDED_ROW_MS } from '../../model/state-page.js';
import { createScript } from './calls.js';
import { GENERATION } from './generation.js';
import { GRACE_MS } from './scripts.js';

/** Field of a row: this, the map, U+0000, which no name has, and the key. */
export const ROW = 'row:';
/** Instead of the time when a row ends, in one that stays. */
export const NO_END = '-';

/** A change looks through the hash for rows to forget once in this time at most, unless the room is full. */
const SWEEP_EVERY_MS = 600_000;
/**
 * The newest versions whose calls are remembered, at most: no page follows a room with more of them within
 * `timeoutMs`.
 */
const MAX_CALLS = 1000;

/**
 * The state of a room is one hash, so the server keeps or loses it as a whole. Fields:
 *
 * - `version`, `epoch`, `generation`, `floor`: the head,
 * - `row:<map>U+0000<key>`: version, when it ends, and the value, which a deleted key has not,
 * - `keys`, `bytes`: the number of rows, and what they take; `staying`: how many of them have no end,
 * - `lastEnd`: no row ends later; `sweepAt`: no row is to be forgotten earlier,
 * - `call:<id>`: the version that this call was given, and `made:<version>`: when, by the server's clock,
 *   and the call. A client that lost its connection repeats what was not answered. `firstCall` is no higher
 *   than the first that is kept.
 *
 * The hash expires when its last row may be forgotten, or later if that row was to end later; never while a
 * row has no end.
 */
const ROWS = `
local function partsOf(row)
  local version, ends, separator, value = string.match(row, '^(%d+) (%S+)( ?)(.*)$')
  return tonumber(version), tonumber(ends), separator == ' ' and value or nil
end
`;

/**
 * now, epoch to begin with, call, how long calls are remembered in ms, then of each change the field, the row
 * without its version, and the version that it must have or nothing → 'changed', version, epoch; or
 * 'refused', then field and row or nothing of each that has another version; or 'full', 'keys' or 'bytes'.
 */
export const CHANGE_STATE = createScript(`${GENERATION}${ROWS}
local now, call, STEP = tonumber(ARGV[1]), ARGV[3], 3

local kept = redis.call('HMGET', key, 'version', 'floor', 'keys', 'bytes', 'staying', 'lastEnd', 'sweepAt', 'firstCall')
local isNew = not kept[1]
if not isNew then renewEpoch(ARGV[2]) end
local version, floor, keys = tonumber(kept[1] or 0), tonumber(kept[2] or 0), tonumber(kept[3] or 0)
local bytes, staying, lastEnd = tonumber(kept[4] or 0), tonumber(kept[5] or 0), tonumber(kept[6] or 0)
local sweepAt, firstCall = tonumber(kept[7] or ''), tonumber(kept[8] or 1)

local known = redis.call('HGET', key, 'call:' .. call)
if known then return { 'changed', known, redis.call('HGET', key, 'epoch') } end

local function save()
  redis.call('HSET', key, 'version', version, 'floor', floor, 'keys', keys, 'bytes', bytes, 'staying', staying,
    'lastEnd', lastEnd, 'sweepAt', sweepAt or '', 'firstCall', firstCall)
end

local function sizeOf(field, row)
  local _, _, value = partsOf(row)
  return #field - ${ROW.length + 1} + #(value or '')
end

local function liveVersion(field)
  local row = redis.call('HGET', key, field)
  if not row then return 0, '' end
  local at, ends, value = partsOf(row)
  return value and (not ends or ends > now) and at or 0, row
end

local function refused()
  local answer = { 'refused' }
  for index = 5, #ARGV, STEP do
    local at, row = liveVersion(ARGV[index])
    if ARGV[index + 2] ~= '' and tonumber(ARGV[index + 2]) ~= at then
      answer[#answer + 1] = ARGV[index]
      answer[#answer + 1] = row
    end
  end
  return #answer > 1 and answer
end

local function sweep()
  local fields, firstEnd = redis.call('HGETALL', key), nil
  lastEnd = 0
  for index = 1, #fields, 2 do
    local field, row = fields[index], fields[index + 1]
    local isRow = string.sub(field, 1, ${ROW.length}) == '${ROW}'
    local at, ends = partsOf(isRow and row or '')
    if ends and ends + ${ENDED_ROW_MS} <= now then
      redis.call('HDEL', key, field)
      floor, keys, bytes = math.max(floor, at), keys - 1, bytes - sizeOf(field, row)
    elseif ends then
      lastEnd, firstEnd = math.max(lastEnd, ends), math.min(firstEnd or ends, ends)
    end
  end
  sweepAt = firstEnd and math.max(firstEnd + ${ENDED_ROW_MS}, now + ${SWEEP_EVERY_MS})
  save()
end

local function overflow()
  local newKeys, newBytes = keys, bytes
  for index = 5, #ARGV, STEP do
    local before = redis.call('HGET', key, ARGV[index])
    newKeys = newKeys + (before and 0 or 1)
    newBytes = newBytes + sizeOf(ARGV[index], '0 ' .. ARGV[index + 1]) - (before and sizeOf(ARGV[index], before) or 0)
  end
  if newKeys > ${MAX_STATE_KEYS} and newKeys > keys then return 'keys' end
  return newBytes > ${MAX_STATE_BYTES} and newBytes > bytes and 'bytes'
end

local function store(field, text)
  local before, row = redis.call('HGET', key, field), nil
  version = version + 1
  row = version .. ' ' .. text
  redis.call('HSET', key, field, row)
  local _, ends = partsOf(row)
  if before then
    local _, endedBefore = partsOf(before)
    bytes, staying = bytes - sizeOf(field, before), staying - (endedBefore and 0 or 1)
  end
  keys, bytes, staying = keys + (before and 0 or 1), bytes + sizeOf(field, row), staying + (ends and 0 or 1)
  if ends then
    lastEnd, sweepAt = math.max(lastEnd, ends), math.min(sweepAt or math.huge, ends + ${ENDED_ROW_MS})
  end
end

local function remember()
  local time = redis.call('TIME')
  local at = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('HSET', key, 'call:' .. call, version, 'made:' .. version, at .. ' ' .. call)
  while firstCall < version do
    local made = redis.call('HGET', key, 'made:' .. firstCall)
    if made then
      local madeAt, id = string.match(made, '^(%S+) (%S+)$')
      if version - firstCall < ${MAX_CALLS} and tonumber(madeAt) > at - tonumber(ARGV[4]) then break end
      redis.call('HDEL', key, 'made:' .. firstCall, 'call:' .. id)
    end
    firstCall = firstCall + 1
  end
end

local refusal = refused()
if refusal then return refusal end
if sweepAt and sweepAt <= now then sweep() end
local full = overflow()
if full and not isNew then
  sweep()
  full = overflow()
end
if full then return { 'full', full } end
if isNew then redis.call('HSET', key, 'epoch', ARGV[2], 'generation', generation) end
for index = 5, #ARGV, STEP do store(ARGV[index], ARGV[index + 1]) end
remember()
save()
if staying > 0 then
  redis.call('PERSIST', key)
else
  redis.call('PEXPIRE', key, math.ceil(math.max(0, lastEnd - now)) + ${ENDED_ROW_MS + GRACE_MS})
end
return { 'changed', version, redis.call('HGET', key, 'epoch') }
`);

/**
 * epoch to begin with, version → version, epoch and floor of the head, then field and row of each key that
 * was changed behind the version; nothing for a room that nobody has changed.
 */
export const READ_STATE = createScript(`${GENERATION}${ROWS}
if redis.call('EXISTS', key) == 0 then return false end
renewEpoch(ARGV[1])
local answer, after = redis.call('HMGET', key, 'version', 'epoch', 'floor'), tonumber(ARGV[2])
if after >= tonumber(answer[1]) then return answer end
local fields = redis.call('HGETALL', key)
for index = 1, #fields, 2 do
  local field, row = fields[index], fields[index + 1]
  if string.sub(field, 1, ${ROW.length}) == '${ROW}' and partsOf(row) > after then
    answer[#answer + 1] = field
    answer[#answer + 1] = row
  end
end
return answer
`);

/** field → row; nothing when it was never set. */
export const GET_STATE = createScript(`return redis.call('HGET', KEYS[1], ARGV[1])`);
