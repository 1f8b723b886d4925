// What a worker's process uses: memory, processor, and how late its event loop is.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { ProcessInfo } from '../core/index.ts'

export class ProcessUsage {
  readonly #loop = monitorLoop()

  /** The delay is that since the last call. */
  measure(): Pick<ProcessInfo, 'memory' | 'processor' | 'delay'> {
    const { user, system } = process.cpuUsage()
    const delay = this.#loop ? this.#loop.percentile(99) / 1e6 : 0
    this.#loop?.reset()
    return { memory: process.memoryUsage.rss(), processor: (user + system) / 1e6, delay }
  }

  stop(): void {
    this.#loop?.disable()
  }
}

/** Undefined where the runtime cannot measure it. */
function monitorLoop(): ReturnType<typeof monitorEventLoopDelay> | undefined {
  try {
    const loop = monitorEventLoopDelay({ resolution: 20 })
    loop.enable()
    return loop
  } catch {
    return undefined
  }
}
