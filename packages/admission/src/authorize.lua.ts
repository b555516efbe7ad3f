import { amountsLua, clockLua, eachItemLua, holdLua, markerLua, placeLua, ratesLua } from './amounts.lua.js';

/**
 * Takes holds. No flags on purpose: when Redis is full the script is refused before its first write, so admission fails closed.
 *
 * ARGV: run id, gateway boot, idempotency claims' time to live (ms), then per item: organisation id, request id, auth version, want, floor,
 *       time to live (ms), scopes (comma), slots ("rule:limit", comma), rates (see ratesLua), meta, body hash ('' = no Idempotency-Key).
 * KEYS per item: organisation, holds, expiry, done marker, generation, rates, idempotency claim (the done marker where there is none).
 *
 * Everything is checked before anything is taken: money, then rates, then slots; the first that refuses is named, and nothing was taken.
 * Replies per item (code, first, second, third):
 *   GRANTED amount epoch "left|level,level…" · HELD amount epoch (the same request again)
 *   SHORT index left (0 = the organisation, n = the nth scope) · RATE index level wait (ms; -1 = never) · BUSY index running
 *   REPEATED claim (the Idempotency-Key is another request's)
 *   STALE_KEY · SUSPENDED · DONE · WAIT ms (the opening gate) · RELOAD epoch ('' = nothing valid is loaded) · ERROR message
 */
export const authorizeLua = `#!lua
${amountsLua}${placeLua}${clockLua}${holdLua}${ratesLua}${markerLua}${eachItemLua}

-- The levels after taking, as field and value for one HSET; or the first rate that refuses.
local function check_rates(rate_key, rates)
  local fields, levels, index = {}, {}, 0
  for rule, _, window, limit, take in string.gmatch(rates, RATE) do
    index = index + 1
    window, limit, take = tonumber(window), tonumber(limit), tonumber(take)
    local level = level_of(rate_key, rule, window, limit)
    if level + take > limit + 0.001 then
      local wait = take > limit and -1 or math.ceil((level + take - limit) * window / limit)
      return nil, index, level, wait
    end
    fields[#fields + 1] = rule
    fields[#fields + 1] = string.format('%.3f|%.0f', level + take, now)
    levels[#levels + 1] = string.format('%.0f', math.ceil(level + take))
  end
  return fields, levels
end

local function busy_slot(key, slots)
  local index = 0
  for rule, limit in string.gmatch(slots, '([^,:]+):(%d+)') do
    index = index + 1
    local busy = tonumber(redis.call('HGET', key, 'busy:' .. rule) or '0')
    if busy >= tonumber(limit) then return index, busy end
  end
end

local function authorize(k, a)
  local key, holds, expiry, done, generation, rate_key, claim =
    KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4], KEYS[k + 5], KEYS[k + 6], KEYS[k + 7]
  local organization, request, auth, want, floor, ttl, scopes, slots, rates, meta, body =
    ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 4], ARGV[a + 5], ARGV[a + 6], ARGV[a + 7], ARGV[a + 8], ARGV[a + 9],
    ARGV[a + 10], ARGV[a + 11]

  local fields = { 'place', 'epoch', 'status', 'auth', 'open', 'available' }
  for scope in string.gmatch(scopes, '[^,]+') do fields[#fields + 1] = 'left:' .. scope end
  local found = redis.call('HMGET', key, unpack(fields))
  local epoch = found[2]
  if not found[1] or found[1] ~= place_of(generation) then return 'RELOAD' end
  if auth ~= found[4] then
    if less(auth, found[4]) then return 'STALE_KEY' end
    return 'RELOAD', epoch
  end
  if found[3] ~= 'active' then return 'SUSPENDED' end
  if now < tonumber(found[5]) then return 'WAIT', string.format('%.0f', tonumber(found[5]) - now) end
  if marked(redis.call('GET', done), epoch) then return 'DONE' end
  if body ~= '' then
    local other = redis.call('GET', claim)
    if other and string.match(other, '[^|]*$') ~= request then return 'REPEATED', other end
  end

  local grant, short = want, nil
  for i = 6, #fields do
    local left = found[i]
    if not left then return 'RELOAD', epoch end
    if less(left, grant) then grant = left end
    if not short and less(left, floor) then short = i end
  end
  local levels, rate_index, level, wait, slot_index, busy
  local taken = nil
  if not short and rates ~= '' then
    taken, levels, level, wait = check_rates(rate_key, rates)
    if not taken then rate_index = levels end
  end
  if not short and not rate_index and slots ~= '' then slot_index, busy = busy_slot(key, slots) end
  if short or rate_index or slot_index then
    local held = redis.call('HGET', holds, request)
    if held then return 'HELD', string.match(held, '^%d+'), epoch end
    if short then return 'SHORT', tostring(short - 6), found[short] end
    if rate_index then return 'RATE', tostring(rate_index), string.format('%.0f', math.ceil(level)), tostring(wait) end
    return 'BUSY', tostring(slot_index), tostring(busy)
  end

  local value = grant .. '|' .. ARGV[2] .. '|' .. scopes .. '|' .. slots .. '|' .. rates .. '|' .. meta
  if redis.call('HSETNX', holds, request, value) == 0 then
    return 'HELD', string.match(redis.call('HGET', holds, request), '^%d+'), epoch
  end
  local least = nil
  if grant ~= '0' then
    for i = 6, #fields do
      local left = redis.call('HINCRBY', key, fields[i], '-' .. grant)
      if not least or left < least then least = left end
    end
  end
  redis.call('ZADD', expiry, now + ttl, organization .. '|' .. request)
  if slots ~= '' then fill_slots(key, slots) end
  if taken and #taken > 0 then
    redis.call('HSET', rate_key, unpack(taken))
    redis.call('PEXPIRE', rate_key, 86400000)
  end
  if body ~= '' then redis.call('SET', claim, 'running|' .. body .. '|' .. request, 'PX', ARGV[3]) end
  return 'GRANTED', grant, epoch, string.format('%.0f', least or 0) .. '|' .. (levels and table.concat(levels, ',') or '')
end

return each_item(authorize, 3, 7, 11)
`;
