// What a process and its descendants have used, read from /proc.
import { readdirSync, readFileSync } from 'node:fs'

/** The process and all that it started, as they are now. */
export function withDescendants(pid) {
  const found = [pid]
  for (const parent of found) {
    for (const task of tasksOf(parent)) {
      const children = read(`/proc/${parent}/task/${task}/children`)?.trim()
      if (children) found.push(...children.split(/\s+/).map(Number))
    }
  }
  return found
}

/** Microseconds of processor time, user and system, of all threads that are alive. */
export function processorTime(pids) {
  let nanoseconds = 0
  for (const pid of pids) {
    for (const task of tasksOf(pid)) {
      const stat = read(`/proc/${pid}/task/${task}/schedstat`)
      if (stat) nanoseconds += Number(stat.split(' ')[0])
    }
  }
  return nanoseconds / 1000
}

/** Bytes of memory that would be free without these processes: what they share counts once. */
export function memory(pids) {
  let kilobytes = 0
  for (const pid of pids) {
    const rollup = read(`/proc/${pid}/smaps_rollup`) ?? ''
    kilobytes += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0)
  }
  return kilobytes * 1024
}

function tasksOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function read(path) {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}
