/**
 * Comparing amounts in Lua, whose only number is a double: exact to 2^53, while an amount is an int64. Amounts stay decimal
 * strings; up to 15 characters a double holds them exactly, longer ones are compared by length and then in two halves.
 * Adding is left to HINCRBY, which is int64 and refuses to overflow.
 */
export const amountsLua = `
local function shorter(a, b)
  if #a ~= #b then return #a < #b end
  local high_a, high_b = tonumber(string.sub(a, 1, 10)), tonumber(string.sub(b, 1, 10))
  if high_a ~= high_b then return high_a < high_b end
  return (tonumber(string.sub(a, 11)) or 0) < (tonumber(string.sub(b, 11)) or 0)
end
local function less(a, b)
  if #a <= 15 and #b <= 15 then return tonumber(a) < tonumber(b) end
  local a_negative, b_negative = string.byte(a) == 45, string.byte(b) == 45
  if a_negative ~= b_negative then return a_negative end
  if a_negative then return shorter(string.sub(b, 2), string.sub(a, 2)) end
  return shorter(a, b)
end
`;

/**
 * Where the data of a shard was written: "run id:generation". The run id is that of the process behind this connection
 * (a restart or a failover changes it), the generation is a key of the shard (a flush takes it away). A hash whose place
 * differs was written for another life of Redis and is never trusted. ARGV[1] is the run id in every script.
 */
export const placeLua = `
local places = {}
local function place_of(generation_key)
  local place = places[generation_key]
  if place == nil then
    local generation = redis.call('GET', generation_key)
    place = generation and (ARGV[1] .. ':' .. generation) or ''
    places[generation_key] = place
  end
  return place
end
local function news(key)
  redis.call('INCR', key)
  redis.call('PEXPIRE', key, 60000)
end
`;

/**
 * A hold is "amount|gateway boot|scope,scope". It is given back to the scopes it was taken from, where they are still armed.
 * The subtraction comes first: it is the one step that could be refused (int64), and then nothing has been written.
 */
export const holdLua = `
local function move(key, taken, given, scopes)
  if taken ~= '0' then redis.call('HINCRBY', key, 'available', '-' .. taken) end
  if given ~= '0' then redis.call('HINCRBY', key, 'available', given) end
  for scope in string.gmatch(scopes, '[^,]+') do
    local field = 'left:' .. scope
    if redis.call('HEXISTS', key, field) == 1 then
      if taken ~= '0' then redis.call('HINCRBY', key, field, '-' .. taken) end
      if given ~= '0' then redis.call('HINCRBY', key, field, given) end
    end
  end
end
local function parse_hold(value)
  return string.match(value, '^(%d+)|([^|]*)|(.*)$')
end
`;

/**
 * Runs one item after the other and answers three strings for each. An item that errors is reported as such and does not
 * take its neighbours with it: what Redis had already written for them stays, and they must learn their answer.
 */
export const eachItemLua = `
local function each_item(handler, header, keys_per_item, arguments_per_item)
  local replies = {}
  local count = (#ARGV - header) / arguments_per_item
  for i = 0, count - 1 do
    local ok, code, first, second = pcall(handler, i * keys_per_item, header + i * arguments_per_item)
    local at = i * 3
    if ok then
      replies[at + 1], replies[at + 2], replies[at + 3] = code, first or '', second or ''
    else
      replies[at + 1], replies[at + 2], replies[at + 3] = 'ERROR', type(code) == 'table' and code.err or tostring(code), ''
    end
  end
  return replies
end
`;
