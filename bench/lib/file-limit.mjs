// How many connections a gateway of this machine can have: each takes two of the files that a process may open.
import { readFileSync } from 'node:fs'

/** The most that a system is asked for, whatever the limit. */
const most = 21_000

/** Files that a process may open at the most; the systems raise their own limit to it. */
export const maxFiles = Number(
  /^Max open files +\S+ +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? 2 * most * 1.2,
)

/** A tenth of the files is left for all else. */
export const maxConnections = Math.min(most, Math.floor(maxFiles * 0.45))
