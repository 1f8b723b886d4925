import type { Script } from './store.ts'

/**
 * A node says that it is there, and hears who else is. By the clock of the store alone.
 *
 * Keys: members, records, dead, tickets, shedding, uses of this node, totals, sessions that it has lost. Arguments: id, record, for how
 * many milliseconds.
 * Reply: whether it was known, the version of the ticket keys, their age in milliseconds, who sheds, the dead, records in pairs, lost
 * sessions and their epochs in pairs.
 */
export const renewScript: Script = {
  name: 'renew',
  lua: `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local id = ARGV[1]
local due = redis.call('ZSCORE', KEYS[1], id)
redis.call('ZADD', KEYS[1], now + ARGV[3], id)
redis.call('HSET', KEYS[2], id, ARGV[2])
redis.call('SREM', KEYS[3], id)
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do
  redis.call('ZREM', KEYS[1], gone)
  redis.call('HDEL', KEYS[2], gone)
  redis.call('SADD', KEYS[3], gone)
end
local taken = redis.call('HGETALL', KEYS[8])
redis.call('DEL', KEYS[8])
for _, key in ipairs(KEYS) do
  if key ~= KEYS[5] then redis.call('PEXPIRE', key, 172800000) end
end
local tickets = redis.call('HMGET', KEYS[4], 'version', 'at')
return {
  (due and tonumber(due) > now) and 1 or 0,
  tickets[1] or '',
  tickets[2] and now - tickets[2] or -1,
  redis.call('GET', KEYS[5]) or '',
  redis.call('SMEMBERS', KEYS[3]),
  redis.call('HGETALL', KEYS[2]),
  taken
}`,
}
