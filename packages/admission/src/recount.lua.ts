import { amountsLua, eachItemLua, holdLua, placeLua } from './amounts.lua.js';

/**
 * After an event was posted to the ledger: makes sure that the balance in Redis has counted it, exactly once. The balance has
 * counted it when the event was settled in this very epoch, or when the snapshot it was loaded from contains it (its posting
 * sequence is not above the one loaded). Otherwise it is debited here, once, under its done marker.
 *
 * ARGV: run id, marker time to live (ms), then per item: organisation id, request id, charge, settled epoch, posting sequence ('' = unknown),
 *       scopes (comma), is forgotten (1 = so old that its marker may be gone).
 * KEYS per item: organisation, holds, expiry, done marker, generation, news.
 *
 * Replies per item: COUNTED · INSIDE · DEBITED · DUPLICATE · UNLOADED (the next load will contain it) · RELOAD epoch (only a reload can tell) · ERROR message
 */
export const recountLua = `#!lua flags=allow-oom
${amountsLua}${placeLua}${holdLua}${eachItemLua}
local function recount(k, a)
  local key, holds, expiry, done, generation, news_key =
    KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4], KEYS[k + 5], KEYS[k + 6]
  local organization, request, charge, settled, sequence, scopes, is_forgotten =
    ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 4], ARGV[a + 5], ARGV[a + 6], ARGV[a + 7] == '1'

  local found = redis.call('HMGET', key, 'place', 'epoch', 'sequence', 'posted')
  if not found[1] or found[1] ~= place_of(generation) then
    news(news_key)
    return 'UNLOADED'
  end
  local epoch = found[2]
  if sequence ~= '' and less(found[4], sequence) then redis.call('HSET', key, 'posted', sequence) end
  if settled == epoch then return 'COUNTED' end
  if sequence == '' then return 'RELOAD', epoch end
  if not less(found[3], sequence) then return 'INSIDE' end
  local marker = redis.call('GET', done)
  local is_marked = marker and string.sub(marker, 1, #epoch + 1) == epoch .. '|'
  if is_marked and marker ~= epoch .. '|pending' then return 'DUPLICATE' end
  if is_forgotten then return 'RELOAD', epoch end

  local hold = redis.call('HGET', holds, request)
  local held, held_scopes = '0', scopes
  if hold then
    local amount, _, from = parse_hold(hold)
    held, held_scopes = amount, from
  end
  move(key, charge, held, held_scopes)
  if hold then
    redis.call('HDEL', holds, request)
    redis.call('ZREM', expiry, organization .. '|' .. request)
  end
  redis.call('SET', done, epoch .. '|' .. charge, 'PX', ARGV[2])
  return 'DEBITED'
end

return each_item(recount, 2, 6, 7)
`;
