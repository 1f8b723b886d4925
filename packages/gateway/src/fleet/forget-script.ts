import type { Script } from './store.ts'

/**
 * Takes back some of what a node holds of the limits: of one that is dead, or of oneself, to begin anew. A few hundred fields at a
 * time, so that nobody waits for the store meanwhile. Any of them: a scan that begins anew each time would walk over ever more that is
 * empty, and never come to its end.
 *
 * Keys: members, uses of that node, totals, dead. Arguments: its id, 1 if it is oneself.
 * Reply: how many fields are left; -1: it lives.
 */
export const forgetScript: Script = {
  name: 'forget',
  lua: `
if ARGV[2] ~= '1' and redis.call('ZSCORE', KEYS[1], ARGV[1]) then return -1 end
local found = redis.call('HRANDFIELD', KEYS[2], 300, 'WITHVALUES')
for i = 1, #found, 2 do
  redis.call('HDEL', KEYS[2], found[i])
  if redis.call('HINCRBY', KEYS[3], found[i], -found[i + 1]) <= 0 then
    redis.call('HDEL', KEYS[3], found[i])
  end
end
local left = redis.call('HLEN', KEYS[2])
if left == 0 then redis.call('SREM', KEYS[4], ARGV[1]) end
return left`,
}
