// When the gateway, a route or an upstream must go: each connection gets its Close at its own time, with its own
// delay, so that the clients come back at a flat rate instead of all at once.
import type { Clock, DrainInfo, DrainOptions } from '../core/index.ts'
import type { Connection, Connections } from './connections.ts'

/** When a drained connection is closed, and when its client is told to come back. */
export interface DrainSlot {
  /** Milliseconds after the start at which the Close is sent. */
  at: number
  /** Milliseconds that the client is told to wait. */
  retry: number
}

/**
 * One slot for each of `count` connections, in order of time. Slot i lies in the i-th part of `spread` and its delay
 * in the i-th part of `retry`, so that the times of return, at + retry, are spread evenly too: over
 * spread + (greatest - least) milliseconds. Two independent draws would pile up in the middle.
 */
export function drainSlots(count: number, options: DrainOptions, random: () => number): DrainSlot[] {
  const [least, greatest] = options.retry
  return Array.from({ length: count }, (_, i) => ({
    at: Math.floor(((i + random()) / count) * options.spread),
    retry: Math.round(least + ((i + random()) / count) * (greatest - least)),
  }))
}

export interface DrainDeps {
  connections: Connections
  clock: Clock
  random: () => number
  onProgress: (info: DrainInfo) => void
  /** Tells a connection to go; what it then gets is up to the caller. */
  close: (connection: Connection, retry: number, closeTimeout: number) => void
}

/** Drains the given connections; resolves when none of them is left, at the latest at the deadline. */
export function drain(
  scope: string,
  chosen: Connection[],
  options: DrainOptions,
  { connections, clock, random, onProgress, close }: DrainDeps,
): Promise<DrainInfo> {
  const slots = drainSlots(chosen.length, options, random)
  const queue = shuffled(chosen, random)
  const left = new Set(chosen)
  for (const connection of chosen) connection.drained = true
  const info: DrainInfo = { scope, total: chosen.length, closed: 0, moved: 0, cut: 0, done: false }
  const start = clock.now()
  let nextSlot = 0
  let timer: unknown

  return new Promise((resolve) => {
    const stopWatching = connections.watch((connection, how) => {
      if (!left.delete(connection)) return
      if (how === 'gone') info.closed++
      else {
        info.moved++
        connection.drained = undefined
      }
      finishWhenEmpty()
    })
    const deadline = clock.setTimeout(() => {
      info.cut = left.size
      const rest = [...left]
      left.clear()
      for (const connection of rest) connection.pipe.cut()
      finishWhenEmpty()
    }, options.deadline)

    function closeDue(): void {
      const now = clock.now() - start
      for (; nextSlot < slots.length && slots[nextSlot]!.at <= now; nextSlot++) {
        const connection = queue[nextSlot]!
        if (!left.has(connection)) continue
        const remaining = Math.max(0, options.deadline - now)
        // One that never answers is cut by the deadline, and counted, not by a time-out of its own.
        close(connection, slots[nextSlot]!.retry, remaining + 1000)
      }
      onProgress({ ...info })
      if (nextSlot < slots.length) timer = clock.setTimeout(closeDue, Math.max(1, slots[nextSlot]!.at - now))
    }

    function finishWhenEmpty(): void {
      if (left.size > 0 || info.done) return
      info.done = true
      stopWatching()
      clock.clearTimeout(deadline)
      clock.clearTimeout(timer)
      onProgress({ ...info })
      resolve({ ...info })
    }

    closeDue()
    finishWhenEmpty()
  })
}

function shuffled<T>(items: T[], random: () => number): T[] {
  const result = [...items]
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[result[i], result[j]] = [result[j]!, result[i]!]
  }
  return result
}
