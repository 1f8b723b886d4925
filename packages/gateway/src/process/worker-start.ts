// A worker that was told with what to serve, until it is ready or cannot be.
import { type Clock, GatewayError } from '../core/index.ts'
import { timeoutUnlessStopped } from './timeout-unless-stopped.ts'

export class WorkerStart {
  /** Resolves when the worker is ready; rejects when it ends before. */
  readonly isOver: Promise<void>
  readonly #cancel: () => void
  #resolve!: () => void
  #reject!: (error: GatewayError) => void

  /** `onLate` is called when it is not ready in time. */
  constructor(withinMs: number, onLate: () => void, clock: Clock) {
    this.#cancel = timeoutUnlessStopped(clock, withinMs, onLate)
    this.isOver = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  ready(): void {
    this.#cancel()
    this.#resolve()
  }

  /** The worker has ended. Nothing follows when it was ready before. */
  failed(why: string): void {
    this.#cancel()
    this.#reject(new GatewayError('worker_failed', 'gateway', `a worker could not start: ${why}`))
  }
}

/** Why a worker of another version cannot serve under this supervisor. */
export function protocolMismatch(version: string): string {
  return `version ${version} speaks another IPC protocol than this supervisor; drain this gateway and start anew`
}
