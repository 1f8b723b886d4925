import type { Script } from './store.ts'

/**
 * Who sheds its connections now: one node at a time. The leave script gives it back.
 *
 * Keys: shedding. Arguments: id, for how many milliseconds. Reply: whose turn it is.
 */
export const drainScript: Script = {
  name: 'drain',
  lua: `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return holder end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]`,
}
