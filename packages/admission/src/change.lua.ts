import { amountsLua, markerLua, newsFunctionLua, placeLua } from './amounts.lua.js';

/**
 * A credit (or a refund: a negative amount) that was posted to the ledger. KEYS: organisation, done marker, generation, news.
 * ARGV: run id, amount, posting sequence ('' = unknown), marker time to live (ms).
 * Replies: CREDITED · DUPLICATE · INSIDE (the loaded balance contains it) · UNLOADED · RELOAD epoch
 */
export const creditLua = `#!lua flags=allow-oom
${amountsLua}${placeLua}${markerLua}
news(KEYS[4])
local found = redis.call('HMGET', KEYS[1], 'place', 'epoch', 'sequence', 'posted')
if not found[1] or found[1] ~= place_of(KEYS[3]) then return { 'UNLOADED', '' } end
local epoch = found[2]
if ARGV[3] == '' then return { 'RELOAD', epoch } end
if not less(found[3], ARGV[3]) then return { 'INSIDE', '' } end
if marked(redis.call('GET', KEYS[2]), epoch) then return { 'DUPLICATE', '' } end
redis.call('HINCRBY', KEYS[1], 'available', ARGV[2])
mark(KEYS[2], epoch, ARGV[2], ARGV[4])
if less(found[4], ARGV[3]) then redis.call('HSET', KEYS[1], 'posted', ARGV[3]) end
return { 'CREDITED', '' }
`;

/**
 * Something about who may spend changed in the database. KEYS: organisation, generation, news.
 * ARGV: run id, auth version ('' = unchanged; it only ever rises), status ('' = unchanged), limits (same, changed or unknown), then for
 * 'changed' per armed scope: name, limit, left. A scope that is armed already keeps what it has spent and holds: left moves by the
 * difference of the limits. One that is not armed stays so: what runs and what is not posted yet count in it, which only a reading of the
 * organisation can add up; the next request that names it brings that. For 'unknown' all limits are dropped, and the next request that has one makes the organisation be read again.
 * Replies: CHANGED · KNOWN (this version or a newer one is loaded) · UNLOADED
 */
export const changeLua = `#!lua flags=allow-oom
${amountsLua}${placeLua}
news(KEYS[3])
local found = redis.call('HMGET', KEYS[1], 'place', 'auth')
if not found[1] or found[1] ~= place_of(KEYS[2]) then return { 'UNLOADED', '' } end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'status', ARGV[3]) end
if ARGV[2] == '' then return { 'CHANGED', '' } end
if not less(found[2], ARGV[2]) then return { 'KNOWN', '' } end
if ARGV[4] == 'unknown' then
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    if string.find(field, '^left:') or string.find(field, '^limit:') then redis.call('HDEL', KEYS[1], field) end
  end
end
for i = 5, #ARGV, 3 do
  local limit_field, left_field = 'limit:' .. ARGV[i], 'left:' .. ARGV[i]
  local limit = redis.call('HGET', KEYS[1], limit_field)
  if limit then
    redis.call('HINCRBY', KEYS[1], left_field, ARGV[i + 1])
    if limit ~= '0' then redis.call('HINCRBY', KEYS[1], left_field, '-' .. limit) end
    redis.call('HSET', KEYS[1], limit_field, ARGV[i + 1])
  end
end
redis.call('HSET', KEYS[1], 'auth', ARGV[2])
return { 'CHANGED', '' }
`;

/** The loaded state is no longer trusted. KEYS: news. A load under way starts over. */
export const newsLua = `#!lua flags=allow-oom
${newsFunctionLua}
news(KEYS[1])
return { 'OK', '' }
`;
