import {
  adoptPlaceLua,
  amountsLua,
  clockLua,
  holdLua,
  newsFunctionLua,
  openPlaceLua,
  placeLua,
} from './amounts.lua.js';

/**
 * First step of a load: what the snapshot will have to match. KEYS: generation, news, organisation, first seen. ARGV: run id, a new generation.
 * Replies: generation, news, the epoch loaded now ('' = nothing valid).
 */
export const beginLoadLua = `#!lua flags=allow-oom
${clockLua}${openPlaceLua}${newsFunctionLua}
local generation = open_place(KEYS[1], KEYS[4], now)
local found = redis.call('HMGET', KEYS[3], 'place', 'epoch')
local epoch = found[1] == (ARGV[1] .. ':' .. generation) and found[2] or ''
news_from_now(KEYS[2])
return { generation, redis.call('GET', KEYS[2]), epoch }
`;

/**
 * Second step: makes a snapshot of the ledger the organisation's state, under a new epoch.
 *
 * KEYS: organisation, holds, expiry, generation, orphans, news, first seen.
 * ARGV: run id, generation, load id, news seen, epoch seen, available, status, auth version, posting sequence, gate (ms), organisation id,
 *       then per armed scope: name, limit, left.
 *
 * The snapshot is refused when anything changed what it says since it was begun (news, or a posting it does not contain).
 * Holds of the same place are carried over: requests that run, and charges the ledger has not confirmed. Holds of another place may have
 * been settled in data that is lost, so they go to the orphans until their gateway asserts them or the sweeper decides about them.
 * The gate counts from when the place was first seen: until then gateways assert what runs, and new holds wait.
 *
 * Replies: LOADED epoch · STALE (the generation changed) · NEWS (take a new snapshot) · RACE (somebody else loaded)
 */
export const loadLua = `#!lua flags=allow-oom
${amountsLua}${placeLua}${clockLua}${holdLua}${adoptPlaceLua}
local key, holds, expiry, generation, orphans, news_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local place = ARGV[1] .. ':' .. ARGV[2]
if place_of(generation) ~= place then return { 'STALE', '' } end
if (redis.call('GET', news_key) or '') ~= ARGV[4] then return { 'NEWS', '' } end
local found = redis.call('HMGET', key, 'place', 'epoch', 'posted')
local is_same_place = found[1] == place
if is_same_place and found[2] ~= ARGV[5] then return { 'RACE', found[2] } end
if is_same_place and found[3] and less(ARGV[9], found[3]) then return { 'NEWS', '' } end

adopt_place(holds, orphans, expiry, ARGV[11], place)
local seen = string.match(redis.call('GET', KEYS[7]) or '', '|(%d+)$') or now
local open = string.format('%.0f', seen + ARGV[10])
local epoch = place .. ':' .. ARGV[3]
redis.call('DEL', key)
redis.call('HSET', key, 'place', place, 'epoch', epoch, 'available', ARGV[6], 'status', ARGV[7], 'auth', ARGV[8],
  'sequence', ARGV[9], 'posted', ARGV[9], 'open', open)
for i = 12, #ARGV, 3 do
  redis.call('HSET', key, 'limit:' .. ARGV[i], ARGV[i + 1], 'left:' .. ARGV[i], ARGV[i + 2])
end
local held = redis.call('HGETALL', holds)
for i = 1, #held, 2 do
  if held[i] ~= '#place' then
    local amount, _, scopes, slots = parse_hold(held[i + 1])
    move(key, amount, '0', scopes)
    fill_slots(key, slots)
  end
end
return { 'LOADED', epoch }
`;
