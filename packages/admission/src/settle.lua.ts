import {
  adoptPlaceLua,
  amountsLua,
  clockLua,
  eachItemLua,
  holdLua,
  markerLua,
  placeLua,
  ratesLua,
} from './amounts.lua.js';

/**
 * Releases holds, debits what was used, and appends the event: one atomic step. Runs when Redis is full, because it gives
 * memory and money back.
 *
 * ARGV: run id, marker time to live (ms), idempotency claims' time to live (ms), then per item: organisation id, request id, charge,
 *       append (1/0), event, scopes (comma; '*' = those of the hold), tokens used ('' = keep what was taken), nothing was sent (1/0), what becomes of the
 *       idempotency claim (done, free or '').
 * KEYS per item: organisation, holds, expiry, done marker, generation, stream, orphans, rates, idempotency claim (the done marker where
 * there is none).
 *
 * A request without a hold in this epoch (the epoch changed under it, or this is a repeat nobody remembers) must not be
 * debited here: only the ledger knows whether the loaded balance already contains it. Its event is appended with an empty
 * epoch, its charge is kept like a hold, and the recount after its posting debits it, once, or gives it back.
 *
 * Replies per item: SETTLED epoch · DEFERRED · DUPLICATE · UNLOADED (a debit without an event, and nothing to debit) · ERROR message
 */
export const settleLua = `#!lua flags=allow-oom
${amountsLua}${placeLua}${clockLua}${holdLua}${adoptPlaceLua}${ratesLua}${markerLua}${eachItemLua}

-- Only while the request runs: a sweeper that comes after its gateway must not free what is done.
local function close_claim(claim, request, becomes)
  local found = becomes ~= '' and redis.call('GET', claim)
  if not found or string.match(found, '[^|]*$') ~= request or string.sub(found, 1, 8) ~= 'running|' then return end
  if becomes == 'free' then redis.call('DEL', claim)
  else redis.call('SET', claim, 'done|' .. string.match(found, '|(.*)$'), 'PX', ARGV[3]) end
end

-- The charge waits like a hold, for its recount. Where even the place is unknown, the ledger alone remembers it.
local function keep_deferred(k, a, place, is_loaded)
  local key, holds, expiry, orphans = KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 7]
  local organization, request, charge, scopes = ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 6]
  if place == '' then return end
  adopt_place(holds, orphans, expiry, organization, place)
  redis.call('HDEL', orphans, request)
  redis.call('HDEL', holds, request)
  redis.call('ZREM', expiry, organization .. '|' .. request)
  if charge == '0' then return end
  if scopes == '*' then scopes = '' end
  redis.call('HSET', holds, request, charge .. '|deferred|' .. scopes .. '|||')
  if is_loaded then move(key, charge, '0', scopes) end
end

local function settle(k, a)
  local key, holds, expiry, done, generation, stream, orphans, rate_key, claim =
    KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4], KEYS[k + 5], KEYS[k + 6], KEYS[k + 7], KEYS[k + 8], KEYS[k + 9]
  local organization, request, charge, append, event, scopes =
    ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 4] == '1', ARGV[a + 5], ARGV[a + 6]

  local place = place_of(generation)
  local found = redis.call('HMGET', key, 'place', 'epoch')
  local is_loaded = found[1] and found[1] == place
  -- Where nothing is loaded, a marker says for which life of Redis it was written: what was reserved goes with that.
  local epoch = is_loaded and found[2] or '-' .. place
  close_claim(claim, request, ARGV[a + 9])
  if marked(redis.call('GET', done), epoch) then return 'DUPLICATE' end

  local hold = is_loaded and redis.call('HGET', holds, request)
  local settled, amount = epoch, charge
  if hold then
    local held, boot, held_scopes, slots, rates = parse_hold(hold)
    if boot == 'deferred' then return 'DUPLICATE' end
    if scopes == '*' or scopes == held_scopes then
      move(key, charge, held, held_scopes)
    else
      move(key, charge, '0', scopes)
      move(key, '0', held, held_scopes)
    end
    redis.call('HDEL', holds, request)
    redis.call('ZREM', expiry, organization .. '|' .. request)
    if slots ~= '' then free_slots(key, slots) end
    if rates ~= '' then correct_rates(rate_key, rates, ARGV[a + 7], ARGV[a + 8] == '1') end
  elseif append then
    keep_deferred(k, a, place, is_loaded)
    settled, amount = '', 'pending'
  elseif charge ~= '0' then
    if not is_loaded then return 'UNLOADED' end
    move(key, charge, '0', scopes == '*' and '' or scopes)
  elseif place ~= '' then
    adopt_place(holds, KEYS[k + 7], expiry, organization, place)
    redis.call('HDEL', KEYS[k + 7], request)
    redis.call('HDEL', holds, request)
    redis.call('ZREM', expiry, organization .. '|' .. request)
  end
  mark(done, epoch, amount, ARGV[2])
  if append then redis.call('XADD', stream, '*', 'event', event, 'organization', organization, 'request', request, 'epoch', settled) end
  if settled == '' then return 'DEFERRED' end
  return 'SETTLED', epoch
end

return each_item(settle, 3, 9, 9)
`;
