import { readdirSync, readFileSync } from 'node:fs'
import { eventually } from './eventually.ts'

/** Bytes of memory that a process holds (VmRSS); 0 when it is gone. */
export function rssOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1]
  return Number(kilobytes ?? 0) * 1024
}

/** The pids of the live children of a process. */
export function childrenOf(pid: number): number[] {
  const numeric = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return numeric.map(Number).filter((candidate) => {
    // The name in brackets may hold anything; state and parent come after its last bracket.
    const stat = read(`/proc/${candidate}/stat`)
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(parent) === pid && state !== 'Z'
  })
}

/** Whether the process exists and is no zombie. */
export function isAlive(pid: number): boolean {
  const state = /^State:\s+(\S)/m.exec(read(`/proc/${pid}/status`))?.[1]
  return state !== undefined && state !== 'Z'
}

/** Open file descriptors of a process; 0 when it is gone. */
export function descriptorsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return 0
  }
}

/** Resolves when none of the processes is alive. */
export async function gone(pids: readonly number[], limit?: number): Promise<void> {
  const left = () => pids.filter(isAlive)
  await eventually(`the end of processes ${pids.join(', ')}`, () => left().length === 0, {
    limit,
    detail: left,
  })
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // The process ended in between.
    return ''
  }
}
