import { amountsLua, eachItemLua, placeLua } from './amounts.lua.js';

/**
 * Takes holds. No flags on purpose: when Redis is full the script is refused before its first write, so admission fails closed.
 *
 * ARGV: run id, gateway boot, then per item: organisation id, request id, auth version, want, floor, time to live (ms), scopes (comma).
 * KEYS per item: organisation, holds, expiry, done marker, generation.
 *
 * Everything is checked before anything is taken. Replies per item (code, first, second):
 *   GRANTED amount epoch · HELD amount epoch (the same request again) · SHORT index left (0 = the organisation, n = the nth scope)
 *   STALE_KEY · SUSPENDED · DONE · WAIT ms (the opening gate) · RELOAD epoch ('' = nothing valid is loaded) · ERROR message
 */
export const authorizeLua = `#!lua
${amountsLua}${placeLua}${eachItemLua}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function authorize(k, a)
  local key, holds, expiry, done, generation = KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4], KEYS[k + 5]
  local organization, request, auth, want, floor, ttl, scopes =
    ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 4], ARGV[a + 5], ARGV[a + 6], ARGV[a + 7]

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
  if now < tonumber(found[5]) then return 'WAIT', tostring(tonumber(found[5]) - now) end
  local marker = redis.call('GET', done)
  if marker and string.sub(marker, 1, #epoch + 1) == epoch .. '|' then return 'DONE' end

  local grant = want
  local short = nil
  for i = 6, #fields do
    local left = found[i]
    if not left then return 'RELOAD', epoch end
    if less(left, grant) then grant = left end
    if not short and less(left, floor) then short = i end
  end
  if short then
    local held = redis.call('HGET', holds, request)
    if held then return 'HELD', string.match(held, '^%d+'), epoch end
    return 'SHORT', tostring(short - 6), found[short]
  end

  if redis.call('HSETNX', holds, request, grant .. '|' .. ARGV[2] .. '|' .. scopes) == 0 then
    return 'HELD', string.match(redis.call('HGET', holds, request), '^%d+'), epoch
  end
  if grant ~= '0' then
    for i = 6, #fields do redis.call('HINCRBY', key, fields[i], '-' .. grant) end
  end
  redis.call('ZADD', expiry, now + ttl, organization .. '|' .. request)
  return 'GRANTED', grant, epoch
end

return each_item(authorize, 2, 5, 7)
`;
