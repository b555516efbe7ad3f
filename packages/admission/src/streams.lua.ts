/**
 * New entries for a consumer, over many streams, at most COUNT together. XREADGROUP's own count is per stream: 64 full streams would
 * hand out 64 times as much. KEYS: streams, in the order they are served. ARGV: group, consumer, count.
 * A stream that lost its group (a flush) gets it back, from its beginning.
 */
export const claimLua = `#!lua flags=allow-oom
local entries, remaining = {}, tonumber(ARGV[3])
local function read(stream)
  return redis.pcall('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', remaining, 'STREAMS', stream, '>')
end
for _, stream in ipairs(KEYS) do
  local found = read(stream)
  if found and found.err and string.find(found.err, 'NOGROUP', 1, true) then
    redis.call('XGROUP', 'CREATE', stream, ARGV[1], '0', 'MKSTREAM')
    found = read(stream)
  end
  if found and found.err then return redis.error_reply(found.err) end
  if found then
    for _, entry in ipairs(found[1][2]) do
      entries[#entries + 1] = { stream, entry[1], entry[2] }
      remaining = remaining - 1
    end
  end
  if remaining <= 0 then break end
end
return entries
`;

/**
 * Entries that a consumer took and did not acknowledge for ARGV[4] ms: it is dead, or it forgot. Also removes consumers that have
 * nothing and asked for nothing for ARGV[5] ms. KEYS: streams. ARGV: group, consumer, count, idle ms, retire after ms.
 */
export const reclaimLua = `#!lua flags=allow-oom
local entries, remaining = {}, tonumber(ARGV[3])
for _, stream in ipairs(KEYS) do
  local consumers = redis.pcall('XINFO', 'CONSUMERS', stream, ARGV[1])
  if not consumers.err then
    for _, flat in ipairs(consumers) do
      local consumer = {}
      for i = 1, #flat, 2 do consumer[flat[i]] = flat[i + 1] end
      if consumer.pending == 0 and consumer.idle > tonumber(ARGV[5]) then
        redis.call('XGROUP', 'DELCONSUMER', stream, ARGV[1], consumer.name)
      end
    end
    if remaining > 0 then
      local claimed = redis.call('XAUTOCLAIM', stream, ARGV[1], ARGV[2], ARGV[4], '0', 'COUNT', remaining)
      for _, entry in ipairs(claimed[2]) do
        entries[#entries + 1] = { stream, entry[1], entry[2] }
        remaining = remaining - 1
      end
    end
  end
end
return entries
`;

/** One of the two drains has seen an event posted; when both have, its marker has to live only for stragglers. */
const confirmLua = `
local function confirm(done, letter, ttl)
  local marker = redis.call('GET', done)
  if not marker then return end
  local flags = string.match(marker, '[ws]*$')
  if not string.find(flags, letter, 1, true) then
    flags = flags .. letter
    redis.call('SET', done, marker .. letter, 'KEEPTTL')
  end
  if #flags == 2 then redis.call('PEXPIRE', done, ttl, 'LT') end
end
`;

/**
 * Entries that are in the ledger and counted: they leave the stream, and the worker has confirmed their markers.
 * KEYS: per entry stream, done marker. ARGV: group, marker time to live (ms), then entry ids.
 */
export const acknowledgeLua = `#!lua flags=allow-oom
${confirmLua}
for i = 1, #KEYS, 2 do
  local id = ARGV[2 + (i + 1) / 2]
  redis.call('XACK', KEYS[i], ARGV[1], id)
  redis.call('XDEL', KEYS[i], id)
  confirm(KEYS[i + 1], 'w', ARGV[2])
end
return #KEYS / 2
`;

/** The shipper of a spool has seen these requests in the ledger. KEYS: done markers. ARGV: marker time to live (ms). */
export const confirmShippedLua = `#!lua flags=allow-oom
${confirmLua}
for _, done in ipairs(KEYS) do confirm(done, 's', ARGV[1]) end
return #KEYS
`;

/** What waits. KEYS: streams. ARGV: group. Replies: entries, of them handed out, age of the oldest (ms). */
export const lagLua = `#!lua flags=no-writes
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local entries, pending, age = 0, 0, 0
for _, stream in ipairs(KEYS) do
  entries = entries + redis.call('XLEN', stream)
  local summary = redis.pcall('XPENDING', stream, ARGV[1])
  if not summary.err then pending = pending + summary[1] end
  local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  if oldest then age = math.max(age, now - tonumber(string.match(oldest[1], '^%d+'))) end
end
return { entries, pending, age }
`;
