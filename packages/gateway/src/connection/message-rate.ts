// How many messages a client may begin in a second, and what it has saved while it was silent.
import type { Clock, MonotonicMs } from '../core/index.ts'

export class MessageRate {
  readonly #perSecond: number
  readonly #savesMs: number
  readonly #clock: Clock
  /** Messages that may begin now. */
  #allowance: number
  #at: MonotonicMs

  /** `savesMs`: for how many milliseconds of silence it may make up at once; a second at least. */
  constructor(perSecond: number, savesMs: number, clock: Clock) {
    this.#perSecond = perSecond
    this.#savesMs = savesMs
    this.#clock = clock
    this.#allowance = perSecond
    this.#at = clock.now()
  }

  /** A message begins. False: that is one too many. */
  take(): boolean {
    const now = this.#clock.now()
    const saved = (Math.max(1000, this.#savesMs) * this.#perSecond) / 1000
    const most = Math.max(saved, this.#allowance)
    this.#allowance = Math.min(most, this.#allowance + ((now - this.#at) * this.#perSecond) / 1000)
    this.#at = now
    if (this.#allowance < 1) return false
    this.#allowance--
    return true
  }

  /** Lets as many begin at once as may in so many milliseconds. */
  allow(ms: number): void {
    this.#allowance += (ms * this.#perSecond) / 1000
  }
}
