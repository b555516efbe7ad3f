import { clockLua, placeLua, ratesLua } from './amounts.lua.js';

/**
 * How an organisation stands, without taking anything. KEYS: organisation, generation, rates. ARGV: run id, scopes (comma), slots, rates (as
 * authorize takes them). Replies FOUND, available, then as one string each: left per scope, running per slot, level per rate · UNLOADED
 */
export const peekLua = `#!lua flags=no-writes
${placeLua}${clockLua}${ratesLua}
local found = redis.call('HMGET', KEYS[1], 'place', 'available')
if not found[1] or found[1] ~= place_of(KEYS[2]) then return { 'UNLOADED' } end
local left, running, levels = {}, {}, {}
for scope in string.gmatch(ARGV[2], '[^,]+') do
  local field = redis.call('HGET', KEYS[1], 'left:' .. scope)
  if not field then return { 'UNLOADED' } end
  left[#left + 1] = field
end
for rule in string.gmatch(ARGV[3], '([^,:]+):%d+') do
  running[#running + 1] = redis.call('HGET', KEYS[1], 'busy:' .. rule) or '0'
end
for rule, _, window, limit in string.gmatch(ARGV[4], RATE) do
  levels[#levels + 1] = string.format('%.0f', math.ceil(level_of(KEYS[3], rule, tonumber(window), tonumber(limit))))
end
return { 'FOUND', found[2], table.concat(left, ','), table.concat(running, ','), table.concat(levels, ',') }
`;
