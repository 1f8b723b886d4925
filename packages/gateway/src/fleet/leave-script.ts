import type { Script } from './store.ts'

/**
 * A node leaves in order: others take back what it holds.
 *
 * Keys: members, records, dead, shedding. Arguments: id.
 */
export const leaveScript: Script = {
  name: 'leave',
  lua: `
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('SADD', KEYS[3], ARGV[1])
if redis.call('GET', KEYS[4]) == ARGV[1] then redis.call('DEL', KEYS[4]) end
return 1`,
}
