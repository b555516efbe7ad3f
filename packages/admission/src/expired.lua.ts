import { eachItemLua, holdLua, placeLua } from './amounts.lua.js';

/**
 * Holds whose gateway no longer renews them, and holds of a lost life of Redis nobody asserted. Taking them moves their expiry ahead, so that
 * two sweepers do not take the same. KEYS: expiry sets. ARGV: count, lease (ms).
 * Replies per hold: index of its shard, "organisation|request", its new expiry.
 */
export const claimExpiredLua = `#!lua flags=allow-oom
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found, remaining = {}, tonumber(ARGV[1])
for shard, key in ipairs(KEYS) do
  if remaining <= 0 then break end
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', now, 'LIMIT', 0, remaining)) do
    local expiry = string.format('%.0f', now + ARGV[2])
    redis.call('ZADD', key, expiry, member)
    found[#found + 1] = { shard - 1, member, expiry }
    remaining = remaining - 1
  end
end
return found
`;

/**
 * Gives back an expired hold, unless its gateway renewed or settled it meanwhile. No marker is written: a settlement that comes after all is appended
 * like any other without a hold, and posted as a late one.
 *
 * ARGV: run id, then per item: organisation id, request id, the expiry that was claimed.
 * KEYS per item: organisation, holds, expiry, generation, orphans, idempotency claim (the orphans where there is none).
 * Replies per item: RELEASED · RENEWED (or settled) · ERROR message
 */
export const releaseExpiredLua = `#!lua flags=allow-oom
${placeLua}${holdLua}${eachItemLua}
local function release(k, a)
  local key, holds, expiry, generation, orphans, claim =
    KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4], KEYS[k + 5], KEYS[k + 6]
  local organization, request, claimed = ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]
  local member = organization .. '|' .. request
  local score = redis.call('ZSCORE', expiry, member)
  if not score or tonumber(score) ~= tonumber(claimed) then return 'RENEWED' end
  redis.call('ZREM', expiry, member)
  redis.call('HDEL', orphans, request)
  local claimed_by = claim ~= orphans and redis.call('GET', claim)
  if claimed_by and string.sub(claimed_by, 1, 8) == 'running|' and string.match(claimed_by, '[^|]*$') == request then redis.call('DEL', claim) end
  local hold = redis.call('HGET', holds, request)
  if not hold then return 'RELEASED' end
  redis.call('HDEL', holds, request)
  local place = redis.call('HGET', key, 'place')
  if place and place == place_of(generation) and redis.call('HGET', holds, '#place') == place then
    local amount, _, scopes, slots = parse_hold(hold)
    move(key, '0', amount, scopes)
    free_slots(key, slots)
  end
  return 'RELEASED'
end

return each_item(release, 1, 6, 3)
`;
