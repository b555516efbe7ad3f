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
 * Something changed what a snapshot says. The counter begins with the time, so that after it was forgotten (a minute without news) it never
 * comes back to a value that a load still remembers, however long that load stood still.
 */
export const newsFunctionLua = `
local function news_from_now(key)
  local time = redis.call('TIME')
  redis.call('SET', key, string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), 'NX')
  redis.call('PEXPIRE', key, 60000)
end
local function news(key)
  news_from_now(key)
  redis.call('INCR', key)
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
${newsFunctionLua}`;

/**
 * Creates the generation of a shard where it is missing, and notes when this place was first seen: the opening gate counts from there, so
 * an organisation that is merely read for the first time waits for nothing. ARGV[2] is a new generation in the scripts that use it.
 */
export const openPlaceLua = `
local function open_place(generation_key, seen_key, now)
  redis.call('SET', generation_key, ARGV[2], 'NX')
  local generation = redis.call('GET', generation_key)
  local place = ARGV[1] .. ':' .. generation
  local seen = redis.call('GET', seen_key)
  if not seen or string.sub(seen, 1, #place + 1) ~= place .. '|' then
    redis.call('SET', seen_key, place .. '|' .. string.format('%.0f', now))
  end
  return generation
end
`;

/** The clock of the scripts: Redis' own, in milliseconds. */
export const clockLua = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/**
 * A hold is "amount|gateway boot|scopes|slots|rates|meta". It is given back to the scopes it was taken from, where they are still armed.
 * The field '#place' of the hash says in which life of Redis its holds were written. A hold of the boot 'deferred' is no running request
 * but the charge of a settled one that the balance has not counted yet.
 * In move the subtraction comes first: it is the one step that could be refused (int64), and then nothing has been written.
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
  return string.match(value, '^(%d+)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|(.*)$')
end
local function fill_slots(key, slots)
  for rule in string.gmatch(slots, '([^,:]+):%d+') do redis.call('HINCRBY', key, 'busy:' .. rule, 1) end
end
local function free_slots(key, slots)
  for rule in string.gmatch(slots, '([^,:]+):%d+') do
    local busy = redis.call('HGET', key, 'busy:' .. rule)
    if busy and busy ~= '0' then redis.call('HINCRBY', key, 'busy:' .. rule, -1) end
  end
end
`;

/**
 * Holds of an earlier life of Redis may have been settled in data that is lost: they count no more, and wait among the orphans until their
 * gateway asserts them again or the sweeper decides about them.
 */
export const adoptPlaceLua = `
local function adopt_place(holds, orphans, expiry, organization, place)
  if redis.call('HGET', holds, '#place') == place then return end
  local held = redis.call('HGETALL', holds)
  local kept = false
  for i = 1, #held, 2 do
    if held[i] ~= '#place' then
      local member = organization .. '|' .. held[i]
      if string.match(held[i + 1], '^%d+|deferred|') then
        redis.call('ZREM', expiry, member)
      else
        redis.call('HSET', orphans, held[i], held[i + 1])
        kept = true
      end
    end
  end
  if kept then redis.call('PEXPIRE', orphans, 86400000) end
  redis.call('DEL', holds)
  redis.call('HSET', holds, '#place', place)
end
`;

/**
 * A rate is a leaky bucket: "level|milliseconds" per rule, which leaks its limit per window. Doubles are enough here: a rate is not money.
 * Within ARGV a rate is "rule:kind:window ms:limit:take", kind r (requests) or t (tokens).
 */
export const ratesLua = `
local RATE = '([^,:]+):(%a):(%d+):(%d+):(%d+)'
local function level_of(rate_key, rule, window, limit)
  local found = redis.call('HGET', rate_key, rule)
  if not found then return 0 end
  local level, at = string.match(found, '^([^|]*)|(.*)$')
  return math.max(0, tonumber(level) - math.max(0, now - tonumber(at)) * limit / window)
end
local function write_level(rate_key, rule, level)
  redis.call('HSET', rate_key, rule, string.format('%.3f|%.0f', math.max(0, level), now))
end
local function correct_rates(rate_key, rates, tokens, is_unsent)
  for rule, kind, window, limit, take in string.gmatch(rates, RATE) do
    local difference = 0
    if kind == 't' and tokens ~= '' then difference = tonumber(tokens) - tonumber(take) end
    if kind == 'r' and is_unsent then difference = -tonumber(take) end
    if difference ~= 0 then
      write_level(rate_key, rule, level_of(rate_key, rule, tonumber(window), tonumber(limit)) + difference)
    end
  end
end
`;

/**
 * A done marker is "epoch|amount|confirmations": w when the worker has acknowledged the event, s when the spool's shipper has seen it posted.
 * Writing a marker anew (another epoch) keeps nothing: both drains will come again, or it ends with its time.
 */
export const markerLua = `
local function marked(marker, epoch)
  if not marker or string.sub(marker, 1, #epoch + 1) ~= epoch .. '|' then return nil end
  return string.match(marker, '^[^|]*|([^|]*)')
end
local function mark(done, epoch, amount, ttl)
  redis.call('SET', done, epoch .. '|' .. amount .. '|', 'PX', ttl)
end
`;

/**
 * Runs one item after the other and answers four strings for each. An item that errors is reported as such and does not
 * take its neighbours with it: what Redis had already written for them stays, and they must learn their answer.
 */
export const eachItemLua = `
local function each_item(handler, header, keys_per_item, arguments_per_item)
  local replies = {}
  local count = (#ARGV - header) / arguments_per_item
  for i = 0, count - 1 do
    local ok, code, first, second, third = pcall(handler, i * keys_per_item, header + i * arguments_per_item)
    local at = i * 4
    if ok then
      replies[at + 1], replies[at + 2], replies[at + 3], replies[at + 4] = code, first or '', second or '', third or ''
    else
      local message = type(code) == 'table' and code.err or tostring(code)
      replies[at + 1], replies[at + 2], replies[at + 3], replies[at + 4] = 'ERROR', message, '', ''
    end
  end
  return replies
end
`;
