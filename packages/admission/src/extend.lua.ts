import { amountsLua, eachItemLua, holdLua, placeLua } from './amounts.lua.js';

/**
 * Makes running holds larger. A hold of an epoch that is gone is not extended: its gateway asserts it first, and runs to what it has.
 *
 * ARGV: run id, then per item: request id, want, floor. KEYS per item: organisation, holds, generation.
 * The sum is made by HINCRBY in a field of its own, because Lua would round it.
 * Replies per item: EXTENDED amount (of the hold now) left · SHORT index left (0 = the organisation, n = the nth scope) · GONE · ERROR message
 */
export const extendLua = `#!lua
${amountsLua}${placeLua}${holdLua}${eachItemLua}
local function extend(k, a)
  local key, holds, generation = KEYS[k + 1], KEYS[k + 2], KEYS[k + 3]
  local request, grant, floor = ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]
  local place = redis.call('HGET', key, 'place')
  if not place or place ~= place_of(generation) then return 'GONE' end
  local hold = redis.call('HGET', holds, request)
  if not hold then return 'GONE' end
  local amount, _, scopes = parse_hold(hold)
  local fields = { 'available' }
  for scope in string.gmatch(scopes, '[^,]+') do fields[#fields + 1] = 'left:' .. scope end
  local least = nil
  for index, left in ipairs(redis.call('HMGET', key, unpack(fields))) do
    -- A limit that was lifted while the request runs.
    if left then
      if less(left, floor) then return 'SHORT', tostring(index - 1), left end
      if less(left, grant) then grant = left end
      if not least or less(left, least) then least = left end
    end
  end
  move(key, grant, '0', scopes)
  redis.call('HSET', holds, '#sum', amount)
  redis.call('HINCRBY', holds, '#sum', grant)
  local sum = redis.call('HGET', holds, '#sum')
  redis.call('HDEL', holds, '#sum')
  redis.call('HSET', holds, request, sum .. string.match(hold, '^%d+(.*)$'))
  return 'EXTENDED', sum, string.format('%.0f', tonumber(least) - tonumber(grant))
end

return each_item(extend, 1, 3, 3)
`;
