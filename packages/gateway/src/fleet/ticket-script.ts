import type { Script } from './store.ts'

/**
 * The keys of TLS session tickets, sealed. New ones count if nobody else has set any since the version that was seen.
 *
 * Keys: tickets. Arguments: version that was seen, new keys or an empty text. Reply: version, keys.
 */
export const ticketScript: Script = {
  name: 'tickets',
  lua: `
local version = redis.call('HGET', KEYS[1], 'version') or ''
if ARGV[2] ~= '' and version == ARGV[1] then
  local time = redis.call('TIME')
  version = tostring((tonumber(version) or 0) + 1)
  redis.call('HSET', KEYS[1], 'version', version, 'keys', ARGV[2],
    'at', time[1] * 1000 + math.floor(time[2] / 1000))
end
return { version, redis.call('HGET', KEYS[1], 'keys') or '' }`,
}
