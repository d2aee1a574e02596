import { NO_INFO } from './unavailable.js';

/**
 * The beginning of scripts for a hash that hands out numbers: it declares `key`, `generation` and
 * `renewEpoch`.
 *
 * `generation` is the server's replication id when the hash's `epoch` was last known to be right. The server
 * draws another id when it restarts or is promoted, which is when it may have lost writes and would give
 * their numbers again: the hash then gets another epoch. Numbers and contents stay. `run_id` would not do,
 * since a promoted replica keeps its own. A hash of an earlier version has no generation and adopts the
 * current one.
 */
export const GENERATION = `
local key = KEYS[1]

local info = redis.pcall('INFO', 'replication')
local generation = type(info) == 'string' and string.match(info, 'master_replid:(%x+)')
if not generation then
  return redis.error_reply('${NO_INFO} ' .. (type(info) == 'table' and info.err or 'no master_replid'))
end

local function renewEpoch(epoch)
  local before = redis.call('HGET', key, 'generation')
  if before == generation then return end
  if before then redis.call('HSET', key, 'epoch', epoch) end
  redis.call('HSET', key, 'generation', generation)
end
`;
