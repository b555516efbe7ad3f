import {
  adoptPlaceLua,
  amountsLua,
  clockLua,
  eachItemLua,
  holdLua,
  markerLua,
  openPlaceLua,
  placeLua,
} from './amounts.lua.js';

/**
 * The heartbeat of running holds, and their return after Redis lost them. A hold that stands lives on; one that is missing is taken again
 * as it was, whatever is available: its request runs already. An organisation that is not loaded keeps it for its next load.
 *
 * ARGV: run id, time to live (ms), idempotency claims' time to live (ms), then per item: organisation id, request id, amount, the rest of the hold's value
 *       (from its boot on), body hash ('' = no Idempotency-Key).
 * KEYS per item: organisation, holds, expiry, done marker, generation, orphans, idempotency claim (the done marker where there is none).
 * Replies per item: KEPT · ASSERTED · DONE (settled in this epoch) · NO_PLACE (the generation is gone: open the place, then again) · ERROR message
 */
export const renewLua = `#!lua flags=allow-oom
${amountsLua}${placeLua}${clockLua}${holdLua}${adoptPlaceLua}${markerLua}${eachItemLua}
local function renew(k, a)
  local key, holds, expiry, done, generation, orphans, claim =
    KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4], KEYS[k + 5], KEYS[k + 6], KEYS[k + 7]
  local organization, request, amount, rest, body = ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 4], ARGV[a + 5]
  local member = organization .. '|' .. request

  local place = place_of(generation)
  if place == '' then return 'NO_PLACE' end
  adopt_place(holds, orphans, expiry, organization, place)
  local loaded = redis.call('HMGET', key, 'place', 'epoch')
  local is_loaded = loaded[1] == place
  local epoch = is_loaded and loaded[2] or '-' .. place
  if marked(redis.call('GET', done), epoch) then return 'DONE' end
  redis.call('HDEL', orphans, request)
  if redis.call('HSETNX', holds, request, amount .. '|' .. rest) == 0 then
    redis.call('ZADD', expiry, 'XX', now + ARGV[2], member)
    return 'KEPT'
  end
  if is_loaded then
    local _, _, scopes, slots = parse_hold(amount .. '|' .. rest)
    move(key, amount, '0', scopes)
    fill_slots(key, slots)
  end
  redis.call('ZADD', expiry, now + ARGV[2], member)
  if body ~= '' then redis.call('SET', claim, 'running|' .. body .. '|' .. request, 'NX', 'PX', ARGV[3]) end
  return 'ASSERTED'
end

return each_item(renew, 3, 7, 5)
`;

/**
 * Looks whether the data of any shard is gone. KEYS: 64 generations, 64 first-seen notes. ARGV: run id, a new generation.
 * Replies the generations as one string.
 */
export const openPlacesLua = `#!lua flags=allow-oom
${clockLua}${openPlaceLua}
local half = #KEYS / 2
local generations = {}
for i = 1, half do generations[i] = open_place(KEYS[i], KEYS[half + i], now) end
return table.concat(generations, ',')
`;
