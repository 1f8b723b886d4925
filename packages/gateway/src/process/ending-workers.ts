// The workers that nobody replaces when they end: they were told to, or drain after a fault.
import type { Clock } from '../core/index.ts'
import type { WorkerLink } from './worker-link.ts'

export class EndingWorkers {
  readonly #clock: Clock
  readonly #all = new WeakSet<WorkerLink>()
  readonly #inOrder = new WeakSet<WorkerLink>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  has(worker: WorkerLink): boolean {
    return this.#all.has(worker)
  }

  /** Whether it was told to end, and not because of a fault. */
  isInOrder(worker: WorkerLink): boolean {
    return this.#inOrder.has(worker)
  }

  /** It drains after a fault. */
  addFaulty(worker: WorkerLink): void {
    this.#all.add(worker)
  }

  /** It was told to end, or does so by itself when it has nothing left. */
  add(worker: WorkerLink): void {
    this.#all.add(worker)
    this.#inOrder.add(worker)
  }

  /** Tells them to end, and kills those that have not after so many milliseconds. Resolves when they are gone. */
  async stop(workers: readonly WorkerLink[], withinMs: number): Promise<void> {
    for (const worker of workers) {
      this.add(worker)
      worker.send({ type: 'stop' })
    }
    const kill = () => {
      for (const worker of workers) worker.kill()
    }
    const killer = this.#clock.setTimeout(kill, withinMs)
    await Promise.all(workers.map(({ gone }) => gone))
    this.#clock.clearTimeout(killer)
  }
}
