import { eachItemLua, holdLua, placeLua } from './amounts.lua.js';

/**
 * Releases holds, debits what was used, and appends the event: one atomic step. Runs when Redis is full, because it gives
 * memory and money back.
 *
 * ARGV: run id, marker time to live (ms), then per item: organisation id, request id, charge, append (1/0), event, scopes (comma).
 * KEYS per item: organisation, holds, expiry, done marker, generation, stream.
 *
 * A request without a hold in this epoch (the epoch changed under it, or this is a repeat nobody remembers) must not be
 * debited here: only the ledger knows whether the loaded balance already contains it. Its event is appended with an empty
 * epoch, and the recount after its posting debits it, once.
 *
 * Replies per item: SETTLED epoch · DEFERRED · DUPLICATE · UNLOADED (a debit without an event, and nothing to debit) · ERROR message
 */
export const settleLua = `#!lua flags=allow-oom
${placeLua}${holdLua}${eachItemLua}
local function settle(k, a)
  local key, holds, expiry, done, generation, stream =
    KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4], KEYS[k + 5], KEYS[k + 6]
  local organization, request, charge, append, event, scopes =
    ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 4] == '1', ARGV[a + 5], ARGV[a + 6]

  local found = redis.call('HMGET', key, 'place', 'epoch')
  local epoch = found[1] and found[1] == place_of(generation) and found[2] or '-'
  local marker = redis.call('GET', done)
  if marker and string.sub(marker, 1, #epoch + 1) == epoch .. '|' then return 'DUPLICATE' end

  local hold = epoch ~= '-' and redis.call('HGET', holds, request)
  local settled, amount = epoch, charge
  if hold then
    local held, _, held_scopes = parse_hold(hold)
    move(key, charge, held, held_scopes)
    redis.call('HDEL', holds, request)
    redis.call('ZREM', expiry, organization .. '|' .. request)
  elseif append then
    settled, amount = '', 'pending'
  elseif charge ~= '0' then
    if epoch == '-' then return 'UNLOADED' end
    move(key, charge, '0', scopes)
  end
  redis.call('SET', done, epoch .. '|' .. amount, 'PX', ARGV[2])
  if append then redis.call('XADD', stream, '*', 'event', event, 'organization', organization, 'request', request, 'epoch', settled) end
  if settled == '' then return 'DEFERRED' end
  return 'SETTLED', epoch
end

return each_item(settle, 2, 6, 6)
`;
