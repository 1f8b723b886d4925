// The sessions of a fleet in the store. Those of one group, at most a few hundred of one node, are one hash: `h` and a serial is who
// holds it, as its epoch and a node; `r` its recipe; `c` its counters; `a` and a node is when that node last said something of it.
import type { Script } from './store.ts'

const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local key = KEYS[1]
local function holder(serial)
  local text = redis.call('HGET', key, 'h' .. serial)
  if not text then return nil end
  local epoch, node = string.match(text, '^(%d+) (.+)$')
  return tonumber(epoch), node
end
local function keep(forMs)
  if redis.call('PTTL', key) < tonumber(forMs) then redis.call('PEXPIRE', key, forMs) end
end`

/**
 * A node says which sessions it holds, and what is new of them. Of one that another has, or has had since, nothing is changed.
 *
 * Keys: the group. Arguments: node, for how many milliseconds it is kept, then for each session its serial, its epoch, its recipe and
 * its counters; of these two what is empty stays as it was.
 * Reply: of the sessions that others hold the serial, the epoch and the node, one after the other.
 */
export const announceSessionsScript: Script = {
  name: 'announce sessions',
  lua: `${now}
local taken = {}
for i = 3, #ARGV, 4 do
  local serial, epoch = ARGV[i], tonumber(ARGV[i + 1])
  local its, node = holder(serial)
  if its and (its > epoch or (its == epoch and node ~= ARGV[1])) then
    table.insert(taken, serial)
    table.insert(taken, its)
    table.insert(taken, node)
  else
    if its ~= epoch then redis.call('HSET', key, 'h' .. serial, epoch .. ' ' .. ARGV[1]) end
    if ARGV[i + 2] ~= '' then redis.call('HSET', key, 'r' .. serial, ARGV[i + 2]) end
    if ARGV[i + 3] ~= '' then redis.call('HSET', key, 'c' .. serial, ARGV[i + 3]) end
  end
end
redis.call('HSET', key, 'a' .. ARGV[1], now)
keep(ARGV[2])
return taken`,
}

/**
 * Who holds a session.
 *
 * Keys: the group. Arguments: its serial.
 * Reply: nothing, or its epoch, the node, the milliseconds since that said something of the group, its recipe and its
 * counters.
 */
export const findSessionScript: Script = {
  name: 'find session',
  lua: `${now}
local epoch, node = holder(ARGV[1])
if not epoch then return {} end
local silentMs = now - (redis.call('HGET', key, 'a' .. node) or now)
return { epoch, node, silentMs, redis.call('HGET', key, 'r' .. ARGV[1]) or '', redis.call('HGET', key, 'c' .. ARGV[1]) or '' }`,
}

/**
 * Takes a session over from whoever holds it in this epoch.
 *
 * Keys: the group. Arguments: its serial, that epoch, the node that takes it, for how many milliseconds it is kept.
 * Reply: nothing when there is none; 0, its epoch and the node when somebody else was faster; or 1, its recipe and its counters.
 */
export const claimSessionScript: Script = {
  name: 'claim session',
  lua: `${now}
local epoch, node = holder(ARGV[1])
if not epoch then return {} end
if epoch ~= tonumber(ARGV[2]) then return { 0, epoch, node } end
redis.call('HSET', key, 'h' .. ARGV[1], (epoch + 1) .. ' ' .. ARGV[3], 'a' .. ARGV[3], now)
keep(ARGV[4])
return { 1, redis.call('HGET', key, 'r' .. ARGV[1]) or '', redis.call('HGET', key, 'c' .. ARGV[1]) or '' }`,
}

/**
 * Sessions are over: nobody finds them any more. Those that others hold stay.
 *
 * Keys: the group. Arguments: node, then the serial and the epoch of each.
 */
export const forgetSessionsScript: Script = {
  name: 'forget sessions',
  lua: `${now}
for i = 2, #ARGV, 2 do
  local epoch, node = holder(ARGV[i])
  if node == ARGV[1] and epoch == tonumber(ARGV[i + 1]) then
    redis.call('HDEL', key, 'h' .. ARGV[i], 'r' .. ARGV[i], 'c' .. ARGV[i])
  end
end
if redis.call('HLEN', key) == redis.call('HEXISTS', key, 'a' .. ARGV[1]) then redis.call('DEL', key) end
return now`,
}

/**
 * A node has lost a session to another: it hears of that with its next announcement, if there is anybody to hear.
 *
 * Keys: what that node has lost. Arguments: the session's id, its epoch.
 */
export const tellTakenScript: Script = {
  name: 'tell taken',
  lua: `
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], 60000)
return 1`,
}

/**
 * For how long a node is still there.
 *
 * Keys: members. Arguments: its id.
 * Reply: milliseconds until it counts as gone; -1: it does.
 */
export const aliveScript: Script = {
  name: 'alive',
  lua: `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not due or tonumber(due) <= now then return -1 end
return math.floor(due - now)`,
}
