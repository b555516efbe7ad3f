import { amountsLua, eachItemLua, holdLua, markerLua, placeLua } from './amounts.lua.js';

/**
 * After an event was posted to the ledger: makes sure that the balance in Redis has counted it, exactly once. The balance has
 * counted it when it was debited in this very epoch, or when the snapshot it was loaded from contains it (its posting
 * sequence is not above the one loaded). When both is true (it was posted from the spool, the organisation was read again, and only then
 * its settlement came through), the debit is taken back; when neither is, it is debited here, once, under its done marker. What was debited
 * as something else than was posted (a hold was given up at 0, and its settlement reached the ledger first) becomes what was posted.
 *
 * ARGV: run id, marker time to live (ms), then per item: organisation id, request id, charge, settled epoch, posting sequence ('' = unknown),
 *       scopes (comma), is forgotten (1 = so old that its marker may be gone, if there is none).
 * KEYS per item: organisation, holds, expiry, done marker, generation, news.
 *
 * Replies per item: COUNTED · INSIDE · DEBITED · DUPLICATE · UNLOADED (the next load will contain it) · RELOAD epoch (only a reload can tell) · ERROR message
 */
export const recountLua = `#!lua flags=allow-oom
${amountsLua}${placeLua}${holdLua}${markerLua}${eachItemLua}

-- What is still held for it. A charge that waits for this recount goes away even while the organisation is not loaded.
local function drop_hold(holds, expiry, organization, request)
  redis.call('HDEL', holds, request)
  redis.call('ZREM', expiry, organization .. '|' .. request)
end

local function recount(k, a)
  local key, holds, expiry, done, generation, news_key =
    KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4], KEYS[k + 5], KEYS[k + 6]
  local organization, request, charge, settled, sequence, scopes, is_forgotten =
    ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 4], ARGV[a + 5], ARGV[a + 6], ARGV[a + 7] == '1'

  local found = redis.call('HMGET', key, 'place', 'epoch', 'sequence', 'posted')
  local hold = redis.call('HGET', holds, request)
  if not found[1] or found[1] ~= place_of(generation) then
    if hold and string.match(hold, '^%d+|deferred|') then drop_hold(holds, expiry, organization, request) end
    news(news_key)
    return 'UNLOADED'
  end
  local epoch = found[2]
  if sequence ~= '' and less(found[4], sequence) then redis.call('HSET', key, 'posted', sequence) end
  if sequence == '' then
    if settled == epoch then return 'COUNTED' end
    return 'RELOAD', epoch
  end
  local amount = marked(redis.call('GET', done), epoch)
  local is_inside = not less(found[3], sequence)
  local was_debited = amount and amount ~= 'pending' and amount ~= 'inside'
  if is_inside and not was_debited and settled == epoch and amount ~= 'inside' then return 'RELOAD', epoch end
  if not is_inside and was_debited and amount ~= charge then
    move(key, charge, amount, scopes)
    mark(done, epoch, charge, ARGV[2])
    return 'DEBITED'
  end
  if not is_inside and (was_debited or settled == epoch) then return was_debited and 'DUPLICATE' or 'COUNTED' end
  if not is_inside and is_forgotten and not amount then return 'RELOAD', epoch end

  local held, held_scopes, slots = '0', scopes, ''
  if hold then
    local taken, _, from, filled = parse_hold(hold)
    held, held_scopes, slots = taken, from, filled
  end
  if not is_inside then
    -- What was kept back without knowing whose it is has no scopes of its own: the posting knows them.
    if held_scopes == scopes then
      move(key, charge, held, scopes)
    else
      move(key, charge, '0', scopes)
      move(key, '0', held, held_scopes)
    end
    mark(done, epoch, charge, ARGV[2])
  else
    if held ~= '0' then move(key, '0', held, held_scopes) end
    if was_debited then move(key, '0', amount, scopes) end
    if was_debited or hold then mark(done, epoch, 'inside', ARGV[2]) end
  end
  if hold then
    drop_hold(holds, expiry, organization, request)
    if slots ~= '' then free_slots(key, slots) end
  end
  return is_inside and 'INSIDE' or 'DEBITED'
end

return each_item(recount, 2, 6, 7)
`;
