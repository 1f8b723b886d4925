// Old workers that have moved all that they had stay for a while: when one of those that have their place fails, they serve
// again. docs/decisions/0059.
import type { Logger } from 'pino'
import type { Clock } from '../core/index.ts'
import { whyBad } from './trial.ts'
import type { WorkerLink } from './worker-link.ts'

export interface WayBackDeps {
  /** Whether the worker may get its place again: it is there, and was not told to end, nor drains after a fault. */
  pool: { mayReturn: (worker: WorkerLink) => boolean }
  /** The worker gets connections again. */
  attach: (worker: WorkerLink) => Promise<void>
  /** Milliseconds for which old workers stay that have nothing left. */
  settle: () => number
  log: Pick<Logger, 'warn'>
  clock: Clock
}

export class WayBack {
  readonly #deps: WayBackDeps
  readonly #newer: readonly WorkerLink[]
  readonly #old: readonly WorkerLink[]
  #fault: string | undefined
  #tell: () => void = () => {}
  /** Resolves when a new worker has failed. */
  readonly #failed: Promise<void>
  #undone: Promise<void> | undefined
  /** Old ones that were told to leave. */
  readonly #leaving = new Set<WorkerLink>()

  constructor(newer: readonly WorkerLink[], old: readonly WorkerLink[], deps: WayBackDeps) {
    this.#newer = newer
    this.#old = old
    this.#deps = deps
    this.#failed = new Promise((resolve) => {
      this.#tell = resolve
    })
  }

  /** What a new worker did first, in words. */
  get fault(): string | undefined {
    return this.#fault
  }

  /** Resolves when the old ones serve again, and the others have moved back what they had. Undefined: there is no need. */
  get undone(): Promise<void> | undefined {
    return this.#undone
  }

  /** Whether it is one of the old ones. */
  keeps(worker: WorkerLink): boolean {
    return this.#old.includes(worker)
  }

  /** Whether it is one of the new ones: it has ended or has a fault. At the first of them the upgrade is undone. */
  fails(worker: WorkerLink, undo: (wayBack: WayBack) => Promise<void>): boolean {
    if (!this.#newer.includes(worker)) return false
    this.#fault ??= whyBad([worker])
    this.#tell()
    this.#undone ??= undo(this)
    return true
  }

  /** Has the old workers serve again; the result is those that do: they have not begun to drain. */
  async takeBack(): Promise<WorkerLink[]> {
    const { attach, pool, log } = this.#deps
    const asked = this.#old.map(async (worker) => {
      try {
        if (!pool.mayReturn(worker)) throw new Error('it has ended, or ends')
        if (this.#leaving.has(worker)) await worker.ask('return', {})
        await attach(worker)
        return [worker]
      } catch (error) {
        log.warn({ worker: worker.id, error: (error as Error).message }, 'an old worker cannot serve again')
        return []
      }
    })
    return (await Promise.all(asked)).flat()
  }

  /** An old worker shall leave. Resolves to whether it has its place again instead: a new one has failed before. Else it leaves now. */
  async spares(worker: WorkerLink): Promise<boolean> {
    await this.#undone
    if (worker.state === 'ready') return true
    this.#leaving.add(worker)
    return false
  }

  /** An old worker has nothing left. Resolves when it has been there for long enough: whether it has its place again. */
  async returns(worker: WorkerLink): Promise<boolean> {
    const { clock, settle } = this.#deps
    let timer: unknown
    const settled = new Promise<void>((resolve) => {
      timer = clock.setTimeout(resolve, settle())
    })
    await Promise.race([this.#failed, settled, worker.gone])
    clock.clearTimeout(timer)
    await this.#undone
    return worker.state === 'ready'
  }

  /** Nobody asks it to return any more: for how many it carries something. One of earlier code has said so `before`. */
  rest(worker: WorkerLink, before: number | undefined): Promise<number | undefined> {
    return worker.ask('rest', {}).then(
      ({ carried }) => carried,
      () => before,
    )
  }
}
