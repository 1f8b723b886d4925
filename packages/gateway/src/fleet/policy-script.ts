import type { Script } from './store.ts'

/**
 * What the store does when its memory is full. A script, so that in a cluster the node is asked that has the keys of the fleet.
 *
 * Keys: any of the fleet. Reply: the policy, or an empty text.
 */
export const policyScript: Script = {
  name: 'policy',
  lua: `
local info = redis.pcall('INFO', 'memory')
if type(info) ~= 'string' then return '' end
return string.match(info, 'maxmemory_policy:([%w-]+)') or ''`,
}
