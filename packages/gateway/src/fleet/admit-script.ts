import type { Script } from './store.ts'

/**
 * Says how many connections a node has, by field, and asks for more. What a node says replaces what it said before, so that a call
 * that came late, or twice, does no harm: `totals` are the sums over all nodes.
 *
 * Keys: members, uses of this node, totals, rates. Arguments: id, number of fields, then for each its name and count; then groups of
 * requests, each: number of the field of the route (0: none), number of that of the address (0: none), both limits, name of
 * the rate, how many a second (0: no limit), how many are wanted.
 * Reply: 'unknown', or for each group: how many are granted, which limit is met (1 route, 2 address, 3 rate, 0 none), and in how many
 * milliseconds the first of those that are too many by the rate has its turn.
 */
export const admitScript: Script = {
  name: 'admit',
  lua: `
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 'unknown' end
local at = 3
local names, uses, totals = {}, {}, {}
local function add(field, count)
  uses[field] = uses[field] + count
  totals[field] = redis.call('HINCRBY', KEYS[3], names[field], count)
  if totals[field] <= 0 then redis.call('HDEL', KEYS[3], names[field]) end
  if uses[field] == 0 then redis.call('HDEL', KEYS[2], names[field])
  else redis.call('HSET', KEYS[2], names[field], uses[field]) end
end
for field = 1, tonumber(ARGV[2]) do
  names[field] = ARGV[at]
  uses[field] = tonumber(redis.call('HGET', KEYS[2], names[field]) or 0)
  totals[field] = tonumber(redis.call('HGET', KEYS[3], names[field]) or 0)
  local change = ARGV[at + 1] - uses[field]
  if change ~= 0 then add(field, change) end
  at = at + 2
end
local now
local reply = {}
while ARGV[at] do
  local route, address = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local granted, met, wait = tonumber(ARGV[at + 6]), 0, 0
  local function atMost(free, limit)
    if free < granted then granted, met = math.max(0, math.floor(free)), limit end
  end
  if route > 0 then atMost(ARGV[at + 2] - totals[route], 1) end
  if address > 0 then atMost(ARGV[at + 3] - totals[address], 2) end
  local perSecond = tonumber(ARGV[at + 5])
  if perSecond > 0 then
    if not now then
      local time = redis.call('TIME')
      now = time[1] * 1000 + time[2] / 1000
    end
    local interval = 1000 / perSecond
    local known = redis.call('HMGET', KEYS[4], ARGV[at + 4] .. ' tokens', ARGV[at + 4] .. ' at', ARGV[at + 4] .. ' last')
    local tokens = math.min(perSecond, (known[1] or perSecond) + math.max(0, now - (known[2] or now)) / interval)
    local last = tonumber(known[3] or 0)
    local wanted = granted
    atMost(tokens, 3)
    tokens = tokens - granted
    if granted < wanted then
      local first = math.max(now + (1 - tokens) * interval, last + interval)
      wait = math.floor(first - now)
      if wait <= 60000 then last = first + (wanted - granted - 1) * interval end
    end
    redis.call('HSET', KEYS[4], ARGV[at + 4] .. ' tokens', tostring(tokens),
      ARGV[at + 4] .. ' at', string.format('%.3f', now), ARGV[at + 4] .. ' last', string.format('%.3f', last))
  end
  if route > 0 and granted > 0 then add(route, granted) end
  if address > 0 and granted > 0 then add(address, granted) end
  reply[#reply + 1] = { granted, met, wait }
  at = at + 7
end
return reply`,
}
