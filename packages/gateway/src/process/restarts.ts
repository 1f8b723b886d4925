// How often workers were started in place of others, and how long the next start waits.
import type { Clock, MonotonicMs } from '../core/index.ts'
import { recentCrashes, restartDelay } from './restart-delay.ts'

/** A worker that ends sooner than this, in milliseconds, after it was ready counts as crashed at start. */
const settledAfterMs = 1000

export class Restarts {
  /** How many there were. */
  count = 0
  readonly #clock: Clock
  #crashes: MonotonicMs[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A worker has failed that was ready at this time. */
  failed(readyAt: MonotonicMs): void {
    const now = this.#clock.now()
    if (now - readyAt < settledAfterMs) this.#crashes = [...recentCrashes(this.#crashes, now), now]
  }

  /** Other code is started from now on. */
  forget(): void {
    this.#crashes = []
  }

  /** Calls `start` when the next one may be started: at once, unless workers keep crashing as they start. */
  schedule(start: () => void): void {
    const delay = restartDelay(this.#crashes, this.#clock.now())
    if (delay === 0) start()
    else this.#clock.setTimeout(start, delay)
  }
}
