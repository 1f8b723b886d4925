// Workers that only carry what cannot move (worker/carrier.ts), and how many of them there may be, how old, and how big: past
// that the connections of the oldest are told to come back, to a worker that has the keys of TLS in its own process.
import type { Logger } from 'pino'
import type { CarrierInfo, Clock, PlannedDrain, UpgradeOptions } from '../core/index.ts'
import type { WorkerLink } from './worker-link.ts'
import type { WorkerPool } from './worker-pool.ts'

/** Milliseconds between two looks at the limits, while there are carriers. */
const lookEveryMs = 1000
/** Milliseconds that a carrier may take to end when its connections have been drained. */
const endWithinMs = 5000

const tooMuchMemory = 'carriers use more memory than upgrade.memory allows'

export interface CarriersDeps {
  pool: Pick<WorkerPool, 'carriers' | 'stopWorkers'>
  /** Who has the connections. */
  workers: () => Pick<WorkerPool, 'askAtRest' | 'newDrain'>
  options: () => Pick<UpgradeOptions, 'carry' | 'carriers' | 'memory'>
  /** Milliseconds that a drain may take. */
  drainWithinMs: () => number
  log: Logger
  clock: Clock
}

export class Carriers {
  readonly #deps: CarriersDeps
  readonly #draining = new Set<WorkerLink>()
  #timer: unknown

  constructor(deps: CarriersDeps) {
    this.#deps = deps
  }

  get infos(): CarrierInfo[] {
    return this.#deps.pool.carriers.map((worker) => ({
      id: worker.id,
      pid: worker.pid,
      generation: worker.generation,
      version: worker.version,
      node: worker.node,
      since: worker.carriesSince ?? 0,
      connections: worker.report?.process.carried ?? 0,
      memory: worker.report?.process.memory ?? 0,
      draining: this.#draining.has(worker),
    }))
  }

  /** Looks at the limits now, and from time to time while there are carriers. */
  watch(): void {
    const { pool, clock } = this.#deps
    clock.clearTimeout(this.#timer)
    for (const [worker, why] of this.#excess()) void this.#drain(worker, why)
    if (pool.carriers.length > 0) this.#timer = clock.setTimeout(() => this.watch(), lookEveryMs)
  }

  /** Drains all of them that are not drained yet: `why` says it. */
  drainAll(why: string): void {
    for (const worker of this.#deps.pool.carriers)
      if (!this.#draining.has(worker)) void this.#drain(worker, why)
  }

  stop(): void {
    this.#deps.clock.clearTimeout(this.#timer)
  }

  /**
   * Who would be over a limit if workers with so many bytes of memory carried, too, and whether these themselves would be, in words.
   * Nothing of that is done.
   */
  preview(memory: number): { drains: PlannedDrain[]; own: string | undefined } {
    const left = this.#deps.pool.carriers.filter((worker) => !this.#draining.has(worker))
    const excess = this.#excess(memory)
    const drained = new Set(excess.map(([worker]) => worker))
    const rest = memoryOf(left.filter((worker) => !drained.has(worker))) + memory
    return {
      drains: excess.map(([{ id, pid, report }, why]) => ({
        id,
        pid,
        connections: report?.process.carried ?? 0,
        why,
      })),
      own: memory > 0 && rest > this.#deps.options().memory ? tooMuchMemory : undefined,
    }
  }

  /** Those over a limit that are not drained yet. `added`: bytes of memory of workers that carry as well. Workers of one upgrade count as one generation, and go together. */
  #excess(added = 0): [WorkerLink, why: string][] {
    const { pool, options } = this.#deps
    const limits = options()
    const left = pool.carriers.filter((worker) => !this.#draining.has(worker))
    const generations = [...new Set(left.map(({ generation }) => generation))].sort((a, b) => a - b)
    const excess: [WorkerLink, string][] = []
    let memory = memoryOf(left) + added
    const count = generations.length + (added > 0 ? 1 : 0)
    generations.forEach((generation, i) => {
      const workers = left.filter((worker) => worker.generation === generation)
      const age = Math.max(...workers.map(({ carriesForMs }) => carriesForMs))
      const why =
        count - i > limits.carriers
          ? `there are more than ${limits.carriers} generations of carriers`
          : age >= limits.carry
            ? 'it has carried for as long as upgrade.carry allows'
            : memory > limits.memory
              ? tooMuchMemory
              : undefined
      if (!why) return
      memory -= memoryOf(workers)
      excess.push(...workers.map((worker): [WorkerLink, string] => [worker, why]))
    })
    return excess
  }

  async #drain(worker: WorkerLink, why: string): Promise<void> {
    const { pool, workers, drainWithinMs, log, clock } = this.#deps
    this.#draining.add(worker)
    const connections = worker.report?.process.carried
    log.warn({ worker: worker.id, pid: worker.pid, connections, why }, 'a carrier is drained')
    const ask = { scope: { carrier: worker.id }, drain: workers().newDrain() }
    await workers().askAtRest('drain', ask, drainWithinMs())
    let timer: unknown
    const late = new Promise<void>((resolve) => {
      timer = clock.setTimeout(resolve, endWithinMs)
    })
    await Promise.race([worker.gone, late])
    clock.clearTimeout(timer)
    if (worker.state !== 'gone') await pool.stopWorkers([worker], endWithinMs)
    this.#draining.delete(worker)
  }
}

function memoryOf(workers: readonly WorkerLink[]): number {
  return workers.reduce((sum, { report }) => sum + (report?.process.memory ?? 0), 0)
}
